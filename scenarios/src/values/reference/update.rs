//! New weights from gradients.

use components::operation::Role;
use components::values::UpdateRule;

use super::super::matrix::Matrix;
use super::super::optimizer::updated_in_place;
use super::{Batch, Reference, grain};
use crate::schema::Workload;
use crate::weights::Key;

impl Reference<'_> {
    pub(super) fn update(&mut self, workload: &Workload) {
        let Some(rule) = self.settings.update else { return };
        self.update_words(workload, rule);
        let gradients: Vec<(Key, Batch)> = self
            .tensors
            .iter()
            .map(|(key, batch)| (*key, batch.clone()))
            .collect();
        for (key, gradient) in gradients {
            if let [gradient] = gradient.as_slice()
                && let Some(weights) = key.role.trains()
            {
                self.update_matrix(rule, self.weights_of(key, weights), gradient);
            }
        }
    }

    /// The weights of `role` whose gradient `key` names. The last products of a feed-forward stack come first.
    pub(super) fn weights_of(&self, key: Key, role: Role) -> Key {
        let ordinal = match role {
            Role::FeedForward => {
                let is_there = |&ordinal: &u32| self.tensors.contains_key(&Key { role, ordinal, ..key });
                (0..).take_while(is_there).count() as u32 - 1 - key.ordinal
            }
            _ => 0,
        };
        Key { role, ordinal, ..key }
    }

    fn update_matrix(&mut self, rule: UpdateRule, key: Key, gradient: &Matrix) {
        let shape = [gradient.rows, gradient.columns];
        let grain = grain(&self.settings);
        let old = self.weights(key, shape.map(|extent| extent as u32));
        let states = self.parameters.states(key, rule.states(), shape);
        let updated = updated_in_place(rule, gradient, &old, &states);
        let mut rounded = updated.iter().map(|matrix| matrix.rounded(0, grain));
        if let Some(new) = rounded.next() {
            self.parameters.train(key, new, rounded.collect());
        }
    }
}
