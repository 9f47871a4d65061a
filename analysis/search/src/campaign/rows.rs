//! All rows of a study.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{Campaign, design_of};
use crate::space::{Design, Model};
use crate::store::{Batch, Member, Row, State};

/// How many rows there are of each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Evaluated.
    pub done: u64,
    /// Refused; they cost no budget.
    pub refused: u64,
    /// Failed.
    pub failed: u64,
    /// Broken off.
    pub stopped: u64,
    /// Proposed, and not evaluated yet.
    pub open: u64,
}

impl Campaign {
    /// All rows that are known, in order: each once.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let wanted: Vec<_> = self.wanted().collect();
        let mut rows = Vec::new();
        // Batches that are simulated are not counted, so that a raised budget leaves the numbers as they were.
        let mut proposed = 0;
        for (batch, members) in &wanted {
            let last = members.last().map_or(0, |member| member.index);
            // Of a batch that the budget cuts off, what was drawn later is not there yet.
            let refused = batch
                .members
                .iter()
                .filter(|member| member.refusal.is_some() && member.index < last);
            let mut known: Vec<&Member> = members.iter().copied().chain(refused).collect();
            known.sort_by_key(|member| member.index);
            rows.extend(
                known
                    .into_iter()
                    .filter_map(|member| self.row(batch, member, proposed)),
            );
            // All that a strategy without a model draws is one batch, also if the budget was raised.
            proposed += u32::from(batch.is_proposed && !self.study.strategy.is_one_batch());
        }
        rows
    }

    /// How many rows there are of each state.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            open: self.open_jobs().len() as u64,
            ..Counts::default()
        };
        for row in self.rows() {
            match row.state {
                State::Done => counts.done += 1,
                State::Refused => counts.refused += 1,
                State::Failed => counts.failed += 1,
                State::Stopped => counts.stopped += 1,
            }
        }
        counts
    }

    /// The row of a member, whose batch has this number; `None` if it is not evaluated yet.
    fn row(&self, batch: &Batch, member: &Member, number: u32) -> Option<Row> {
        let design = design_of(member)?;
        let outcome = self.outcomes.get(&member.id);
        let (found, refusal) = (outcome.map(|outcome| &outcome.found), member.refusal.as_ref());
        let state = match (found, refusal) {
            (_, Some(_)) => State::Refused,
            (Some(found), None) => found.state,
            (None, None) => return None,
        };
        Some(Row {
            index: member.index,
            id: member.id.clone(),
            batch: number,
            state,
            fidelity: batch.fidelity,
            of: member.of.clone(),
            transformer: self
                .study
                .space
                .genome(&design)
                .map(|genome| genome.to_vector().to_vec()),
            accelerator: member.design.accelerator.clone(),
            parameters: self.parameters(&design),
            describe: self.describe(&design),
            metrics: found.and_then(|found| found.metrics),
            workloads: found.map(|found| found.workloads.clone()).unwrap_or_default(),
            objective: found.and_then(|found| found.objective),
            violates: found.map(|found| found.violates.clone()).unwrap_or_default(),
            accuracy_source: found.and_then(|found| found.accuracy_source.clone()),
            caution: found.map(|found| found.caution.clone()).unwrap_or_default(),
            reason: refusal
                .map(|refusal| refusal.reason.clone())
                .or_else(|| found?.reason.clone()),
            field: refusal.map(|refusal| refusal.field.clone()),
            seconds: outcome.map(|outcome| outcome.seconds),
            host: outcome.map(|outcome| outcome.host.clone()),
            elector: outcome.map(|outcome| outcome.elector.clone()),
            costs: self.costs(),
        })
    }

    /// The fields that a design sets, by path.
    fn parameters(&self, design: &Design) -> BTreeMap<String, Value> {
        let axes = self.study.axes.iter().enumerate();
        let stated = axes.filter_map(|(number, axis)| axis.settings.get(design.axes.of(number)));
        let json = |value: &ron::Value| serde_json::to_value(value).unwrap_or_default();
        stated
            .flatten()
            .map(|(path, value)| (path.clone(), json(value)))
            .collect()
    }

    /// A design, readable.
    #[must_use]
    pub fn describe(&self, design: &Design) -> String {
        let space = &self.study.space;
        let transformer = match (&design.model, space.genome(design)) {
            (_, Some(genome)) => genome.describe(),
            (Model::Entry(entry), None) => format!("transformer {entry}"),
            (Model::Genome(genome), None) => genome.describe(),
        };
        let accelerator = design
            .accelerator
            .iter()
            .map(|accelerator| accelerator.describe());
        let parameters = self.parameters(design);
        let parameters = parameters.iter().map(|(path, value)| format!("{path} = {value}"));
        // What differs most between designs comes first: tables cut the end off.
        let parts: Vec<String> = parameters.chain(accelerator).chain([transformer]).collect();
        parts.join("; ")
    }

    /// The cost table's name.
    fn costs(&self) -> String {
        self.study.base.scenario().costs.name().to_owned()
    }
}
