//! A transformer in words.

use std::fmt;

use super::{Genome, LayerGenes};
use crate::shape::HeadKind;

impl Genome {
    /// The transformer in words, equal layers together: `4 layers: 3 x [512 wide, 8 sa_sdp + 4 c_5, 1024 2048], ..`.
    #[must_use]
    pub fn describe(&self) -> String {
        let groups: Vec<String> = self
            .layers()
            .chunk_by(PartialEq::eq)
            .map(|alike| match alike {
                [one] => one.to_string(),
                [one, ..] => format!("{} x {one}", alike.len()),
                [] => String::new(),
            })
            .collect();
        format!("{} layers: {}", self.len(), groups.join(", "))
    }
}

impl fmt::Display for LayerGenes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} wide, ", self.hidden())?;
        let counts = HeadKind::ALL.into_iter().zip(self.heads.counts());
        let mut between = "";
        for (kind, count) in counts.filter(|(_, count)| *count > 0) {
            write!(f, "{between}{count} {}", kind.name())?;
            between = " + ";
        }
        between = ", ";
        for width in self.stack.widths() {
            write!(f, "{between}{width}")?;
            between = " ";
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scenarios::transformer::Transformer;

    #[test]
    fn equal_layers_are_described_together() {
        let tiny = Genome::of_transformer(&Transformer::shipped("bert-tiny").unwrap()).unwrap();
        assert_eq!(tiny.describe(), "2 layers: 2 x [128 wide, 2 sa_sdp, 512]");
        let mut other = tiny;
        other.layers_mut()[1].stack = other.layers()[1].stack.resized(2);
        assert_eq!(
            other.describe(),
            "2 layers: [128 wide, 2 sa_sdp, 512], [128 wide, 2 sa_sdp, 512 512]"
        );
    }
}
