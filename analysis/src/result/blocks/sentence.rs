//! How a program is cut into blocks, in a line.

use super::{Blocks, PlannedBuffer, StatedParts};

impl Blocks {
    /// How the program is cut, in a line.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut parts = Vec::new();
        let mut say = |tiles: Option<u32>, what: &str| {
            if let Some(tiles) = tiles {
                parts.push(format!("{tiles} {what}"));
            }
        };
        say(self.segment, "batch tiles at a time");
        say(self.together, "batch tiles per layer at a time");
        say(self.rows, "rows of tiles per block");
        say(self.columns, "columns of tiles per block");
        say(self.keys, "rows of keys per step");
        if self.waves {
            parts.push("in waves".to_owned());
        }
        if self.panels_outermost {
            parts.push("panels outermost".to_owned());
        }
        if parts.is_empty() {
            parts.push("whole tensors".to_owned());
        }
        if let Some(items) = self.gathered {
            parts.push(format!("{items} batch tiles at a time through the first layer"));
        }
        if let Some(order) = &self.order {
            parts.push(format!("parts in the order {order}"));
        }
        let edges = [self.reduction_of_part, self.columns_of_part];
        let [rows, columns] = edges.map(|stated| stated.unwrap_or(self.panel));
        parts.push(format!("weights in panels of {rows} x {columns} tiles"));
        for StatedParts {
            role,
            rows,
            columns,
            reduction,
        } in &self.by_role
        {
            let [i, j, k] = [rows, columns, reduction]
                .map(|tiles| tiles.map_or_else(|| "-".to_owned(), |tiles| tiles.to_string()));
            parts.push(format!(
                "{} in parts of {i} x {j} x {k} tiles",
                role.replace('_', " ")
            ));
        }
        parts.extend(self.room_left());
        if self.resting > 0 {
            parts.push(format!("blocks rest for {} steps", self.resting));
        }
        parts.join(", ")
    }

    /// Which buffers the plan may not fill, and how much of them it may.
    fn room_left(&self) -> Vec<String> {
        let eighths = |share: f64| format!("at most {:.0}/8 of the", share * 8.0);
        let not_all: Vec<&PlannedBuffer> = self.buffers.iter().filter(|buffer| buffer.share < 1.0).collect();
        let is_same = not_all.iter().all(|buffer| buffer.share == self.share);
        match not_all.len() == self.buffers.len() && is_same && !not_all.is_empty() {
            true => vec![format!("{} buffers", eighths(self.share))],
            false => not_all
                .iter()
                .map(|buffer| format!("{} {} buffer", eighths(buffer.share), buffer.name))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use scenarios::Scenario;
    use scenarios::system::Plan;

    use super::*;

    #[test]
    fn what_the_plan_may_not_fill_is_said() {
        let loaded = Scenario::shipped("bert-tiny-edge").unwrap();
        let mut machine = Plan::load(&loaded).unwrap().machine;
        let mut said = |eighths: [u8; 3], resting: u32| {
            machine.blocks.blocking.eighths = eighths;
            machine.blocks.blocking.resting = resting;
            Blocks::of(&machine).sentence()
        };
        assert_eq!(
            said([8; 3], 0),
            "whole tensors, 2 batch tiles at a time through the first layer, weights in panels of 8 x 8 tiles"
        );
        assert!(said([6; 3], 0).ends_with(", at most 6/8 of the buffers"));
        assert!(said([8, 4, 8], 2).ends_with(", at most 4/8 of the weight buffer, blocks rest for 2 steps"));
        assert!(
            said([6, 8, 4], 0)
                .ends_with(", at most 6/8 of the activation buffer, at most 4/8 of the mask buffer")
        );
    }
}
