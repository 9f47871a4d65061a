//! The last batch: the best designs, to be simulated.

use super::ids::id;
use super::{Campaign, design_of};
use crate::front::hypervolume::{Covered, choose};
use crate::objective::Objective;
use crate::store::{Batch, Fidelity, Member, Outcome, State};
use crate::study::Evaluator;

impl Campaign {
    /// The best estimated designs of this round that were not simulated; `None` if they were, or the study wants none.
    pub(super) fn batch_to_simulate(&self) -> Option<Batch> {
        if self.study.file.evaluator != Evaluator::EstimateThenSimulate {
            return None;
        }
        let simulated: Vec<&str> = (self.batches.iter())
            .filter(|batch| !batch.is_proposed)
            .flat_map(|batch| &batch.members)
            .filter_map(|member| member.of.as_deref())
            .collect();
        let mut best = self.best(self.study.file.simulate as usize);
        best.retain(|(member, _)| !simulated.contains(&member.id.as_str()));
        if best.is_empty() {
            return None;
        }
        // What may be farther off than usual is checked first.
        best.sort_by_key(|(_, outcome)| outcome.found.caution.is_empty());
        let first = self.rows_so_far();
        let members = best.iter().enumerate().filter_map(|(place, (member, _))| {
            Some(Member {
                index: first + place as u64,
                id: id(&self.study, &design_of(member)?, Fidelity::Simulated),
                design: member.design.clone(),
                refusal: None,
                of: Some(member.id.clone()),
            })
        });
        Some(Batch {
            number: self.batches.len() as u32,
            fidelity: Fidelity::Simulated,
            is_proposed: false,
            members: members.collect(),
            state: None,
            proposal_cpu_s: 0.0,
            is_last: false,
        })
    }

    /// The best `count` evaluated designs: by the objective, or of the front those that cover most of it. If no design keeps to all
    /// limits, none is best.
    fn best(&self, count: usize) -> Vec<(&Member, &Outcome)> {
        let mut rows: Vec<_> = self
            .wanted()
            .filter(|(batch, _)| batch.is_proposed)
            .flat_map(|(_, members)| members)
            .filter_map(|member| Some((member, self.outcomes.get(&member.id)?)))
            .filter(|(_, outcome)| outcome.found.state == State::Done && outcome.found.violates.is_empty())
            .collect();
        let Objective::Front(terms) = &self.study.file.objective else {
            rows.sort_by(|a, b| {
                let value = |row: &(&Member, &Outcome)| row.1.found.objective.unwrap_or(f64::INFINITY);
                value(a).total_cmp(&value(b)).then(a.0.index.cmp(&b.0.index))
            });
            rows.truncate(count);
            return rows;
        };
        let objective = &self.study.file.objective;
        let points: Vec<Vec<f64>> = (rows.iter())
            .map(|(_, outcome)| {
                outcome
                    .found
                    .metrics
                    .and_then(|metrics| objective.values(&metrics))
            })
            .map(|values| values.unwrap_or_else(|| vec![f64::INFINITY; terms.len()]))
            .collect();
        let mut best: Vec<usize> = Vec::new();
        // Once all of the front is chosen, the front of the others follows.
        while best.len() < count.min(rows.len()) {
            let left: Vec<usize> = (0..rows.len()).filter(|row| !best.contains(row)).collect();
            let of_left: Vec<&[f64]> = left.iter().map(|&row| points[row].as_slice()).collect();
            let mut covered = Covered::new(&vec![1.0; terms.len()]);
            let chosen = choose(&mut covered, &of_left, count - best.len());
            if chosen.is_empty() {
                // Beyond `worst` of all terms nothing is covered: in the order of proposal.
                best.extend(left.into_iter().take(count - best.len()));
                break;
            }
            best.extend(chosen.iter().map(|choice| left[choice.index]));
        }
        best.into_iter().map(|row| rows[row]).collect()
    }
}
