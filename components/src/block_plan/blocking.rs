//! How a program is cut into blocks.

use std::fmt;

use super::by_role::{PartSizes, SizesByRole};
use crate::operation::Role;
use crate::tile::LoopOrder;

/// How a program is cut into blocks, and in which order its steps come. Sizes are in tiles; `u32::MAX` leaves a dimension
/// whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blocking {
    /// Batch tiles that run through the whole program together: a *segment*.
    pub segment: u32,
    /// Batch tiles that run through a stage together.
    pub together: u32,
    /// Those that run through the first layer together, as their rows are gathered, if its weights can stay meanwhile.
    pub gathered: u32,
    /// Rows of tiles of a block of activations.
    pub rows: u32,
    /// Columns of tiles of a block of activations.
    pub columns: u32,
    /// Tiles along each edge of a block of weights.
    pub panel: u32,
    /// Rows of tiles of a right operand that is no weight (keys, values) in one step.
    pub keys: u32,
    /// Whether operations that read each other row by row go through each block of rows together: a *wave*.
    pub chained: bool,
    /// Whether all rows pass before the next panel of weights (or of sums over the batch) is taken up.
    pub panels_outermost: bool,
    /// Tiles along j of a part of a product, if that is stated; otherwise it follows from its right operand's blocks.
    pub columns_of_part: Option<u32>,
    /// Tiles along k of a part of a product, if that is stated; otherwise it follows from its operands' blocks.
    pub reduction_of_part: Option<u32>,
    /// Sizes that are stated for operations of some roles alone; they take the place of `rows` and of those above.
    pub by_role: SizesByRole,
    /// The order of the parts' loops of an operation that is cut alone, if that is stated; it takes the place of
    /// `panels_outermost`.
    pub order: Option<LoopOrder>,
    /// Eighths of the activation, the weight and the mask buffer that the plan may fill; the rest lets the next steps' blocks come
    /// before they are due.
    pub eighths: [u8; 3],
    /// Steps for which a block stays after each use if another can leave, even one that is needed earlier: a step that takes the
    /// place of a block has to wait for those that use it.
    pub resting: u32,
}

impl Blocking {
    /// Tensors by whole items, weights in panels of 8 x 8 tiles, all of the buffers.
    pub const WHOLE: Self = Self {
        segment: u32::MAX,
        together: u32::MAX,
        gathered: u32::MAX,
        rows: u32::MAX,
        columns: u32::MAX,
        panel: 8,
        keys: u32::MAX,
        chained: false,
        panels_outermost: false,
        columns_of_part: None,
        reduction_of_part: None,
        by_role: SizesByRole::NONE,
        order: None,
        eighths: [8; 3],
        resting: 0,
    };

    /// One tile of each tensor at a time: what fits in no other way fits in this one.
    pub const LEAST: Self = Self {
        segment: 1,
        together: 1,
        gathered: 1,
        rows: 1,
        columns: 1,
        panel: 1,
        keys: 1,
        chained: false,
        panels_outermost: false,
        columns_of_part: None,
        reduction_of_part: None,
        by_role: SizesByRole::NONE,
        order: None,
        eighths: [8; 3],
        resting: 0,
    };

    /// Rows and columns of tiles of a block of weights that is read by an operation of `role` first.
    #[must_use]
    pub fn panel_edges(&self, role: Role) -> [u32; 2] {
        let PartSizes {
            columns, reduction, ..
        } = self.stated_of(role);
        [reduction, columns].map(|stated| stated.unwrap_or(self.panel))
    }

    /// Rows of tiles of a part of an operation of `role`, and of a block of what it makes.
    #[must_use]
    pub fn rows_of(&self, role: Role) -> u32 {
        self.by_role.of(role).rows.unwrap_or(self.rows)
    }

    /// What is stated of parts of operations of `role`, by role or for all.
    #[must_use]
    pub fn stated_of(&self, role: Role) -> PartSizes {
        self.by_role.of(role).or(PartSizes {
            rows: None,
            columns: self.columns_of_part,
            reduction: self.reduction_of_part,
        })
    }
}

impl fmt::Display for Blocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |tiles: u32| match tiles {
            u32::MAX => "all".to_owned(),
            tiles => tiles.to_string(),
        };
        let panel = [self.reduction_of_part, self.columns_of_part].map(|stated| stated.unwrap_or(self.panel));
        write!(
            f,
            "segments of {}, {} per stage{}, blocks of {} x {} tiles, {} keys, panels of {} x {}{}{}{}, {}{}",
            size(self.segment),
            size(self.together),
            match self.gathered {
                u32::MAX => String::new(),
                items => format!(", {items} at a time as they are gathered"),
            },
            size(self.rows),
            size(self.columns),
            size(self.keys),
            size(panel[0]),
            size(panel[1]),
            if self.chained { ", in waves" } else { "" },
            if self.panels_outermost {
                ", panels outermost"
            } else {
                ""
            },
            self.order
                .map_or_else(String::new, |order| format!(", loops {order}")),
            match self.eighths {
                [all, weights, masks] if weights == all && masks == all => format!("{all}/8 of the room"),
                [activations, weights, masks] => format!(
                    "{activations}/8 of the room for activations, {weights}/8 for weights, {masks}/8 for masks"
                ),
            },
            match self.resting {
                0 => String::new(),
                steps => format!(", blocks rest for {steps} steps"),
            },
        )?;
        self.by_role.stated().try_for_each(|(role, sizes)| {
            let [i, j, k] = sizes
                .along()
                .map(|tiles| tiles.map_or("-".to_owned(), |tiles| tiles.to_string()));
            write!(f, ", {} by {i} x {j} x {k}", role.name())
        })
    }
}
