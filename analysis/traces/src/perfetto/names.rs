//! Strings that are written once and then known by number.

use std::collections::BTreeMap;

use components::operation::Role;
use scenarios::system::OperationName;

/// Numbers of strings of one sort.
#[derive(Default)]
pub(super) struct Interned {
    fixed: Vec<(&'static str, u64)>,
    made: BTreeMap<String, u64>,
    /// By machine and number of the operation's name; 0 for those not yet written.
    operations: Vec<Vec<u64>>,
    last: u64,
}

/// A string's number, and whether it is new and has to be written.
pub(super) type Number = (u64, bool);

impl Interned {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// The number of a string that is part of the program.
    pub(super) fn fixed(&mut self, text: &'static str) -> Number {
        if let Some(&(_, number)) = self.fixed.iter().find(|(known, _)| *known == text) {
            return (number, false);
        }
        let number = self.next();
        self.fixed.push((text, number));
        (number, true)
    }

    /// The number of any other string.
    pub(super) fn made(&mut self, text: &str) -> Number {
        if let Some(&number) = self.made.get(text) {
            return (number, false);
        }
        let number = self.next();
        self.made.insert(text.to_owned(), number);
        (number, true)
    }

    /// The number of the name of an operation of a machine.
    pub(super) fn operation(&mut self, machine: usize, name: u32) -> Number {
        if self.operations.len() <= machine {
            self.operations.resize(machine + 1, Vec::new());
        }
        let place = name as usize;
        let numbers = &mut self.operations[machine];
        if numbers.len() <= place {
            numbers.resize(place + 1, 0);
        }
        if numbers[place] > 0 {
            return (numbers[place], false);
        }
        self.last += 1;
        self.operations[machine][place] = self.last;
        (self.last, true)
    }
}

/// The name of an operation in a viewer.
pub(super) fn long_name(names: OperationName) -> String {
    let head = names.head.map(|head| format!(" H{head}")).unwrap_or_default();
    format!("{} L{}{head}", names.role.name(), names.layer)
}

/// What the name of a slice or of an instant says beside its kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    pub(crate) detail: Option<&'a str>,
    pub(crate) role: Option<&'a str>,
    pub(crate) layer: Option<u32>,
    pub(crate) head: Option<u32>,
}

/// A number behind `letter`, as the last word of `text`.
fn numbered(text: &str, letter: char) -> Option<(&str, u32)> {
    let (front, word) = text.rsplit_once(' ')?;
    Some((front, word.strip_prefix(letter)?.parse().ok()?))
}

fn is_role(text: &str) -> bool {
    Role::ALL.iter().any(|role| role.name() == text)
}

impl<'a> Parts<'a> {
    /// The parts of a name: of an operation, or of a kind with a detail, an operation or both behind it.
    pub(crate) fn of(name: &'a str) -> Self {
        let (front, head) = match numbered(name, 'H') {
            Some((front, head)) => (front, Some(head)),
            None => (name, None),
        };
        let Some((front, layer)) = numbered(front, 'L') else {
            let detail = name.split_once(' ').map(|(_, detail)| detail);
            return Self {
                detail,
                ..Self::default()
            };
        };
        let behind = |text: &'a str| text.split_once(' ').unwrap_or((text, ""));
        let (detail, role) = if is_role(front) {
            (None, front)
        } else {
            let (_, rest) = behind(front);
            match is_role(rest) {
                true => (None, rest),
                false => (Some(behind(rest).0), behind(rest).1),
            }
        };
        Self {
            detail,
            role: Some(role),
            layer: Some(layer),
            head,
        }
    }
}

#[cfg(test)]
mod tests {
    use components::control_block::StallCause;
    use components::message::Traffic;

    use super::*;
    use analysis::critical_path::Part;

    #[test]
    fn parts_of_names_are_found_again() {
        let kinds = ["load", "store", "load_queued", "store_queued"];
        let transfers = kinds.map(|kind| Traffic::ALL.map(|traffic| (kind, Some(traffic.name()))));
        let stalls = StallCause::ALL.map(|cause| ("stall", Some(cause.name())));
        let waits = [("operands_awaited", Some(StallCause::BufferBandwidth.name()))];
        let path = Part::ALL.map(|part| (part.name(), None));
        let plain = ["", "run_started", "operation_woken", "transfer_ordered"].map(|kind| (kind, None));
        for (kind, detail) in transfers
            .into_iter()
            .flatten()
            .chain(stalls)
            .chain(waits)
            .chain(path)
            .chain(plain)
        {
            let front: Vec<&str> = [kind]
                .into_iter()
                .chain(detail)
                .filter(|part| !part.is_empty())
                .collect();
            let bare = Parts {
                detail,
                ..Parts::default()
            };
            assert_eq!(Parts::of(&front.join(" ")), bare);
            for (&role, head) in Role::ALL.iter().flat_map(|role| [(role, None), (role, Some(11))]) {
                let names = OperationName {
                    role,
                    layer: 7,
                    head,
                    number: 0,
                };
                let name = [&front[..], &[&long_name(names)]].concat().join(" ");
                let parts = Parts {
                    detail,
                    role: Some(role.name()),
                    layer: Some(7),
                    head,
                };
                assert_eq!(Parts::of(&name), parts, "{name}");
            }
        }
    }
}
