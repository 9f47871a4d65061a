//! Designs that have no figures, by reason.

use std::collections::BTreeMap;

use maud::{Markup, html};
use search::store::{Row, State};

use crate::number::grouped;

/// Reasons that are shown at most.
const MOST_SHOWN: usize = 20;

/// Refused and failed designs, counted by what is at fault, with the first reason of each. Nothing if there are none.
pub(super) fn refused(rows: &[Row]) -> Markup {
    let mut reasons: BTreeMap<(&str, &str), (u64, &Row)> = BTreeMap::new();
    for row in rows {
        let (state, fault) = match row.state {
            State::Refused => ("refused", row.field.as_deref().unwrap_or("")),
            State::Failed => ("failed", row.reason.as_deref().unwrap_or("")),
            State::Done | State::Stopped => continue,
        };
        reasons.entry((state, fault)).or_insert((0, row)).0 += 1;
    }
    let mut counted: Vec<_> = reasons.into_iter().collect();
    counted.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    html! {
        @if !counted.is_empty() {
            h2 { "Designs without figures" }
            div class="panel" {
                table class="figures" {
                    thead { tr { th { "state" } th { "designs" } th class="words" { "field" } th class="words" { "the first of them" } } }
                    @for ((state, _), (count, row)) in counted.iter().take(MOST_SHOWN) {
                        tr {
                            th scope="row" { (state) }
                            td { (grouped(*count)) }
                            td class="words" { (row.field.as_deref().unwrap_or("-")) }
                            td class="words" { (row.reason.as_deref().unwrap_or("-")) }
                        }
                    }
                }
            }
            @if counted.len() > MOST_SHOWN { p class="note" { "And " (counted.len() - MOST_SHOWN) " more reasons." } }
        }
    }
}
