//! The latest stalls of the control block, and how a time divides into them.

use std::rc::Rc;

use crate::Entry;

/// The control block knows fewer causes.
const MOST_CAUSES: usize = 64;

/// Time for one cause.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub(super) ticks: u64,
    /// The longest piece of it, and the operation that could not go on then.
    longest: u64,
    pub(super) operation: Option<Rc<str>>,
}

/// Time by cause, as far as there is any.
pub(super) type Parts = Vec<Part>;

/// The part for a cause.
pub(super) fn part_of(parts: &mut Parts, cause: usize) -> &mut Part {
    if parts.len() <= cause {
        parts.resize(cause + 1, Part::default());
    }
    &mut parts[cause]
}

impl Part {
    fn add(&mut self, other: &Self) {
        self.ticks = self.ticks.saturating_add(other.ticks);
        if other.longest > self.longest {
            self.longest = other.longest;
            self.operation.clone_from(&other.operation);
        }
    }
}

/// A time in which the control block had idle lanes.
struct Stall {
    start: u64,
    end: u64,
    cause: usize,
    operation: Option<Rc<str>>,
}

impl Stall {
    fn add_to(&self, parts: &mut Parts, start: u64, end: u64) {
        let ticks = self.end.min(end).saturating_sub(self.start.max(start));
        let piece = Part {
            ticks,
            longest: ticks,
            operation: self.operation.clone(),
        };
        part_of(parts, self.cause).add(&piece);
    }
}

/// The latest stalls, in order of time.
pub(super) struct Stalls {
    most: usize,
    /// Names of all causes; the first ones are not the control block's.
    pub(super) causes: Vec<String>,
    held: Vec<Stall>,
    known_to: u64,
    /// All that are held together.
    sum: Parts,
    /// The operation that was named last.
    named: Option<(u32, Rc<str>)>,
}

impl Stalls {
    /// None yet, of which `most` are held; there are other `causes`, too.
    pub(super) fn new(causes: &[&str], most: usize) -> Self {
        Self {
            most,
            causes: causes.iter().map(|&cause| cause.to_owned()).collect(),
            held: Vec::new(),
            known_to: 0,
            sum: Parts::new(),
            named: None,
        }
    }

    /// Up to when all stalls are known. Each is recorded at its end, so the next one begins no earlier.
    pub(super) fn known_to(&self) -> u64 {
        self.known_to
    }

    /// Whether it is time to add them to what is being waited for, and to forget them.
    pub(super) fn are_many(&self) -> bool {
        self.held.len() >= self.most
    }

    /// Notes the part of a stall that is looked at.
    pub(super) fn push(&mut self, entry: &Entry<'_>, (start, end): (u64, u64)) {
        let cause = self.cause(entry.detail.as_deref().unwrap_or("?"));
        let operation = entry.operation.map(|operation| self.name(entry, operation));
        let stall = Stall {
            start,
            end,
            cause,
            operation,
        };
        stall.add_to(&mut self.sum, start, end);
        self.held.push(stall);
        self.known_to = end;
    }

    fn cause(&mut self, cause: &str) -> usize {
        let place = self.causes.iter().position(|known| known == cause);
        place.unwrap_or_else(|| {
            if self.causes.len() < MOST_CAUSES {
                self.causes.push(cause.to_owned());
            }
            self.causes.len() - 1
        })
    }

    fn name(&mut self, entry: &Entry<'_>, operation: u32) -> Rc<str> {
        match &self.named {
            Some((known, name)) if *known == operation => Rc::clone(name),
            _ => {
                let name: Rc<str> = operation_name(entry, operation).into();
                self.named = Some((operation, Rc::clone(&name)));
                name
            }
        }
    }

    /// Adds what of the time from `start` to `end` is in stalls to `parts`.
    pub(super) fn divide(&self, start: u64, end: u64, parts: &mut Parts) {
        let (Some(first), Some(last)) = (self.held.first(), self.held.last()) else {
            return;
        };
        if start <= first.start && end >= last.end {
            for (cause, part) in self.sum.iter().enumerate().filter(|(_, part)| part.ticks > 0) {
                part_of(parts, cause).add(part);
            }
            return;
        }
        let first = self.held.partition_point(|stall| stall.end <= start);
        let stalls = self.held[first..].iter().take_while(|stall| stall.start < end);
        stalls.for_each(|stall| stall.add_to(parts, start, end));
    }

    /// Forgets all stalls, but not up to when they were known.
    pub(super) fn forget(&mut self) {
        self.held.clear();
        self.sum.clear();
    }
}

fn operation_name(entry: &Entry<'_>, operation: u32) -> String {
    let head = entry.head.map(|head| format!(" H{head}")).unwrap_or_default();
    match (entry.role.as_deref(), entry.layer) {
        (Some(role), Some(layer)) => format!("{role} L{layer}{head} (operation {operation})"),
        _ => format!("operation {operation}"),
    }
}
