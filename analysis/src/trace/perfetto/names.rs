//! Strings that are written once and then known by number.

use std::collections::BTreeMap;

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
