//! Checks a cost table, and whether it covers the sizes of an accelerator.

use super::scaling::elements;
use super::{BufferCost, CostTable, MAX_SCALING, ModuleCost, TileModuleCost};
use crate::schema::{Accelerator, ActivationFunction, Checks, Number};

/// The largest cost of any kind: a field in the wrong unit is far beyond it.
const MAX_COST: f64 = 1e12;

impl CostTable {
    /// Records impossible values.
    pub(crate) fn check(&self, checks: &mut Checks) {
        checks.within("clock_mhz", |checks| positive(self.clock_mhz, checks));
        checks.within("block_bytes", |checks| positive(self.block_bytes.into(), checks));
        checks.within("word_bits", |checks| positive(self.word_bits.into(), checks));
        checks.within("mac_lane", |checks| self.check_lanes(checks));
        for (field, table) in [("softmax", &self.softmax), ("layer_norm", &self.layer_norm)] {
            checks.within(field, |checks| check_tiles(table, checks));
        }
        for (field, cost) in self.modules() {
            checks.within(field, |checks| check_module(cost, checks));
        }
        for (field, cost) in self.buffers() {
            checks.within(field, |checks| check_buffer(cost, checks));
        }
        checks.within("main_memory_access_nj", |checks| {
            for (memory, &energy) in &self.main_memory_access_nj {
                checks.within(memory, |checks| not_negative(energy, checks));
            }
        });
        if let Some(bandwidth) = &self.published_bandwidth {
            checks.within("published_bandwidth", |checks| bandwidth.check(checks));
        }
        self.check_sources(checks);
    }

    /// Whether the sizes of `accelerator` are in the table or near it.
    pub(crate) fn check_sizes(&self, accelerator: &Accelerator, checks: &mut Checks) {
        let lanes = self.mac_lane.iter();
        let sizes: Vec<u32> = lanes.map(|lane| lane.multipliers).collect();
        checks.within("accelerator", |checks| {
            checks.within("multipliers_per_lane", |checks| {
                let size = accelerator.multipliers_per_lane;
                near(
                    f64::from(size),
                    &sizes,
                    1,
                    &format!("a lane of {size} multipliers"),
                    checks,
                );
            });
            checks.within("tile", |checks| {
                let sizes: Vec<u32> = self.softmax.iter().map(|module| module.tile).collect();
                let what = format!(
                    "softmax and layer norm of {}x{} tiles",
                    accelerator.tile.x, accelerator.tile.y
                );
                near(elements(accelerator.tile.shape()), &sizes, 2, &what, checks);
            });
            checks.within("word", |checks| {
                let (bits, tabulated) = (accelerator.word.bits(), self.word_bits);
                if bits != tabulated {
                    checks.warn(
                        format!("the cost table holds for words of {tabulated} bits, not {bits}"),
                        "area and power of the modules are taken as they stand, and are not scaled",
                    );
                }
            });
        });
    }

    fn check_lanes(&self, checks: &mut Checks) {
        for function in [ActivationFunction::Gelu, ActivationFunction::Relu] {
            if !self
                .mac_lane
                .iter()
                .any(|lane| lane.activation_function == function)
            {
                checks.wrong(
                    format!("no MAC lane with {function:?} is tabulated"),
                    "each non-linearity needs one",
                );
            }
        }
        for (index, lane) in self.mac_lane.iter().enumerate() {
            checks.element(index, |checks| {
                checks.within("multipliers", |checks| positive(lane.multipliers.into(), checks));
                checks.within("cost", |checks| check_module(&lane.cost, checks));
            });
        }
    }

    fn check_sources(&self, checks: &mut Checks) {
        let fields = ["mac_lane", "softmax", "layer_norm", "main_memory_access_nj"];
        let modules = self.modules().map(|(field, _)| field);
        let buffers = self.buffers().map(|(field, _)| field);
        let bandwidth = self.published_bandwidth.map(|_| "published_bandwidth");
        checks.within("sources", |checks| {
            for field in fields.into_iter().chain(modules).chain(buffers).chain(bandwidth) {
                if self
                    .sources
                    .get(field)
                    .is_none_or(|source| source.trim().is_empty())
                {
                    checks.wrong(
                        format!("`{field}` has no source"),
                        "say where the numbers come from",
                    );
                }
            }
        });
    }

    fn buffers(&self) -> [(&'static str, &BufferCost); 3] {
        [
            ("activation_buffer", &self.activation_buffer),
            ("weight_buffer", &self.weight_buffer),
            ("mask_buffer", &self.mask_buffer),
        ]
    }
}

/// Whether a size is one of `tabulated` (to the power of `power`), or near enough to scale.
fn near(size: f64, tabulated: &[u32], power: i32, what: &str, checks: &mut Checks) {
    let sizes = || tabulated.iter().map(|&size| f64::from(size).powi(power));
    if sizes().any(|known| known == size) {
        return;
    }
    let low = sizes().fold(f64::INFINITY, f64::min) / MAX_SCALING;
    let high = sizes().fold(0.0, f64::max) * MAX_SCALING;
    let mut tabulated: Vec<String> = tabulated.iter().map(u32::to_string).collect();
    tabulated.dedup();
    let tabulated = tabulated.join(", ");
    let side = if power == 2 {
        " (rows of a square tile)"
    } else {
        ""
    };
    if (low..=high).contains(&size) {
        checks.warn(
            format!("{what}: the cost is scaled"),
            format!("tabulated are {tabulated}{side}; area, power and energy of other sizes are estimates"),
        );
    } else {
        checks.wrong(
            format!("{what}: the cost is not known"),
            format!(
                "tabulated are {tabulated}{side}, and costs are scaled by a factor of {MAX_SCALING} beyond; a cost table of \
                 your own, `costs: File(\"..\")`, can hold others"
            ),
        );
    }
}

fn check_tiles(table: &[TileModuleCost], checks: &mut Checks) {
    if table.is_empty() {
        checks.wrong("no size is tabulated", "at least one is needed");
    }
    for (index, module) in table.iter().enumerate() {
        checks.element(index, |checks| {
            checks.within("tile", |checks| positive(module.tile.into(), checks));
            checks.within("cost", |checks| check_module(&module.cost, checks));
        });
    }
}

fn check_module(cost: &ModuleCost, checks: &mut Checks) {
    checks.within("area_um2", |checks| not_negative(cost.area_um2, checks));
    checks.within("dynamic_mw", |checks| not_negative(cost.dynamic_mw, checks));
    checks.within("leakage_mw", |checks| not_negative(cost.leakage_mw, checks));
}

fn check_buffer(cost: &BufferCost, checks: &mut Checks) {
    checks.within("area_um2_per_mb", |checks| {
        not_negative(cost.area_um2_per_mb, checks)
    });
    checks.within("leakage_mw_per_mb", |checks| {
        not_negative(cost.leakage_mw_per_mb, checks)
    });
    checks.within("access_nj_at_1_mb", |checks| {
        not_negative(cost.access_nj_at_1_mb, checks)
    });
}

pub(super) fn positive(value: f64, checks: &mut Checks) {
    if !(value > 0.0 && value <= MAX_COST) {
        impossible(value, "above 0", checks);
    }
}

fn not_negative(value: f64, checks: &mut Checks) {
    if !(0.0..=MAX_COST).contains(&value) {
        impossible(value, "from 0", checks);
    }
}

fn impossible(value: f64, from: &str, checks: &mut Checks) {
    let field = checks.path().rsplit('.').next().unwrap_or_default().to_owned();
    checks.wrong(
        format!("`{field}` cannot be {}", Number::Real(value)),
        format!("a number {from} and at most {MAX_COST:e} is accepted"),
    );
}
