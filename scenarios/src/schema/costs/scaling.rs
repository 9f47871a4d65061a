//! Costs of sizes that are not tabulated.

use components::tile::TileShape;

use super::{CostTable, ModuleCost, TileModuleCost};
use crate::schema::ActivationFunction;

impl CostTable {
    /// The cost of a MAC lane.
    ///
    /// Between and beyond the tabulated sizes it is a straight line through the two nearest: a lane is a fixed part
    /// (accumulator, non-linearity) and a multiplier with its share of the adder tree for each further operand. The 14 nm
    /// table bears that out: lanes with GELU and with ReLU units, synthesised apart, give the same area per multiplier
    /// (547 and 548 um^2), the same power (0.302 and 0.308 mW), and a GELU unit costs the same in both sizes.
    ///
    /// If one size alone is tabulated, cost goes in proportion to the multipliers. A line can fall to 0 or below; a scenario for
    /// which it does is refused when it is loaded.
    #[must_use]
    pub fn lane_cost(&self, multipliers: u32, activation_function: ActivationFunction) -> ModuleCost {
        let lanes = self
            .mac_lane
            .iter()
            .filter(|lane| lane.activation_function == activation_function);
        let points = lanes.map(|lane| (f64::from(lane.multipliers), lane.cost));
        scale(points.collect(), multipliers.into(), straight)
    }

    /// The cost of a softmax module for tiles of this size; the batch extent of a tile does not count, as its items
    /// pass one after the other.
    ///
    /// Between and beyond the tabulated sizes it is a power law through the two nearest, in the elements of a tile. In
    /// the 14 nm table area goes with the elements to the power of 0.98 to 1.00. If one size alone is tabulated, cost goes in
    /// proportion to the elements.
    #[must_use]
    pub fn softmax_cost(&self, tile: TileShape) -> ModuleCost {
        tile_module(&self.softmax, tile)
    }

    /// The cost of a layer-norm module for tiles of this size, by the same rule as [`Self::softmax_cost`].
    #[must_use]
    pub fn layer_norm_cost(&self, tile: TileShape) -> ModuleCost {
        tile_module(&self.layer_norm, tile)
    }
}

/// Elements of a tile that a module has to take at once.
pub(super) fn elements(tile: TileShape) -> f64 {
    f64::from(tile.x) * f64::from(tile.y)
}

fn tile_module(table: &[TileModuleCost], tile: TileShape) -> ModuleCost {
    let points = table
        .iter()
        .map(|module| (f64::from(module.tile).powi(2), module.cost));
    scale(points.collect(), elements(tile), power_law)
}

/// The cost at `size`: a tabulated one, on the curve through the two nearest, or in proportion to the only one.
fn scale(mut points: Vec<(f64, ModuleCost)>, size: f64, curve: impl Fn(Line, f64) -> f64) -> ModuleCost {
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((_, cost)) = points.iter().find(|point| point.0 == size) {
        return *cost;
    }
    let nearest = points
        .windows(2)
        .find(|pair| size < pair[1].0)
        .or_else(|| points.windows(2).last());
    let each = |at: &dyn Fn(fn(&ModuleCost) -> f64) -> f64| ModuleCost {
        area_um2: at(|cost| cost.area_um2),
        dynamic_mw: at(|cost| cost.dynamic_mw),
        leakage_mw: at(|cost| cost.leakage_mw),
    };
    match (nearest, points.as_slice()) {
        (Some([(x0, low), (x1, high)]), _) => each(&|of| curve(Line(*x0, of(low), *x1, of(high)), size)),
        (_, [(x, only)]) => each(&|of| of(only) * size / x),
        _ => ModuleCost::default(),
    }
}

/// Two points: x0, y0, x1, y1.
struct Line(f64, f64, f64, f64);

fn straight(Line(x0, y0, x1, y1): Line, x: f64) -> f64 {
    y0 + (y1 - y0) * (x - x0) / (x1 - x0)
}

fn power_law(line: Line, x: f64) -> f64 {
    let Line(x0, y0, x1, y1) = line;
    if y0 <= 0.0 || y1 <= 0.0 {
        return straight(line, x);
    }
    y0 * (x / x0).powf((y1 / y0).ln() / (x1 / x0).ln())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Document, library::Shelf};

    fn table() -> CostTable {
        Document::shipped(Shelf::Costs, "14nm").unwrap().value
    }

    fn tile(x: u32, y: u32) -> TileShape {
        TileShape { b: 1, x, y }
    }

    #[test]
    fn tabulated_sizes_cost_what_the_table_says() {
        let table = table();
        for lane in &table.mac_lane {
            assert_eq!(
                table.lane_cost(lane.multipliers, lane.activation_function),
                lane.cost
            );
        }
        for module in &table.softmax {
            assert_eq!(table.softmax_cost(tile(module.tile, module.tile)), module.cost);
        }
        for module in &table.layer_norm {
            assert_eq!(table.layer_norm_cost(tile(module.tile, module.tile)), module.cost);
        }
        assert_eq!(table.softmax_cost(tile(8, 32)), table.softmax_cost(tile(16, 16)));
    }

    #[test]
    fn lanes_scale_by_the_multiplier_whichever_their_non_linearity() {
        let table = table();
        let step = |function| {
            let [four, five] = [4, 5].map(|multipliers| table.lane_cost(multipliers, function));
            (five.area_um2 - four.area_um2, five.dynamic_mw - four.dynamic_mw)
        };
        let (gelu, relu) = (step(ActivationFunction::Gelu), step(ActivationFunction::Relu));
        assert!((gelu.0 / relu.0 - 1.0).abs() < 0.01, "{gelu:?} {relu:?}");
        assert!((gelu.1 / relu.1 - 1.0).abs() < 0.03, "{gelu:?} {relu:?}");
    }

    #[test]
    fn the_middle_of_the_tile_table_follows_from_its_ends() {
        let mut table = table();
        let middle = table.softmax.remove(1);
        let scaled = table.softmax_cost(tile(16, 16));
        assert!(
            (scaled.area_um2 / middle.cost.area_um2 - 1.0).abs() < 0.02,
            "{scaled:?}"
        );
        assert!(
            (scaled.dynamic_mw / middle.cost.dynamic_mw - 1.0).abs() < 0.02,
            "{scaled:?}"
        );
        assert!(
            (scaled.leakage_mw / middle.cost.leakage_mw - 1.0).abs() < 0.02,
            "{scaled:?}"
        );
    }

    #[test]
    fn one_size_is_scaled_in_proportion() {
        let mut table = table();
        table.mac_lane.retain(|lane| lane.multipliers == 16);
        table.softmax.retain(|module| module.tile == 16);
        let sixteen = table.lane_cost(16, ActivationFunction::Gelu);
        let [four, thirty_two] =
            [4, 32].map(|multipliers| table.lane_cost(multipliers, ActivationFunction::Gelu));
        assert_eq!(four.area_um2 * 4.0, sixteen.area_um2);
        assert_eq!(four.dynamic_mw * 4.0, sixteen.dynamic_mw);
        assert_eq!(thirty_two.leakage_mw, sixteen.leakage_mw * 2.0);
        // 8 x 16 elements are half of 16 x 16.
        let whole = table.softmax_cost(tile(16, 16));
        assert_eq!(table.softmax_cost(tile(8, 16)).area_um2 * 2.0, whole.area_um2);
    }

    #[test]
    fn larger_modules_never_cost_less() {
        let table = table();
        let areas: Vec<f64> = (4..=64)
            .map(|side| table.layer_norm_cost(tile(side, side)).area_um2)
            .collect();
        assert!(areas.is_sorted());
        let lanes: Vec<f64> = (1..=64)
            .map(|m| table.lane_cost(m, ActivationFunction::Gelu).area_um2)
            .collect();
        assert!(lanes.is_sorted());
    }
}
