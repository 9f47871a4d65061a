//! The tolerant pass over RON or JSON text.

use std::ops::{ControlFlow, Range};

/// The deepest nesting of brackets in a file.
pub const MAX_NESTING: usize = 48;

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment<'a> {
    /// Into a field or the entry of a map.
    Field(&'a str),
    /// Into an element of a list or of a tuple.
    Index(usize),
}

/// A value that was passed.
#[derive(Debug)]
pub(super) struct Entry {
    /// The bytes of its key, if it has one.
    pub(super) key: Option<Range<usize>>,
    /// Its own bytes.
    pub(super) value: Range<usize>,
    /// Whether it is a group of fields without a name.
    pub(super) section: bool,
}

/// Calls `visit` for every value of `text`, inner ones first, until it breaks off. Gives the innermost bracket that is never closed.
pub(super) fn scan<'a>(
    text: &'a str,
    visit: &mut dyn FnMut(&[Segment<'a>], &Entry) -> ControlFlow<()>,
) -> Option<usize> {
    let mut scanner = Scanner {
        text,
        at: 0,
        steps: Vec::new(),
        depth: 0,
        unclosed: None,
        visit,
    };
    scanner.attributes();
    scanner.value(None);
    scanner.unclosed
}

struct Scanner<'a, 'v> {
    text: &'a str,
    at: usize,
    steps: Vec<Segment<'a>>,
    depth: usize,
    unclosed: Option<usize>,
    visit: &'v mut dyn FnMut(&[Segment<'a>], &Entry) -> ControlFlow<()>,
}

impl<'a> Scanner<'a, '_> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn skip_while(&mut self, accepted: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !accepted(c)).unwrap_or(rest.len());
    }

    /// Moves behind the next `end`, or to the end of the text.
    fn skip_past(&mut self, end: &str) {
        let rest = self.rest();
        self.at += rest.find(end).map_or(rest.len(), |start| start + end.len());
    }

    fn attributes(&mut self) {
        self.trivia();
        while self.rest().starts_with("#![") {
            self.skip_past("]");
            self.trivia();
        }
    }

    /// White space and comments.
    fn trivia(&mut self) {
        loop {
            self.skip_while(|c| c.is_whitespace() || c == '\u{feff}');
            if self.rest().starts_with("//") {
                self.skip_past("\n");
            } else if self.rest().starts_with("/*") {
                self.block_comment();
            } else {
                return;
            }
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0u32;
        while self.at < self.text.len() {
            if self.rest().starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if self.rest().starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else {
                self.bump();
            }
        }
    }

    /// A value and all that is in it.
    fn value(&mut self, key: Option<Range<usize>>) {
        self.trivia();
        let start = self.at;
        let name = self.word();
        let after_name = self.at;
        self.trivia();
        let section = match self.peek() {
            Some(open @ ('(' | '[' | '{')) if name.is_empty() || open == '(' => {
                if name == "Some" {
                    return self.look_through(key);
                }
                let section = name.is_empty() && open != '[';
                self.bracketed();
                section
            }
            _ => {
                self.at = after_name;
                self.literal(name);
                false
            }
        };
        let value = start..self.at;
        if (self.visit)(&self.steps, &Entry { key, value, section }).is_break() {
            self.at = self.text.len();
        }
    }

    /// `Some(value)`: the value alone, under the path of the whole.
    fn look_through(&mut self, key: Option<Range<usize>>) {
        if !self.enter() {
            return;
        }
        self.value(key);
        self.depth -= 1;
        self.trivia();
        if self.peek() == Some(',') {
            self.bump();
            self.trivia();
        }
        if self.peek() == Some(')') {
            self.bump();
        }
    }

    /// Goes into a bracket. Too deep, it gives the rest of the text up.
    fn enter(&mut self) -> bool {
        self.bump();
        let shallow = self.depth < MAX_NESTING;
        if shallow {
            self.depth += 1;
        } else {
            self.at = self.text.len();
        }
        shallow
    }

    fn word(&mut self) -> &'a str {
        let start = self.at;
        if self.peek().is_some_and(|c| c.is_alphabetic() || c == '_') {
            self.skip_while(|c| c.is_alphanumeric() || c == '_');
            if &self.text[start..self.at] == "r" && is_raw_identifier(self.rest()) {
                self.bump();
                self.skip_while(|c| c.is_alphanumeric() || c == '_');
            }
        }
        &self.text[start..self.at]
    }

    /// The items between the bracket that stands here and the one that closes it.
    fn bracketed(&mut self) {
        let open = self.at;
        let close = match self.peek() {
            Some('(') => ')',
            Some('[') => ']',
            _ => '}',
        };
        if !self.enter() {
            return;
        }
        let closed = self.items(close);
        self.depth -= 1;
        if !closed {
            self.unclosed.get_or_insert(open);
        }
    }

    /// All up to the bracket `close`; whether it came.
    fn items(&mut self, close: char) -> bool {
        let mut index = 0;
        loop {
            self.trivia();
            match self.peek() {
                Some(c) if c == close => {
                    self.bump();
                    return true;
                }
                None | Some(')' | ']' | '}') => return false,
                Some(',') => self.bump(),
                Some(_) => {
                    self.item(index);
                    index += 1;
                }
            }
        }
    }

    /// `key: value` or a value alone. Moves by one character at least.
    fn item(&mut self, index: usize) {
        let start = self.at;
        match self.key() {
            Some((name, key)) => {
                self.steps.push(Segment::Field(name));
                self.value(Some(key));
            }
            None => {
                self.at = start;
                self.steps.push(Segment::Index(index));
                self.value(None);
            }
        }
        self.steps.pop();
        if self.at == start {
            self.bump();
        }
    }

    fn key(&mut self) -> Option<(&'a str, Range<usize>)> {
        let start = self.at;
        let name = if self.peek() == Some('"') {
            self.quoted('"');
            self.text[start..self.at].trim_matches('"')
        } else {
            self.word().trim_start_matches("r#")
        };
        let key = start..self.at;
        self.trivia();
        if name.is_empty() || self.peek() != Some(':') || self.rest().starts_with("::") {
            return None;
        }
        self.bump();
        Some((name, key))
    }

    /// A number, a text or a character; `prefix` has been read already.
    fn literal(&mut self, prefix: &str) {
        let rest = self.rest();
        let raw = matches!(prefix, "r" | "br") && rest.trim_start_matches('#').starts_with('"');
        if raw {
            let hashes = rest.len() - rest.trim_start_matches('#').len();
            self.at += hashes + 1;
            self.skip_past(&format!("\"{}", "#".repeat(hashes)));
            return;
        }
        match self.peek() {
            Some(quote @ ('"' | '\'')) if matches!(prefix, "" | "b") => self.quoted(quote),
            _ => self.skip_while(|c| {
                !c.is_whitespace() && !matches!(c, ',' | ')' | ']' | '}' | '(' | '[' | '{' | ':' | '"' | '/')
            }),
        }
    }

    fn quoted(&mut self, quote: char) {
        self.bump();
        while let Some(c) = self.peek() {
            self.bump();
            if c == '\\' {
                self.bump();
            } else if c == quote {
                return;
            }
        }
    }
}

fn is_raw_identifier(rest: &str) -> bool {
    let after = rest.strip_prefix('#').and_then(|after| after.chars().next());
    after.is_some_and(|c| c.is_alphabetic() || c == '_')
}
