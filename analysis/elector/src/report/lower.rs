//! The report of `elector lower --summary`.

use analysis::result::Summary;

use super::Style;
use super::check::blocks_report;
use super::table::Table;
use crate::number::grouped;

/// Tiles and multiplications by layer and role, and their totals.
#[must_use]
pub fn lower_report(summary: &Summary, style: Style) -> String {
    let mut table = Table::default();
    let chooses_orders = summary.blocks.chooses_orders();
    let mut row = |cells: [String; 8], order: String| match chooses_orders {
        true => table.row_of(cells.into_iter().chain([order]).collect()),
        false => table.row(cells),
    };
    row(
        [
            "layer",
            "role",
            "operations",
            "tile operations",
            "multiplications",
            "steps",
            "tiles of a step",
            "moved",
        ]
        .map(str::to_owned),
        "order of tiles".to_owned(),
    );
    for role in &summary.roles {
        let mut blocks = summary.blocks.roles.iter();
        let blocks = blocks.find(|blocks| (blocks.layer, blocks.role) == (role.layer, role.role));
        let [b, i, j, k] = blocks.map_or([0; 4], |blocks| blocks.tiles);
        let orders = blocks.map_or(&[][..], |blocks| &blocks.loop_orders);
        let orders: Vec<String> = orders.iter().map(ToString::to_string).collect();
        row(
            [
                role.layer.to_string(),
                role.role.to_string(),
                grouped(role.operations),
                grouped(role.tiles),
                grouped(role.macs_dense),
                grouped(blocks.map_or(0, |blocks| blocks.steps)),
                format!("{b} x {i} x {j} x {k}"),
                blocks.map_or(String::new(), |blocks| blocks.traffic.total().to_string()),
            ],
            orders.join(", "),
        );
    }
    let total = format!(
        "{} tile operations, {} that add tensors, {} multiplications",
        grouped(summary.tile_ops),
        grouped(summary.add_tile_ops),
        grouped(summary.macs_dense)
    );
    format!(
        "{}\n{}\n\n{}\n{}",
        table.render(&[1]),
        style.bold(&total),
        style.bold(&format!("blocks: {}", summary.blocks.sentence())),
        blocks_report(&summary.blocks)
    )
}
