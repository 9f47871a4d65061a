//! Where in a text the value of a field stands.
//!
//! Parsed values carry no positions, so a second, tolerant pass walks the source again and follows the path of the
//! field: `accelerator.tile.x`, `workload.transformer.layers[2].heads[0]`. It reads RON and JSON alike, goes on
//! as far as it can in broken text, and keeps nothing: a place is looked for only when there is something to say of
//! it. Names of enum variants add nothing to a path, and `Some(..)` is looked through.

mod scanner;

use std::ops::{ControlFlow, Range};

pub use scanner::MAX_NESTING;
use scanner::{Segment, scan};

/// What kind of value stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Fields in parentheses or braces, without a name: a section, which other files may extend.
    Section,
    /// Anything else: a word, a number, a text, a list, a named variant. Other files replace it as a whole.
    Whole,
}

/// A value in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Located {
    /// The bytes of its key, or of the value itself if it has no key.
    pub(crate) key: Range<usize>,
    /// The bytes of the value.
    pub(crate) value: Range<usize>,
    /// What stands there.
    pub(crate) shape: Shape,
    /// How many steps of the path led here.
    pub(crate) steps: usize,
    /// Whether that is the whole path.
    pub(crate) complete: bool,
}

/// Finds the value at `path`, or the nearest one around it that is there.
pub(crate) fn locate(text: &str, path: &str) -> Option<Located> {
    let path = parse_path(path);
    let mut best: Option<Located> = None;
    scan(text, &mut |steps, entry| {
        let leads_there =
            steps.len() <= path.len() && steps.iter().zip(&path).all(|(step, wanted)| step == wanted);
        if leads_there && best.as_ref().is_none_or(|best| best.steps < steps.len()) {
            best = Some(Located {
                key: entry.key.clone().unwrap_or_else(|| entry.value.clone()),
                value: entry.value.clone(),
                shape: if entry.section {
                    Shape::Section
                } else {
                    Shape::Whole
                },
                steps: steps.len(),
                complete: steps.len() == path.len(),
            });
        }
        match &best {
            Some(best) if best.complete => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    });
    best
}

/// The innermost value around byte `offset` or just before it, and its path.
pub(crate) fn value_at(text: &str, offset: usize) -> Option<(String, Range<usize>)> {
    let mut best: Option<(String, Range<usize>)> = None;
    scan(text, &mut |steps, entry| {
        let value = &entry.value;
        let holds = value.start <= offset && offset <= value.end;
        if holds && best.as_ref().is_none_or(|(_, best)| value.len() < best.len()) {
            best = Some((write_path(steps), value.clone()));
        }
        ControlFlow::Continue(())
    });
    best
}

/// The innermost brackets around byte `offset`, and the path of what is in them.
pub(crate) fn section_at(text: &str, offset: usize) -> Option<(String, Range<usize>)> {
    let mut innermost: Option<(String, Range<usize>)> = None;
    scan(text, &mut |steps, entry| {
        let value = &entry.value;
        let around = value.contains(&offset) && text[..value.end].ends_with([')', ']', '}']);
        if around
            && innermost
                .as_ref()
                .is_none_or(|(_, innermost)| value.len() < innermost.len())
        {
            innermost = Some((write_path(steps), value.clone()));
        }
        ControlFlow::Continue(())
    });
    innermost
}

/// All values of the text: their paths, their bytes, and whether they are sections. Inner ones come first.
pub(crate) fn values(text: &str) -> Vec<(String, Range<usize>, bool)> {
    let mut found = Vec::new();
    scan(text, &mut |steps, entry| {
        found.push((write_path(steps), entry.value.clone(), entry.section));
        ControlFlow::Continue(())
    });
    found
}

/// The bracket that is opened and never closed, the last of them.
pub(crate) fn unclosed(text: &str) -> Option<usize> {
    scan(text, &mut |_, _| ControlFlow::Continue(()))
}

fn parse_path(path: &str) -> Vec<Segment<'_>> {
    path.split(['.', '['])
        .filter(|part| !part.is_empty())
        .map(
            |part| match part.strip_suffix(']').and_then(|index| index.parse().ok()) {
                Some(index) => Segment::Index(index),
                None => Segment::Field(part),
            },
        )
        .collect()
}

fn write_path(steps: &[Segment<'_>]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Segment::Field(field) if path.is_empty() => path.push_str(field),
            Segment::Field(field) => path.extend([".", field]),
            Segment::Index(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_at<'a>(text: &'a str, path: &str) -> &'a str {
        let found = locate(text, path).filter(|found| found.complete);
        found.map_or("", |found| &text[found.value])
    }

    #[test]
    fn paths_lead_through_sections_lists_variants_and_some() {
        let text = r###"#![enable(implicit_some)]
        // a: 1
        (a: (b: 2, /* b: 3 /* nested */ */ c: [10, Head(kind: X, dimension: 5), (d: 1)],),
         t: Inline(layers: [(hidden: 7)]), s: Some(Some(4)), r#raw: r##"x ")"# y"##, ch: ')', q: "a\"),", p: Preset("z"))"###;
        for (path, expected) in [
            ("a.b", "2"),
            ("a.c[0]", "10"),
            ("a.c[1].dimension", "5"),
            ("a.c[1].kind", "X"),
            ("a.c[2].d", "1"),
            ("t.layers[0].hidden", "7"),
            ("s", "4"),
            ("raw", "r##\"x \")\"# y\"##"),
            ("ch", "')'"),
            ("q", "\"a\\\"),\""),
            ("p[0]", "\"z\""),
            ("p", "Preset(\"z\")"),
            ("a.z", ""),
        ] {
            assert_eq!(text_at(text, path), expected, "{path}");
        }
    }

    #[test]
    fn json_is_read_by_the_same_rules() {
        let text = r#"{"l": 2, "o": [["sa_sdp_64", "c_5_64"], ["l_dft_3"]], "f": [[512]]}"#;
        assert_eq!(text_at(text, "o[0][1]"), "\"c_5_64\"");
        assert_eq!(text_at(text, "f[0][0]"), "512");
    }

    #[test]
    fn what_is_not_stated_gives_the_nearest_around_it() {
        let text = "(a: (b: 1), t: Some(Preset(\"x\")), n: Inline(layers: []))";
        let found = locate(text, "a.z.y").map(|found| (&text[found.value], found.shape, found.complete));
        assert_eq!(found, Some(("(b: 1)", Shape::Section, false)));
        let found = locate(text, "n.layers[3].hidden").map(|found| (&text[found.value], found.shape));
        assert_eq!(found, Some(("[]", Shape::Whole)));
    }

    #[test]
    fn the_value_at_an_offset_is_the_innermost() {
        let text = "(a: (b: 12.5, c: 1))";
        let found = value_at(text, text.find(".5").unwrap_or_default());
        assert_eq!(found, Some(("a.b".to_owned(), 8..12)));
    }

    #[test]
    fn broken_text_is_walked_to_its_end() {
        for text in [
            "",
            "(",
            "(a:",
            "(a: [1, (",
            "\"",
            "r#\"",
            "/*",
            "'",
            "(a: 1]])}",
            "\u{feff}(a: é)",
            "(a b c, : ,,)",
        ] {
            let _ = locate(text, "a.b");
            let _ = unclosed(text);
        }
        assert_eq!(unclosed("(a: [1, 2)"), Some(4));
        assert_eq!(unclosed("(a: [1, 2])"), None);
        for piece in ["[", "(", "{", "Some(", "a(", "(a: ", "/*", "Some((["] {
            let deep = piece.repeat(100_000);
            let _ = (
                locate(&deep, "a"),
                value_at(&deep, 50),
                section_at(&deep, 50),
                unclosed(&deep),
            );
        }
    }
}
