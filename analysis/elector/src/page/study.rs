//! A study as a page: its front, all designs over their variables, how the best grew, and what the figures depend on.
//!
//! The designs are one object of data in the page, which a script draws and lets the reader question; what is made here reads
//! without the script: headline, table of the front, convergence, importance. Nothing in the page depends on when, where or by whom
//! the rows were found.

mod cloud;
mod data;
mod figures;
mod refused;
mod table;
mod told;

use std::collections::BTreeMap;

use maud::{Markup, html};
use search::campaign::{FrontRow, candidates, front_of};
use search::front::hypervolume::hypervolume;
use search::insight::{Convergence, convergence};
use search::objective::Objective;
use search::store::{Row, State};
use search::study::StudyFile;

use self::data::Data;
use super::plot::raw;
use super::styled_page;
use crate::number::grouped;

const STYLE: &str = include_str!("study/style.css");
const SCRIPT: &str = include_str!("study/script.js");

/// Rows above which the page holds the front and as many others, and draws them on a canvas.
const MOST_DRAWN: usize = 5_000;

/// A study, with what its rows say.
struct Told<'a> {
    file: &'a StudyFile,
    rows: &'a [Row],
    candidates: Vec<FrontRow>,
    front: Vec<FrontRow>,
    convergence: Convergence,
}

/// The page of a study and all its rows.
#[must_use]
pub fn study_page(file: &StudyFile, rows: &[Row]) -> String {
    let candidates = candidates(rows.to_vec());
    let front = front_of(candidates.clone(), &file.objective);
    let told = Told {
        convergence: convergence(&candidates, &file.objective, front.len()),
        file,
        rows,
        candidates,
        front,
    };
    let data = Data::of(&told);
    let body = html! {
        (told.headline())
        @if data.points.is_empty() {
            p { "No design is evaluated yet." }
        } @else {
            h2 { "The front" }
            (cloud::clouds(&data, told.front.len()))
            h2 { "All designs" }
            (cloud::coordinates(&data))
            h2 { "Designs of the front" }
            (table::table(&told))
            h2 { "Convergence" }
            (told::convergence(&told.convergence))
            h2 { "What matters" }
            (told::importances(rows))
        }
        (refused::refused(rows))
        @if !data.points.is_empty() {
            aside id="chosen" class="panel" hidden {}
            div id="hint" class="panel" role="status" hidden {}
            script type="application/json" id="data" { (raw(&data.to_json())) }
            script { (raw(SCRIPT)) }
        }
    };
    let title = format!("Search from {}", file.base);
    let subtitle = format!(
        "{}, seed {}, budget of {}, batches of {}",
        file.strategy.name(),
        file.seed,
        grouped(file.budget),
        file.batch
    );
    let footer = format!("Written by elector {}.", env!("CARGO_PKG_VERSION"));
    styled_page(STYLE, &title, &subtitle, &body, &footer)
}

impl Told<'_> {
    /// The figures that matter first.
    fn headline(&self) -> Markup {
        let mut states: BTreeMap<State, u64> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.of.is_none()) {
            *states.entry(row.state).or_default() += 1;
        }
        let count = |state: State| grouped(states.get(&state).copied().unwrap_or(0));
        let simulated: Vec<f64> = (self.candidates.iter())
            .filter_map(|row| Some(row.simulated.as_ref()?.latency_ratio))
            .collect();
        let farthest = simulated.iter().copied().fold(1.0, |farthest: f64, ratio| {
            if (ratio - 1.0).abs() > (farthest - 1.0).abs() {
                ratio
            } else {
                farthest
            }
        });
        html! {
            ul class="headline" {
                li { b { (count(State::Done)) } span { "designs evaluated" } }
                li { b { (self.front.len()) } span { "on the front" } }
                @if let Some((value, what)) = self.best() { li { b { (format!("{value:.4}")) } span { (what) } } }
                @if !simulated.is_empty() {
                    li { b { (simulated.len()) } span { "simulated; latency sim/est " (format!("{farthest:.3}")) " at worst" } }
                }
                li { b { (count(State::Refused)) } span { "refused, at no cost" } }
                li { b { (count(State::Failed)) } span { "failed" } }
            }
        }
    }

    fn best(&self) -> Option<(f64, &'static str)> {
        let objective = &self.file.objective;
        let Objective::Front(terms) = objective else {
            return Some((self.front.first()?.objective()?, "best objective"));
        };
        if !self.convergence.is_exact {
            return Some((self.convergence.points.last()?.1, "hypervolume, about"));
        }
        let points: Vec<Vec<f64>> = self.front.iter().map(|row| row.point(objective)).collect();
        Some((hypervolume(&points, &vec![1.0; terms.len()]), "hypervolume"))
    }
}
