//! The text of an imported scenario: every value is stated, with its origin in a comment.

use std::fmt::{Display, Write as _};
use std::ops::Range;

use scenarios::transformer::{Head, Layer, Transformer};

use super::design::{Design, Setting};

/// The widest line of a list of heads.
const WIDTH: usize = 110;

/// Where AccelTran keeps values that its configurations do not state.
const CONSTANTS: &str = "constants.yaml of AccelTran";
/// The origin of values that AccelTran does not have.
const DEFAULT: &str = "default";
/// Requests in flight that saturate 256 GB/s at a latency of 250 ns.
const MANY_REQUESTS: u32 = 1024;

/// A scenario under construction.
#[derive(Debug, Default)]
pub(super) struct ScenarioText {
    pub(super) text: String,
    /// Lines, from 0, and the places of the settings they come from, in characters of the configuration.
    pub(super) origins: Vec<(usize, Range<usize>)>,
    /// The lines that come from the dictionary.
    pub(super) transformer: Range<usize>,
}

impl ScenarioText {
    /// The scenario of `design` and `transformer`, called `name`, below the comment `heading`.
    pub(super) fn new(name: &str, heading: &[String], design: &Design, transformer: &Transformer) -> Self {
        let mut this = Self::default();
        for line in heading {
            // A line break in the name of a file would end the comment.
            let line: String = line.chars().filter(|letter| !letter.is_control()).collect();
            this.line(0, format!("// {line}").trim_end());
        }
        this.line(0, "(");
        let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
        this.line(1, &format!("name: {name:?},"));
        this.workload(design, transformer);
        this.accelerator(design);
        this.setting(
            1,
            "memory",
            format!("Preset({:?})", design.memory.value),
            &design.memory,
        );
        this.field(1, "costs", "Preset(\"14nm\")", CONSTANTS);
        this.line(1, "sparsity: (");
        this.field(
            2,
            "source",
            "Uniform",
            "the same density everywhere, as in AccelTran",
        );
        this.field(2, "activation_density", 0.5, CONSTANTS);
        this.field(2, "weight_density", 0.5, CONSTANTS);
        this.field(2, "dynaprop", true, "always in AccelTran");
        this.line(1, "),");
        this.field(1, "scheduling", "(policy: StaggeredHeads)", DEFAULT);
        this.field(1, "seed", 1, DEFAULT);
        this.line(0, ")");
        this
    }

    fn workload(&mut self, design: &Design, transformer: &Transformer) {
        self.line(1, "workload: (");
        let first = self.lines();
        self.line(2, "transformer: Inline(layers: [");
        for layer in &transformer.layers {
            self.layer(layer);
        }
        self.line(2, "]),");
        self.transformer = first..self.lines();
        self.setting(2, "batch", design.batch_size.value, &design.batch_size);
        // A problem of too many tokens points to the number of sequences.
        self.origins.push((self.lines(), design.batch_size.span.clone()));
        self.field(2, "sequence_length", 128, "fixed in AccelTran");
        self.field(2, "batches", 1, DEFAULT);
        self.field(2, "vocabulary", 30_522, "fixed in AccelTran");
        self.field(2, "phase", "Inference", "AccelTran's forward pass");
        let function = &design.non_linearity;
        self.setting(2, "activation_function", function.value, function);
        let embedding = "AccelTran has WholeTable, for which the weight buffer must be large enough";
        self.field(2, "embedding", "Gather", embedding);
        self.line(1, "),");
    }

    fn layer(&mut self, layer: &Layer) {
        self.line(3, &format!("(hidden: {}, heads: [", layer.hidden));
        let mut heads = String::new();
        for head in &layer.heads {
            let word = head_text(*head) + ",";
            if !heads.is_empty() && heads.len() + word.len() + 17 > WIDTH {
                self.line(4, &std::mem::take(&mut heads));
            }
            let space = if heads.is_empty() { "" } else { " " };
            heads = heads + space + &word;
        }
        self.line(4, &heads);
        self.line(3, &format!("], feed_forward: {:?}),", layer.feed_forward));
    }

    fn accelerator(&mut self, design: &Design) {
        self.line(1, "accelerator: (");
        self.field(2, "clock_mhz", 700, CONSTANTS);
        self.setting(2, "processing_elements", design.pe.value, &design.pe);
        self.setting(2, "lanes_per_pe", design.lanes_per_pe.value, &design.lanes_per_pe);
        self.setting(
            2,
            "multipliers_per_lane",
            design.mac_per_lane.value,
            &design.mac_per_lane,
        );
        self.setting(
            2,
            "softmax_per_pe",
            design.softmax_per_pe.value,
            &design.softmax_per_pe,
        );
        // Where problems of the tile as a whole point to.
        self.origins.push((self.lines(), design.tile_x.span.clone()));
        self.line(2, "tile: (");
        self.setting(3, "b", design.tile_b.value, &design.tile_b);
        self.setting(3, "x", design.tile_x.value, &design.tile_x);
        self.setting(3, "y", design.tile_y.value, &design.tile_y);
        self.line(2, "),");
        self.line(2, "buffers: (");
        for (field, setting) in [
            ("activation_mb", &design.activation_buffer_size),
            ("weight_mb", &design.weight_buffer_size),
            ("mask_mb", &design.mask_buffer_size),
        ] {
            self.setting(3, field, setting.value, setting);
        }
        self.line(2, "),");
        self.field(2, "word", "(integer_bits: 4, fraction_bits: 16)", CONSTANTS);
        let order = &design.loop_unrolling;
        self.setting(2, "loop_order", format!("\"{order}\""), order);
        self.field(2, "mapping", "(blocks: Auto, order: Auto, by_role: ())", DEFAULT);
        self.field(2, "operand_fifo_tiles", 2, DEFAULT);
        self.field(2, "operand_bus_bytes", "None", DEFAULT);
        self.field(2, "operand_broadcast", "(rows: 1, columns: 1)", DEFAULT);
        let unlimited = "(banks: None, width_bits: None)";
        let buffers = format!("(activation: {unlimited}, weight: {unlimited}, mask: {unlimited})");
        self.field(2, "buffer_bandwidth", buffers, DEFAULT);
        let stages = "(dynaprop_cycles: 1, pre_compute_cycles: 1, post_compute_cycles: 1)";
        self.field(2, "stages", stages, DEFAULT);
        match design.memory.value {
            "rram-m3d" | "hbm2" => {
                let requests = format!("(outstanding_requests: {MANY_REQUESTS})");
                self.field(2, "dma", requests, "as many as fill 256 GB/s at 250 ns");
            }
            _ => self.field(2, "dma", "(outstanding_requests: 256)", DEFAULT),
        }
        self.field(2, "prefetch_operations", 256, DEFAULT);
        self.field(2, "power_gating", false, DEFAULT);
        self.line(1, "),");
    }

    /// A field that comes from a setting.
    fn setting<T>(&mut self, depth: usize, name: &str, value: impl Display, setting: &Setting<T>) {
        self.origins.push((self.lines(), setting.span.clone()));
        self.field(depth, name, value, &format!("`{}`", setting.path));
    }

    fn field(&mut self, depth: usize, name: &str, value: impl Display, origin: &str) {
        self.line(depth, &format!("{name}: {value}, // {origin}"));
    }

    fn line(&mut self, depth: usize, line: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{:1$}{line}", "", depth * 4);
    }

    fn lines(&self) -> usize {
        self.text.bytes().filter(|&byte| byte == b'\n').count()
    }
}

fn head_text(head: Head) -> String {
    match head {
        Head::Attention { kind, dimension } => format!("Attention(kind: {kind:?}, dimension: {dimension})"),
        Head::LinearTransform { kind, dimension } => {
            format!("LinearTransform(kind: {kind:?}, dimension: {dimension})")
        }
        Head::Convolution { kernel, dimension } => {
            format!("Convolution(kernel: {kernel}, dimension: {dimension})")
        }
    }
}
