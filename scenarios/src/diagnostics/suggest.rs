//! The word that the user probably meant.

/// The candidate nearest to `word`, if it is near enough to be a slip of the finger. Of a candidate in a folder, the
/// folder may be missing.
pub(crate) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let word = word.to_lowercase();
    let distances = candidates.into_iter().map(|known| {
        let whole = (distance(&word, &known.to_lowercase()), 0, known.len(), known);
        match known.rsplit_once('/') {
            Some((folder, last)) if !word.contains('/') => {
                let apart = (
                    distance(&word, &last.to_lowercase()),
                    folder.len(),
                    last.len(),
                    known,
                );
                whole.min(apart)
            }
            _ => whole,
        }
    });
    // Among candidates that are equally near, one that is whole goes first.
    let (distance, _, length, nearest) =
        distances.min_by_key(|&(distance, folder, ..)| (distance, folder))?;
    (distance <= length.div_ceil(3)).then_some(nearest)
}

/// The paths nearest to `path`, which may be the end of one, at most `most` of them, the nearest first.
pub(crate) fn nearest<'a>(path: &str, known: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<&'a str> {
    if path.len() > 128 {
        return Vec::new();
    }
    let steps = path.split('.').count();
    let allowed = path.len().div_ceil(4);
    let mut found: Vec<(usize, usize, &str)> = known
        .into_iter()
        .filter_map(|known| {
            let dots = known.rmatch_indices('.').map(|(at, _)| at + 1);
            let end = dots.chain([0]).nth(steps - 1).unwrap_or_default();
            let apart = distance(path, &known[end..]);
            let whole = distance(path, known);
            let nearest = apart.min(whole);
            (nearest <= allowed).then_some((nearest, end, known))
        })
        .collect();
    found.sort_unstable();
    let least = found.first().map_or(0, |(distance, ..)| *distance);
    found.retain(|(distance, ..)| *distance <= 2 * least + 1);
    found.into_iter().take(most).map(|(.., known)| known).collect()
}

/// `a`, `b` or `c`.
pub(crate) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<usize>>()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let fields = ["tile", "clock_mhz", "lanes_per_pe", "dma"];
        assert_eq!(did_you_mean("tiel", fields), Some("tile"));
        assert_eq!(did_you_mean("lane_per_pe", fields), Some("lanes_per_pe"));
        assert_eq!(did_you_mean("DMA", fields), Some("dma"));
        assert_eq!(did_you_mean("voltage", fields), None);
        assert_eq!(did_you_mean("x", []), None);
        let memories = ["dramsim3/hbm1", "hbm2", "published/rram_16_2_2"];
        assert_eq!(
            did_you_mean("rram_16_2_2", memories),
            Some("published/rram_16_2_2")
        );
        assert_eq!(
            did_you_mean("published/rram_16_2", memories),
            Some("published/rram_16_2_2")
        );
        assert_eq!(did_you_mean("hbm3", memories), Some("hbm2"));
    }

    #[test]
    fn words_are_listed_in_prose() {
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
