//! A small YAML reader that keeps source positions: mappings and scalars, as configurations have them.

use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScanError, Span};
use scenarios::diagnostics::{Problem, Source};

/// The deepest nesting that is accepted; configurations have three levels.
const MAX_DEPTH: usize = 16;

/// A value and its position, in characters of the text.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A word or a number, as written.
    Scalar(String),
    /// A list. Nothing here reads its elements.
    List,
    /// Keys and values, in the order of the text.
    Mapping(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) node: Node,
}

/// A parsed YAML text.
#[derive(Clone, Debug)]
pub(super) struct Document {
    source: Arc<Source>,
    root: Node,
}

impl Document {
    /// Reads the only document of `source`.
    pub(super) fn parse(source: Arc<Source>) -> Result<Self, Problem> {
        let mut builder = Builder {
            source: &source,
            open: Vec::new(),
            root: None,
        };
        let mut parser = Parser::new_from_str(source.text());
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| no_yaml(&source, &error))?;
            builder.take(event, span)?;
        }
        let empty = Node {
            span: 0..0,
            value: Value::Mapping(Vec::new()),
        };
        let root = builder.root.unwrap_or(empty);
        Ok(Self { source, root })
    }

    pub(super) fn root(&self) -> &Node {
        &self.root
    }

    /// The entry at a path of keys separated by dots.
    pub(super) fn find(&self, path: &str) -> Option<&Entry> {
        let mut entries = self.root.entries();
        let mut found = None;
        for key in path.split('.') {
            let entry = entries.iter().find(|entry| entry.key == key)?;
            entries = entry.node.entries();
            found = Some(entry);
        }
        found
    }

    /// A problem at a place of the text.
    pub(super) fn problem(&self, span: &Range<usize>, message: impl Into<String>) -> Problem {
        problem(&self.source, span, message)
    }
}

impl Node {
    /// The entries of a mapping; empty for anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }
}

/// A collection whose end has not been read yet.
struct Open {
    node: Node,
    /// The key whose value comes next.
    key: Option<(String, Range<usize>)>,
}

struct Builder<'a> {
    source: &'a Arc<Source>,
    open: Vec<Open>,
    root: Option<Node>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let span = span.start.index()..span.end.index();
        match event {
            Event::Scalar(text, ..) => self.add(Node {
                span,
                value: Value::Scalar(text.into_owned()),
            }),
            Event::SequenceStart(..) => self.begin(Node {
                span,
                value: Value::List,
            }),
            Event::MappingStart(..) => self.begin(Node {
                span,
                value: Value::Mapping(Vec::new()),
            }),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.add(open.node),
                None => Ok(()),
            },
            Event::Alias(_) => Err(problem(self.source, &span, "an alias cannot be read here")
                .with_help("write the value itself")),
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(problem(self.source, &span, "a second document begins here")
                    .with_help("one document per file is accepted"))
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, node: Node) -> Result<(), Problem> {
        if self.open.len() == MAX_DEPTH {
            return Err(problem(self.source, &node.span, "this is nested too deeply")
                .with_help(format!("{MAX_DEPTH} levels are read")));
        }
        self.open.push(Open { node, key: None });
        Ok(())
    }

    /// Puts a node where it belongs: a key or a value of a mapping, an element of a list, or the document itself.
    fn add(&mut self, node: Node) -> Result<(), Problem> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        let Value::Mapping(entries) = &mut open.node.value else {
            return Ok(());
        };
        let Some((key, key_span)) = open.key.take() else {
            let Value::Scalar(key) = node.value else {
                return Err(problem(self.source, &node.span, "a key is a word"));
            };
            // Configurations have a dozen keys: a linear search is as good as a map.
            if entries.len() == MAX_KEYS {
                return Err(problem(self.source, &node.span, "there are too many keys")
                    .with_help(format!("{MAX_KEYS} are read")));
            }
            if entries.iter().any(|entry| entry.key == key) {
                return Err(
                    problem(self.source, &node.span, format!("`{key}` is stated twice"))
                        .with_help("state it once"),
                );
            }
            open.key = Some((key, node.span));
            return Ok(());
        };
        entries.push(Entry { key, key_span, node });
        Ok(())
    }
}

/// The most keys of a mapping.
const MAX_KEYS: usize = 1000;

fn no_yaml(source: &Arc<Source>, error: &ScanError) -> Problem {
    let at = error.marker().index();
    problem(
        source,
        &(at..at + 1),
        format!("this is not YAML: {}", error.info()),
    )
}

/// A problem at a range of characters.
fn problem(source: &Arc<Source>, span: &Range<usize>, message: impl Into<String>) -> Problem {
    let text = source.text();
    let byte = |character: usize| {
        let mut offsets = text.char_indices().map(|(offset, _)| offset);
        offsets.nth(character).unwrap_or(text.len())
    };
    Problem::at(source, byte(span.start)..byte(span.end), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Document, Problem> {
        Document::parse(Arc::new(Source::new("c.yaml", text)))
    }

    #[test]
    fn values_are_found_by_path_with_their_place() {
        let document = parse("# ü\ntile:\n  tile_b: 1 # one\npe: '64'\n").unwrap();
        let entry = document.find("tile.tile_b").unwrap();
        assert!(matches!(&entry.node.value, Value::Scalar(text) if text == "1"));
        let problem = document.problem(&entry.node.span, "here");
        let (source, span) = problem.place().map(|place| (place.source, place.span)).unwrap();
        assert_eq!(&source.text()[span], "1");
        assert!(document.find("tile.tile_c").is_none() && document.find("pe.x").is_none());
        assert!(parse("").unwrap().root().entries().is_empty());
    }

    #[test]
    fn hostile_texts_are_refused() {
        let deep = "[".repeat(100_000);
        let deeper: String = (0..200)
            .map(|level| format!("{}a:\n", " ".repeat(level)))
            .collect();
        let bomb = "a: &a [1]\nb: *a\n";
        for text in [
            "a: 1\na: 2\n",
            "{",
            "a: [",
            "\t- x: [",
            "? [1]\n: 2\n",
            "--- 1\n--- 2\n",
            "a: \"",
            &deep,
            &deeper,
            bomb,
            "*a",
        ] {
            assert!(
                parse(text).is_err(),
                "{}",
                text.chars().take(40).collect::<String>()
            );
        }
    }
}
