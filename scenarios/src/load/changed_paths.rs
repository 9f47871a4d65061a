//! The fields that differ between two scenarios, by path, so that what a program changed is told from what files state.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::schema::ScenarioFile;

/// The fields that a layer states, by path.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChangedPaths {
    /// Fields that are stated with all that is in them. An empty path is the whole scenario.
    values: BTreeSet<String>,
    /// Lists whose order or length is stated, but not every item.
    lists: BTreeSet<String>,
    /// Items that stand elsewhere in the layers below: the path here, and the path there.
    moved: BTreeMap<String, String>,
}

/// Where the value of a field comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// From this layer.
    Here,
    /// From the layers below, where it has this path.
    Below(String),
}

impl ChangedPaths {
    /// Every field.
    pub(crate) fn all() -> Self {
        Self::only("")
    }

    /// The field at `path`.
    pub(crate) fn only(path: &str) -> Self {
        let mut paths = Self::default();
        paths.values.insert(path.to_owned());
        paths
    }

    /// The fields of `after` that are not as in `before`. Items of lists are followed when others are put before them or
    /// taken away: by equality, then by name, then by their place.
    pub(crate) fn between(before: &ScenarioFile, after: &ScenarioFile) -> Self {
        let mut paths = Self::default();
        paths.compare(&value(before), &value(after), "", "");
        paths
    }

    /// The fields that `file` states.
    pub(crate) fn stated_by(file: &ScenarioFile) -> Self {
        let mut paths = Self::default();
        paths.add_leaves(&value(file), "");
        paths
    }

    /// Where the value at `path` comes from. A section of which any field is stated here is said to come from here.
    pub(crate) fn origin(&self, path: &str) -> Origin {
        let here = |stated: &String| is_within(path, stated) || is_within(stated, path);
        if self.values.iter().any(here) || self.lists.iter().any(|list| is_within(list, path)) {
            return Origin::Here;
        }
        let longest = self.moved.iter().filter(|(now, _)| is_within(path, now));
        match longest.max_by_key(|(now, _)| now.len()) {
            Some((now, before)) => Origin::Below(format!("{before}{}", &path[now.len()..])),
            None => Origin::Below(path.to_owned()),
        }
    }

    /// Whether all of the value at `path` is stated here, or the order or length of the list there.
    pub(crate) fn replaces(&self, path: &str) -> bool {
        self.values.iter().any(|stated| is_within(path, stated)) || self.lists.contains(path)
    }

    /// These changes after the `earlier` ones, as one layer.
    pub(crate) fn after(mut self, earlier: &Self) -> Self {
        let values: Vec<String> = earlier
            .values
            .iter()
            .filter_map(|path| self.moved_to(path))
            .collect();
        let lists: Vec<String> = earlier
            .lists
            .iter()
            .filter_map(|path| self.moved_to(path))
            .collect();
        let mut moved: BTreeMap<String, String> = earlier
            .moved
            .iter()
            .filter_map(|(now, before)| Some((self.moved_to(now)?, before.clone())))
            .collect();
        for (now, before) in &self.moved {
            if let Origin::Below(before) = earlier.origin(before) {
                moved.insert(now.clone(), before);
            }
        }
        self.values.extend(values);
        self.lists.extend(lists);
        self.moved = moved;
        self
    }

    /// Where what was at `path` before these changes is after them; `None` if it is gone.
    fn moved_to(&self, path: &str) -> Option<String> {
        let from = self.moved.iter().filter(|(_, before)| is_within(path, before));
        match from.max_by_key(|(_, before)| before.len()) {
            Some((now, before)) => Some(format!("{now}{}", &path[before.len()..])),
            None => {
                let taken = self.moved.keys().any(|now| is_within(path, now));
                (!taken).then(|| path.to_owned())
            }
        }
    }

    /// Notes what differs between the value that was at path `old` and the one that is at `new`.
    fn compare(&mut self, before: &Value, after: &Value, old: &str, new: &str) {
        match (before, after) {
            (before, after) if before == after => {}
            (Value::Object(before), Value::Object(after)) => self.compare_fields(before, after, old, new),
            (Value::Array(before), Value::Array(after)) => self.compare_items(before, after, old, new),
            _ => {
                self.values.insert(new.to_owned());
            }
        }
    }

    fn compare_fields(
        &mut self,
        before: &Map<String, Value>,
        after: &Map<String, Value>,
        old: &str,
        new: &str,
    ) {
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for key in keys {
            let (old, new) = (field(old, key), field(new, key));
            match (before.get(key), after.get(key)) {
                (Some(before), Some(after)) => self.compare(before, after, &old, &new),
                _ => {
                    self.values.insert(new);
                }
            }
        }
    }

    fn compare_items(&mut self, before: &[Value], after: &[Value], old: &str, new: &str) {
        let sources = sources(before, after);
        let in_order = sources
            .iter()
            .enumerate()
            .all(|(index, from)| from.is_none_or(|from| from == index));
        if !in_order || before.len() != after.len() {
            self.lists.insert(new.to_owned());
        }
        for (index, (item, source)) in after.iter().zip(sources).enumerate() {
            let here = format!("{new}[{index}]");
            let Some(from) = source else {
                self.values.insert(here);
                continue;
            };
            let there = format!("{old}[{from}]");
            self.compare(&before[from], item, &there, &here);
            if there != here {
                self.moved.insert(here, there);
            }
        }
    }

    fn add_leaves(&mut self, value: &Value, path: &str) {
        match value {
            Value::Object(fields) if !fields.keys().any(|key| is_variant(key)) => {
                for (key, value) in fields {
                    self.add_leaves(value, &field(path, key));
                }
            }
            _ => {
                self.values.insert(path.to_owned());
            }
        }
    }
}

/// For each item of `after` the item of `before` that it comes from, each of those at most once.
fn sources(before: &[Value], after: &[Value]) -> Vec<Option<usize>> {
    let mut taken = vec![false; before.len()];
    let mut sources: Vec<Option<usize>> = (0..after.len())
        .map(|index| (before.get(index) == Some(&after[index])).then_some(index))
        .collect();
    for index in sources.iter().flatten() {
        taken[*index] = true;
    }
    let by_text = |value: &Value| Some(value.to_string());
    let by_name = |value: &Value| Some(value.get("name")?.as_str()?.to_owned());
    for key in [&by_text as &dyn Fn(&Value) -> Option<String>, &by_name] {
        let mut free: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for index in (0..before.len()).rev().filter(|&index| !taken[index]) {
            if let Some(key) = key(&before[index]) {
                free.entry(key).or_default().push(index);
            }
        }
        for (source, item) in sources
            .iter_mut()
            .zip(after)
            .filter(|(source, _)| source.is_none())
        {
            let known = key(item).and_then(|key| free.get_mut(&key)?.pop());
            if let Some(index) = known {
                taken[index] = true;
                *source = Some(index);
            }
        }
    }
    for (index, source) in sources.iter_mut().enumerate().take(before.len()) {
        let renamed = by_name(&before[index]).is_none() || before.len() == after.len();
        if source.is_none() && !taken[index] && renamed {
            *source = Some(index);
        }
    }
    sources
}

/// The path of a field. Names of enum variants add nothing to a path, as in files.
fn field(path: &str, key: &str) -> String {
    match (path, is_variant(key)) {
        (path, true) => path.to_owned(),
        ("", false) => key.to_owned(),
        (path, false) => format!("{path}.{key}"),
    }
}

fn is_variant(key: &str) -> bool {
    key.starts_with(|first: char| first.is_ascii_uppercase())
}

/// Whether `path` is `outer` or a part of it.
pub(super) fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer)
        .is_some_and(|rest| outer.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
}

fn value(file: &ScenarioFile) -> Value {
    // Serialising a scenario cannot fail; were it otherwise, all of it would count as changed.
    serde_json::to_value(file).unwrap_or_default()
}

#[cfg(test)]
mod tests;
