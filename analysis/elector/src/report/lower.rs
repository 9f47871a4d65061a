//! The report of `elector lower --summary`.

use analysis::result::Summary;

use super::Style;
use super::table::Table;
use crate::number::grouped;

/// Tiles and multiplications by layer and role, and their totals.
#[must_use]
pub fn lower_report(summary: &Summary, style: Style) -> String {
    let mut table = Table::default();
    table.row(
        [
            "layer",
            "role",
            "operations",
            "tile operations",
            "multiplications",
        ]
        .map(str::to_owned),
    );
    for role in &summary.roles {
        table.row([
            role.layer.to_string(),
            role.role.to_string(),
            grouped(role.operations),
            grouped(role.tiles),
            grouped(role.macs_dense),
        ]);
    }
    let total = format!(
        "{} tile operations, {} that add tensors, {} multiplications",
        grouped(summary.tile_ops),
        grouped(summary.add_tile_ops),
        grouped(summary.macs_dense)
    );
    format!("{}\n{}\n", table.render(&[1]), style.bold(&total))
}
