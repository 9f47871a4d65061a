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

    /// Whether the sizes of `accelerator`, whose lanes compute `function`, are in the table or near it, and cost something.
    pub(crate) fn check_sizes(
        &self,
        accelerator: &Accelerator,
        function: ActivationFunction,
        checks: &mut Checks,
    ) {
        checks.within("accelerator", |checks| {
            checks.within("multipliers_per_lane", |checks| {
                let size = accelerator.multipliers_per_lane;
                let lanes = Tabulated {
                    what: format!("a lane of {size} multipliers"),
                    costs: self
                        .mac_lane
                        .iter()
                        .filter(|lane| lane.activation_function == function)
                        .map(|lane| (lane.multipliers, lane.cost))
                        .collect(),
                    power: 1,
                };
                let scaled = self.lane_cost(size, function);
                lanes.check(f64::from(size), &scaled, checks);
            });
            checks.within("tile", |checks| self.check_tile(accelerator, checks));
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

    fn check_tile(&self, accelerator: &Accelerator, checks: &mut Checks) {
        let tile = accelerator.tile.shape();
        let of = |name: &str, table: &[TileModuleCost]| Tabulated {
            what: format!("{name} of {}x{} tiles", tile.x, tile.y),
            costs: table.iter().map(|module| (module.tile, module.cost)).collect(),
            power: 2,
        };
        let modules = [
            ("softmax", &self.softmax, self.softmax_cost(tile)),
            ("layer norm", &self.layer_norm, self.layer_norm_cost(tile)),
        ];
        let [softmax, layer_norm] = [&self.softmax, &self.layer_norm].map(|table| of("", table).sizes());
        if softmax == layer_norm {
            // One message says what holds for both.
            let both = of("softmax and layer norm", &self.softmax);
            if both.check_size(elements(tile), checks) {
                for (name, table, scaled) in &modules {
                    of(name, table).check_scaled(elements(tile), scaled, checks);
                }
            }
        } else {
            for (name, table, scaled) in &modules {
                of(name, table).check(elements(tile), scaled, checks);
            }
        }
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
                let others = self.mac_lane[..index].iter();
                let others = others.filter(|other| other.activation_function == lane.activation_function);
                let what = |multipliers: u32| {
                    format!(
                        "a MAC lane of {multipliers} multipliers with {:?}",
                        lane.activation_function
                    )
                };
                let others = others.map(|other| (other.multipliers, &other.cost));
                check_among(others, (lane.multipliers, &lane.cost), what, checks);
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

/// The costs of modules that differ in size.
struct Tabulated {
    /// The module that is asked for.
    what: String,
    costs: Vec<(u32, ModuleCost)>,
    /// 2 if a size is the side of a square, else 1.
    power: i32,
}

impl Tabulated {
    fn check(&self, size: f64, scaled: &ModuleCost, checks: &mut Checks) {
        if self.check_size(size, checks) {
            self.check_scaled(size, scaled, checks);
        }
    }

    /// The sizes, in order.
    fn sizes(&self) -> Vec<u32> {
        let mut sizes: Vec<u32> = self.costs.iter().map(|(size, _)| *size).collect();
        sizes.sort_unstable();
        sizes
    }

    fn is_tabulated(&self, size: f64) -> bool {
        let mut sizes = self.costs.iter();
        sizes.any(|&(known, _)| f64::from(known).powi(self.power) == size)
    }

    /// Whether `size` is tabulated, or near enough to scale, which is said.
    fn check_size(&self, size: f64, checks: &mut Checks) -> bool {
        let tabulated = self.sizes();
        if self.is_tabulated(size) {
            return true;
        }
        let sizes = || tabulated.iter().map(|&size| f64::from(size).powi(self.power));
        let low = sizes().fold(f64::INFINITY, f64::min) / MAX_SCALING;
        let high = sizes().fold(0.0, f64::max) * MAX_SCALING;
        let side = if self.power == 2 {
            " (rows of a square tile)"
        } else {
            ""
        };
        let listed: Vec<String> = tabulated.iter().map(u32::to_string).collect();
        let listed = match listed.as_slice() {
            [only] => format!("tabulated is {only}{side} alone"),
            all => format!("tabulated are {}{side}", all.join(", ")),
        };
        let what = &self.what;
        if !(low..=high).contains(&size) {
            checks.wrong(
                format!("{what}: the cost is not known"),
                format!(
                    "{listed}, and costs are scaled by a factor of {MAX_SCALING} beyond; a cost table of your own, \
                     `costs: File(\"..\")`, can hold others"
                ),
            );
            return false;
        }
        let way = match tabulated.len() {
            1 => "area, power and energy of other sizes are taken in proportion to it",
            _ => "area, power and energy of other sizes are estimates",
        };
        checks.warn(format!("{what}: the cost is scaled"), format!("{listed}; {way}"));
        true
    }

    /// Whether nothing has become free by scaling: a cost is 0 only if the table says so of all sizes or of this one.
    fn check_scaled(&self, size: f64, scaled: &ModuleCost, checks: &mut Checks) {
        type Part = fn(&ModuleCost) -> f64;
        let parts: [(&str, Part); 3] = [
            ("area_um2", |cost| cost.area_um2),
            ("dynamic_mw", |cost| cost.dynamic_mw),
            ("leakage_mw", |cost| cost.leakage_mw),
        ];
        if self.is_tabulated(size) {
            return;
        }
        for (field, of) in parts {
            let costs_something = self.costs.iter().any(|(_, cost)| of(cost) > 0.0);
            if costs_something && of(scaled) <= 0.0 {
                checks.wrong(
                    format!("{}: the cost table gives a `{field}` of {:.3}", self.what, of(scaled)),
                    "the line through the two nearest sizes falls to 0 there: tabulate this size in a cost table of your own",
                );
            }
        }
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
            let others = table[..index].iter().map(|other| (other.tile, &other.cost));
            let what = |side: u32| format!("a module for tiles of {side}x{side}");
            check_among(others, (module.tile, &module.cost), what, checks);
        });
    }
}

/// Whether a size is tabulated once, and none takes less area than a smaller one, among those that stand before it.
fn check_among<'a>(
    others: impl Iterator<Item = (u32, &'a ModuleCost)>,
    (size, cost): (u32, &ModuleCost),
    what: impl Fn(u32) -> String,
    checks: &mut Checks,
) {
    for (other, of_other) in others {
        if other == size {
            checks.wrong(
                format!("{} is tabulated twice", what(size)),
                "state each size once: two costs of one size say nothing of other sizes",
            );
            return;
        }
        let ((small, least), (large, most)) = if other < size {
            ((other, of_other.area_um2), (size, cost.area_um2))
        } else {
            ((size, cost.area_um2), (other, of_other.area_um2))
        };
        if most < least {
            checks.wrong(
                format!("{} takes less area than {}", what(large), what(small)),
                "correct `area_um2`: a larger module takes at least the area of a smaller one",
            );
            return;
        }
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

#[cfg(test)]
mod tests;
