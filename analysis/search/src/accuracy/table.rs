//! Measured accuracies.

use std::path::Path;

use scenarios::load::Resolver;
use scenarios::transformer::Transformer;

use super::AccuracyError;
use super::csv::Csv;
use crate::space::Genome;
use crate::space::transformer::VECTOR_LENGTH;

/// The shipped tables, by name.
pub const SHIPPED: [(&str, &str); 1] = [("published-glue", include_str!("../../data/published-glue.csv"))];

/// Measured accuracies of some transformers. It answers for these and no others.
///
/// A table is a CSV file with the columns `transformer`, `accuracy` and, if known, `sd`, in percent. A transformer is a quoted
/// list of 37 numbers, the path of a model dictionary relative to the table, or the name of a shipped one.
#[derive(Clone, Debug, PartialEq)]
pub struct AccuracyTable {
    name: String,
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    transformer: Transformer,
    /// The genome of a transformer of the published space.
    genome: Option<Genome>,
    accuracy: f64,
    sd: f64,
}

impl AccuracyTable {
    /// The shipped table of this name, or else the file of this name, relative to `folder`.
    ///
    /// # Errors
    /// There is neither, or what is wrong with it, with the line.
    pub fn load(name: &str, folder: &Path, resolver: &dyn Resolver) -> Result<Self, AccuracyError> {
        if let Some((_, text)) = SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
            return Self::parse(name, text, folder, resolver);
        }
        let is_file = name.contains(['/', '\\', '.']);
        if !is_file {
            let shipped = SHIPPED.map(|(shipped, _)| format!("`{shipped}`")).join(", ");
            return Err(AccuracyError::File {
                file: name.to_owned(),
                message: "no table of this name is shipped".to_owned(),
                help: format!("shipped are {shipped}; files end in `.csv`"),
            });
        }
        let csv = Csv::load(name, folder, resolver, &COLUMNS, &OPTIONAL)?;
        let path = folder.join(name);
        Self::of_csv(name, &csv, path.parent().unwrap_or(folder), resolver)
    }

    /// The table in `text`; `name` is what messages call it, and dictionaries are relative to `folder`.
    ///
    /// # Errors
    /// What is wrong with it, with the line.
    pub fn parse(
        name: &str,
        text: &str,
        folder: &Path,
        resolver: &dyn Resolver,
    ) -> Result<Self, AccuracyError> {
        let csv = Csv::parse(name, text, &COLUMNS, &OPTIONAL)?;
        Self::of_csv(name, &csv, folder, resolver)
    }

    fn of_csv(name: &str, csv: &Csv, folder: &Path, resolver: &dyn Resolver) -> Result<Self, AccuracyError> {
        let mut rows: Vec<(usize, Row)> = Vec::new();
        for (line, fields) in &csv.records {
            let row = read_row(csv, *line, fields, folder, resolver)?;
            let same = rows
                .iter()
                .find(|(_, known)| known.transformer == row.transformer);
            if let Some((first, _)) = same {
                let message = format!("this transformer has an accuracy already, in line {first}");
                return Err(csv.at(*line, message, "state each transformer once"));
            }
            rows.push((*line, row));
        }
        if rows.is_empty() {
            return Err(csv.whole(
                "there are no rows",
                "state at least one transformer and its accuracy",
            ));
        }
        if rows.iter().all(|(_, row)| row.accuracy <= 1.0) {
            return Err(csv.whole(
                "all accuracies are at most 1: percent, not a share?",
                "percent are accepted",
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            rows: rows.into_iter().map(|(_, row)| row).collect(),
        })
    }

    /// The transformers, in the order of the rows, with heads sorted by kind.
    pub fn transformers(&self) -> impl ExactSizeIterator<Item = &Transformer> {
        self.rows.iter().map(|row| &row.transformer)
    }

    /// Mean, in percent, and standard deviation, in points, of a transformer that the table has.
    pub(super) fn find(&self, transformer: &Transformer) -> Result<(f64, f64), AccuracyError> {
        // Those of the table itself are sorted already.
        self.first(|row| row.transformer == *transformer).or_else(|_| {
            let sorted = sorted(transformer.clone());
            self.first(|row| row.transformer == sorted)
        })
    }

    /// As [`find`](Self::find), for a transformer of the published space.
    pub(super) fn find_genome(&self, genome: &Genome) -> Result<(f64, f64), AccuracyError> {
        self.first(|row| row.genome.as_ref() == Some(genome))
    }

    fn first(&self, is: impl Fn(&Row) -> bool) -> Result<(f64, f64), AccuracyError> {
        let row = self.rows.iter().find(|row| is(row));
        row.map(|row| (row.accuracy, row.sd))
            .ok_or_else(|| AccuracyError::Missing {
                table: self.name.clone(),
            })
    }

    pub(super) fn source(&self) -> String {
        format!("table {}", self.name)
    }
}

const COLUMNS: [&str; 2] = ["transformer", "accuracy"];
const OPTIONAL: [&str; 1] = ["sd"];

fn read_row(
    csv: &Csv,
    line: usize,
    fields: &[String],
    folder: &Path,
    resolver: &dyn Resolver,
) -> Result<Row, AccuracyError> {
    let [transformer, accuracy, sd] = fields else {
        return Err(csv.at(line, "fields are missing", "transformer,accuracy[,sd]"));
    };
    let transformer = read_transformer(csv, line, transformer, folder, resolver)?;
    let accuracy = csv.number(line, "accuracy", accuracy)?;
    if !(0.0..=100.0).contains(&accuracy) {
        let message = format!("an accuracy cannot be {accuracy}");
        return Err(csv.at(line, message, "percent from 0 to 100 are accepted"));
    }
    let sd = match sd.as_str() {
        "" => 0.0,
        stated => csv.number(line, "standard deviation", stated)?,
    };
    if !(0.0..=100.0).contains(&sd) {
        let message = format!("a standard deviation cannot be {sd}");
        return Err(csv.at(line, message, "points from 0 to 100 are accepted"));
    }
    let transformer = sorted(transformer);
    Ok(Row {
        genome: Genome::of_transformer(&transformer).ok(),
        transformer,
        accuracy,
        sd,
    })
}

const TRANSFORMERS: &str =
    "a quoted list of 37 numbers, a model dictionary that ends in `.json`, or a shipped name are accepted";

fn read_transformer(
    csv: &Csv,
    line: usize,
    field: &str,
    folder: &Path,
    resolver: &dyn Resolver,
) -> Result<Transformer, AccuracyError> {
    if field.is_empty() {
        return Err(csv.at(line, "the transformer is missing", TRANSFORMERS));
    }
    let is_list = field.starts_with('[') || field.contains(',');
    if is_list {
        let vector = read_vector(field).ok_or_else(|| {
            let message = "the transformer is not a list of whole numbers";
            csv.at(
                line,
                message,
                &format!("{VECTOR_LENGTH} whole numbers separated by commas are accepted"),
            )
        })?;
        let genome =
            Genome::of_vector(&vector).map_err(|error| csv.at(line, error.to_string(), TRANSFORMERS))?;
        return Ok(genome.to_transformer());
    }
    let found = if field.ends_with(".json") {
        Transformer::load(folder.join(field), resolver).map(|(transformer, _)| transformer)
    } else {
        Transformer::shipped(field)
    };
    found.map_err(|problems| csv.at(line, problems.to_string(), TRANSFORMERS))
}

/// The numbers of a list, with or without brackets.
fn read_vector(field: &str) -> Option<Vec<u32>> {
    let inner = field.strip_prefix('[').and_then(|field| field.strip_suffix(']'));
    let words = inner.unwrap_or(field).split(',');
    words.map(|word| word.trim().parse().ok()).collect()
}

/// The transformer with the heads of each layer in one order, since their outputs are summed.
fn sorted(mut transformer: Transformer) -> Transformer {
    for layer in &mut transformer.layers {
        layer.heads.sort_unstable();
    }
    transformer
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use super::*;
    use crate::accuracy::{AccuracyFile, AccuracyModel};

    const DICTIONARY: &str = r#"{"l": 1, "o": [["c_5_64", "sa_sdp_64"]], "h": [128], "f": [[512]]}"#;

    fn files(table: &str) -> BTreeMap<PathBuf, String> {
        [("study/t.csv", table), ("study/models/mine.json", DICTIONARY)]
            .map(|(path, text)| (PathBuf::from(path), text.to_owned()))
            .into()
    }

    fn read(table: &str) -> Result<AccuracyTable, AccuracyError> {
        AccuracyTable::load("t.csv", Path::new("study"), &files(table))
    }

    #[test]
    fn the_shipped_table_has_thirteen_scores() {
        let stated = AccuracyFile::Table("published-glue".to_owned());
        let model = AccuracyModel::load(&stated, Path::new("."), &files(""))
            .unwrap()
            .unwrap();
        let AccuracyModel::Table(table) = &model else {
            panic!()
        };
        assert_eq!(table.transformers().len(), 13);
        let scores = table
            .transformers()
            .map(|transformer| model.of_transformer(transformer).unwrap());
        let best = scores.max_by(|a, b| a.mean.total_cmp(&b.mean)).unwrap();
        assert_eq!(
            (best.mean, best.sd, best.source.as_str()),
            (83.78, 0.0, "table published-glue")
        );
        let tiny = Transformer::shipped("bert-tiny").unwrap();
        let wrong = model.of_transformer(&tiny).unwrap_err().to_string();
        assert!(
            wrong.contains("published-glue") && wrong.contains("add a row"),
            "{wrong}"
        );
    }

    #[test]
    fn a_transformer_is_a_vector_a_dictionary_or_a_name() {
        let zeros = vec!["0"; 35].join(", ");
        let table = format!(
            "# mine\naccuracy,sd,transformer\n81.5,0.5,\"[0, 1, {zeros}]\"\n\n70,,models/mine.json\n64.2,1,bert-tiny\n"
        );
        let table = read(&table).unwrap();
        assert_eq!(table.transformers().len(), 3);
        let tiny = Transformer::shipped("bert-tiny").unwrap();
        assert_eq!(table.find(&tiny), Ok((64.2, 1.0)));
        assert_eq!(
            table.find_genome(&Genome::of_transformer(&tiny).unwrap()),
            Ok((64.2, 1.0))
        );
        let (mine, _) = Transformer::parse("mine.json", DICTIONARY).unwrap();
        assert_eq!(table.find(&mine), Ok((70.0, 0.0)));
    }

    #[test]
    fn wrong_tables_are_answered_with_their_line() {
        for (table, place, message) in [
            ("", "t.csv", "empty"),
            ("transformer,accuracy\n", "t.csv", "no rows"),
            ("transformer,score\nbert-tiny,70\n", "t.csv:1", "\"score\""),
            ("transformer\nbert-tiny\n", "t.csv:1", "`accuracy` is missing"),
            ("transformer,accuracy\nbert-tiny\n", "t.csv:2", "1 fields"),
            (
                "transformer,accuracy\nbert-tiny,70\nbert-base,\n",
                "t.csv:3",
                "accuracy is missing",
            ),
            ("transformer,accuracy\n,70\n", "t.csv:2", "transformer is missing"),
            (
                "transformer,accuracy\nbert-tiny,NaN\n",
                "t.csv:2",
                "cannot be \"NaN\"",
            ),
            ("transformer,accuracy\nbert-tiny,101\n", "t.csv:2", "0 to 100"),
            ("transformer,accuracy\nbert-tiny,-1\n", "t.csv:2", "0 to 100"),
            (
                "transformer,accuracy,sd\nbert-tiny,70,-1\n",
                "t.csv:2",
                "standard deviation",
            ),
            (
                "transformer,accuracy\nbert-tiny,0.7\nbert-base,0.8\n",
                "t.csv",
                "percent, not a share?",
            ),
            (
                "transformer,accuracy\nbert-tiny,70\n\nbert-tiny,71\n",
                "t.csv:4",
                "in line 2",
            ),
            (
                "transformer,accuracy\nbert-tin,70\n",
                "t.csv:2",
                "did you mean `bert-tiny`",
            ),
            ("transformer,accuracy\nnone.json,70\n", "t.csv:2", "none.json"),
            (
                "transformer,accuracy\n\"1,2\",70\n",
                "t.csv:2",
                "37 numbers, not of 2",
            ),
            ("transformer,accuracy\n\"1,x\",70\n", "t.csv:2", "whole numbers"),
            ("transformer,accuracy\n\"1,70\n", "t.csv:2", "not closed"),
        ] {
            let wrong = read(table).unwrap_err().to_string();
            assert!(
                wrong.contains(place) && wrong.contains(message),
                "{table}\n{wrong}"
            );
        }
        let missing = AccuracyTable::load("other.csv", Path::new("study"), &files("")).unwrap_err();
        assert!(missing.to_string().contains("other.csv"), "{missing}");
        let unknown = AccuracyTable::load("published-glu", Path::new("study"), &files("")).unwrap_err();
        assert!(unknown.to_string().contains("`published-glue`"), "{unknown}");
    }

    #[test]
    fn the_order_of_heads_does_not_matter() {
        let (mine, _) = Transformer::parse("mine.json", DICTIONARY).unwrap();
        let mut turned = mine.clone();
        turned.layers[0].heads.reverse();
        let table = read("transformer,accuracy\nmodels/mine.json,70\n").unwrap();
        assert_eq!(table.find(&turned), table.find(&mine));
    }
}
