//! Issuing: free units go to the oldest steps whose next rows have all they need.

use components::operation::RowAccess;

use super::stays::{StayPlace, StayState, StepNumber};
use super::units::Ready;
use super::window::Entry;
use super::{Event, Schedule, fractions};
use components::run_cost::{Kind, Unit};

impl Schedule<'_> {
    /// Adds a step to those that can issue, if its next piece has all it needs; else to those that wait for a block.
    pub(super) fn consider(&mut self, number: StepNumber) {
        let Some(entry) = self.window.get(number) else {
            return;
        };
        if !entry.progress.has_ordered_all() || !entry.has_work_to_issue() {
            return;
        }
        if let Some(place) = self.lacks(entry) {
            if let Some(stay) = self.stays.get_mut(place)
                && !stay.waiting.contains(&number)
            {
                stay.waiting.push(number);
            }
            return;
        }
        match &entry.cost {
            Some(cost) => {
                let (class, left) = (cost.unit as usize, entry.runs_left());
                if self.issuable[class].insert(number) {
                    self.waiting_runs[class] += left;
                }
            }
            None if self.waits_for_older(number) => self.awaiting_older.push(number),
            None => {
                if entry.progress.is_reserved || self.reserve_results(number) {
                    self.order_data(number);
                }
            }
        }
    }

    pub(super) fn consider_all(&mut self, numbers: Vec<StepNumber>) {
        numbers.into_iter().for_each(|number| self.consider(number));
    }

    /// A block that the next piece of a step waits for.
    fn lacks(&self, entry: &Entry) -> Option<StayPlace> {
        let rows = entry.rows(entry.next);
        let lacks = |&&(place, need): &&(StayPlace, RowAccess)| {
            let stay = self.stays.get(place);
            !stay.is_some_and(|stay| {
                stay.state == StayState::Resident
                    && match need.radius() {
                        None => stay.is_ready(),
                        Some(radius) => stay.has_rows(rows.start.saturating_sub(radius), rows.end + radius),
                    }
            })
        };
        let operand = entry.operands.iter().find(lacks).map(|&(place, _)| place);
        // Those that the step begins take their room with its first run.
        operand.or_else(|| {
            let is_reserved = entry.progress.is_reserved;
            let has_room = |place| {
                self.stays
                    .get(place)
                    .is_some_and(|stay| stay.state == StayState::Resident)
            };
            let mut results = entry.result.iter().copied();
            results.find(|&place| is_reserved && !has_room(place))
        })
    }

    /// Issues runs to free units.
    pub(super) fn issue(&mut self, class: usize) {
        while self.free[class].count() > 0 {
            let from = if self.in_turn { self.turns[class] } else { 0 };
            let ready = &self.issuable[class];
            let Some(&number) = ready.range(from..).next().or_else(|| ready.first()) else {
                return;
            };
            self.turns[class] = number + 1;
            self.issue_runs(class, number);
        }
    }

    /// Issues runs of a step's next piece, as many as units are free.
    fn issue_runs(&mut self, class: usize, number: StepNumber) {
        let Some(entry) = self.window.get(number) else {
            self.issuable[class].remove(&number);
            return;
        };
        if !entry.progress.is_reserved {
            let runs = entry.runs_left();
            let is_reserved = self.reserve_results(number);
            let lacks = self.window.get(number).and_then(|entry| self.lacks(entry));
            if !is_reserved || lacks.is_some() {
                self.issuable[class].remove(&number);
                self.waiting_runs[class] -= runs;
                if is_reserved {
                    self.consider(number);
                }
                return;
            }
        }
        let Some(entry) = self.window.get_mut(number) else {
            return;
        };
        let Some(cost) = entry.cost.clone() else { return };
        let mut left = std::mem::take(&mut entry.left);
        let sharing = self.sharing(class);
        let all: u64 = left.iter().sum();
        // Far more runs than units: each unit gets several at once.
        let rounds = (all / (2 * self.units[class])).max(1);
        let mut taken = self.free[class].count().min(all.div_ceil(rounds));
        let mut of_all = all;
        let mut done_at = 0;
        for (kind, left) in cost.kinds.iter().zip(&mut left) {
            // Kinds are mixed in program order: each gets its share of the units.
            let units = (u128::from(taken) * u128::from(*left)).div_ceil(u128::from(of_all.max(1))) as u64;
            (taken, of_all) = (taken - units, of_all - *left);
            let runs = (units * rounds).min(*left);
            if runs > 0 {
                done_at = self.hand_out(class, units, runs, kind, sharing).max(done_at);
                *left -= runs;
                self.waiting_runs[class] -= runs;
            }
        }
        let is_over = left.iter().all(|&left| left == 0);
        let Some(entry) = self.window.get_mut(number) else {
            return;
        };
        entry.left = left;
        entry.done_at = entry.done_at.max(done_at);
        if is_over {
            self.all_issued(class, number);
        }
    }

    /// Issues `runs` runs to `units` units, several in a row per unit if there are more runs; units free longest come first.
    /// When all of them are done.
    fn hand_out(&mut self, class: usize, units: u64, runs: u64, kind: &Kind, sharing: f64) -> u64 {
        let timing = &kind.timing;
        let units = units.min(runs);
        let (each, latency) = timing.unhindered(sharing);
        let (post, back) = timing.after();
        let rounds = runs as f64 / units as f64;
        let more = rounds.ceil() - 1.0;
        let on_ports = self
            .access_times
            .of_accesses(kind.accesses.map(|accesses| accesses * runs as f64));
        let on_ports = self.use_buffers(on_ports, self.now);
        let on_buses = self.use_buses(timing.buses(), runs).max(on_ports);
        let early = fractions(timing.early(1.0));
        let mut wanted = units;
        let mut done_at = 0;
        while wanted > 0 {
            let Some((count, ready)) = self.free[class].take(wanted) else {
                break;
            };
            wanted -= count;
            // A unit that reported itself free may still be at its last tile, and the module after it at an older result.
            let waits = ready.unit.saturating_sub(self.now);
            let end = (waits + fractions(each * rounds)).max(on_buses);
            let results = match post > 0.0 {
                true => ready.after.saturating_sub(self.now) + fractions(post * (more + 1.0)),
                false => 0,
            };
            let left = (waits + fractions(latency + more * each.max(post)))
                .max(on_buses + fractions(latency - each))
                .max(results + fractions(back));
            let ready = Ready {
                unit: self.now + end,
                after: if post > 0.0 {
                    self.now + left - fractions(back)
                } else {
                    0
                },
            };
            self.send(end.saturating_sub(early), Event::Free { class, count, ready });
            self.in_pes += count;
            self.send(left, Event::Left { count });
            done_at = done_at.max(self.now + left);
        }
        done_at
    }

    /// Has `runs` runs use the buses of their PEs, for so many cycles each; how long until all of that is done. Buses serve their
    /// lanes in turn, so what is asked together ends together.
    fn use_buses(&mut self, cycles: [f64; 2], runs: u64) -> u64 {
        let of_pe = runs as f64 / self.units[Unit::LayerNorm as usize] as f64;
        let mut end = 0;
        let buses = self.buses_free.iter_mut().zip(&mut self.timeline.buses_busy);
        for ((free, busy), cycles) in buses.zip(cycles) {
            if cycles > 0.0 {
                *busy += cycles * of_pe;
                let start = (*free).max(self.now);
                *free = start + fractions(cycles * of_pe);
                end = end.max(start - self.now + fractions(cycles * of_pe.max(1.0)));
            }
        }
        end
    }

    /// All runs of a step's next piece have been issued.
    fn all_issued(&mut self, class: usize, number: StepNumber) {
        self.issuable[class].remove(&number);
        let Some(entry) = self.window.get_mut(number) else {
            return;
        };
        let (piece, wait) = (entry.next, entry.done_at.saturating_sub(self.now));
        entry.next += 1;
        if entry.has_work_to_issue() {
            entry.take_up_piece();
        }
        self.send(wait, Event::Piece { step: number, piece });
        self.consider(number);
    }

    /// Units per PE that will work at once after this issue; they share its buses.
    fn sharing(&self, class: usize) -> f64 {
        let free = self.free[class].count();
        let busy = self.units[class] - free + self.waiting_runs[class].min(free);
        let pes = self.units[Unit::LayerNorm as usize];
        busy.div_ceil(pes).max(1) as f64
    }
}
