//! Links between the pages of the repository lead somewhere: to a file that is there, and to a heading that it has.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::root;

/// Every page of the repository: those at its root, and of its folders but hidden ones and those that builds make.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "book" {
                pages.extend(self::pages(&path));
            }
        } else if name.ends_with(".md") {
            pages.push(path);
        }
    }
    pages
}

/// The lines of a page that are not code.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    page.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !is_fence && !in_code
    })
}

/// Where the links of a page lead.
fn targets(page: &str) -> Vec<String> {
    let links = prose(page).flat_map(|line| line.split("](").skip(1));
    links
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
        .collect()
}

/// The anchors of a page's headings, as GitHub and mdBook make them.
fn anchors(page: &str) -> Vec<String> {
    let headings = prose(page).filter_map(|line| {
        let text = line.trim_start_matches('#');
        (text.len() < line.len())
            .then(|| text.strip_prefix(' '))
            .flatten()
    });
    let anchor = |heading: &str| {
        let letters = heading.trim().chars().filter_map(|letter| match letter {
            ' ' => Some('-'),
            '-' | '_' => Some(letter),
            letter if letter.is_alphanumeric() => Some(letter.to_ascii_lowercase()),
            _ => None,
        });
        letters.collect()
    };
    headings.map(anchor).collect()
}

/// What is wrong with a link of the page at `from`.
fn fault(from: &Path, target: &str) -> Option<String> {
    let is_elsewhere = ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| target.starts_with(scheme));
    // Items, on a page that is a crate's documentation, are checked by rustdoc.
    if is_elsewhere || target.contains("::") {
        return None;
    }
    let (file, anchor) = target
        .split_once('#')
        .map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let path = if file.is_empty() {
        from.to_owned()
    } else {
        from.parent().unwrap().join(file)
    };
    if !path.exists() {
        return Some(format!("{}: {target} is not there", from.display()));
    }
    let anchor = anchor?;
    let known = anchors(&fs::read_to_string(&path).unwrap_or_default());
    (!known.iter().any(|known| known == anchor))
        .then(|| format!("{}: {target} has no such heading", from.display()))
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let (mut links, mut faults) = (0, Vec::new());
    for page in pages(&root()) {
        for target in targets(&fs::read_to_string(&page).unwrap()) {
            links += 1;
            faults.extend(fault(&page, &target));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(links > 60, "{links}");
}

#[test]
fn a_broken_link_is_noticed() {
    let readme = root().join("README.md");
    assert_eq!(fault(&readme, "docs/memory.md"), None);
    assert_eq!(fault(&readme, "docs/memory.md#controllers"), None);
    assert_eq!(fault(&readme, "https://example.org/nothing"), None);
    assert!(fault(&readme, "docs/memories.md").is_some());
    assert!(fault(&readme, "docs/memory.md#no-such-heading").is_some());
    assert_eq!(
        anchors("# A `b`, c-d: e\n```\n# no\n```\n## F"),
        ["a-b-c-d-e", "f"]
    );
    assert_eq!(
        targets("[a](b.md) and [c](d.md#e)\n```\n[f](g)\n```"),
        ["b.md", "d.md#e"]
    );
}
