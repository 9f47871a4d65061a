//! From the name of a tensor to the operations that use it.

use components::sparsity::threshold::OperationClass;

/// Parts of names, by class; the first one found in a name decides. They come from the models of Hugging Face (BERT, GPT,
/// LLaMA, T5), FNet's transforms and ConvBERT's convolutions.
const PARTS: [(OperationClass, &[&str]); 4] = [
    (
        OperationClass::Convolution,
        &["conv1d", "conv_", ".conv", "convolution"],
    ),
    (
        OperationClass::LinearTransform,
        &["fourier", "linear_transform", "dft", "dct"],
    ),
    (
        OperationClass::Attention,
        &[
            "attention",
            "attn",
            "query",
            "key",
            "value",
            "q_proj",
            "k_proj",
            "v_proj",
            "o_proj",
            "softmax",
        ],
    ),
    (
        OperationClass::FeedForward,
        &[
            "feed_forward",
            "feedforward",
            "ffn",
            "mlp",
            "intermediate",
            "output.dense",
            "fc1",
            "fc2",
            "gelu",
        ],
    ),
];

/// Layer norms and biases are small, dense, and never operands of a product, wherever they occur.
const NO_OPERANDS: [&str; 5] = ["layernorm", "layer_norm", "ln_", "bias", "embedding"];

/// The class of operations that a tensor with this name belongs to.
#[must_use]
pub fn class_of(name: &str) -> OperationClass {
    let name = name.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if has(&NO_OPERANDS) {
        return OperationClass::Other;
    }
    let found = PARTS.iter().find(|(_, parts)| has(parts));
    found.map_or(OperationClass::Other, |&(class, _)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_known_models_tell_their_class() {
        for (name, class) in [
            (
                "bert.encoder.layer.0.attention.self.query.weight",
                OperationClass::Attention,
            ),
            (
                "bert.encoder.layer.0.attention.output.dense.weight",
                OperationClass::Attention,
            ),
            (
                "bert.encoder.layer.0.attention.output.LayerNorm.weight",
                OperationClass::Other,
            ),
            (
                "bert.encoder.layer.0.intermediate.dense.weight",
                OperationClass::FeedForward,
            ),
            (
                "bert.encoder.layer.0.output.dense.weight",
                OperationClass::FeedForward,
            ),
            ("bert.embeddings.word_embeddings.weight", OperationClass::Other),
            ("transformer.h.3.mlp.c_fc.weight", OperationClass::FeedForward),
            ("transformer.h.3.attn.c_attn.weight", OperationClass::Attention),
            (
                "model.layers.0.self_attn.q_proj.weight",
                OperationClass::Attention,
            ),
            (
                "encoder.layer.1.conv_kernel_layer.weight",
                OperationClass::Convolution,
            ),
            ("fourier_matrix", OperationClass::LinearTransform),
            ("tensor", OperationClass::Other),
        ] {
            assert_eq!(class_of(name), class, "{name}");
        }
    }
}
