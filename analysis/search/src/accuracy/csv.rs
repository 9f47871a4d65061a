//! Small CSV files: a line of names, then a record a line.
//!
//! Fields are separated by commas and may be in double quotes, in which a doubled quote stands for one. Empty lines and those
//! that begin with `#` are left out. A field does not go over the end of a line.

use std::path::{Path, PathBuf};

use scenarios::load::Resolver;

use super::AccuracyError;

/// A CSV file whose columns have been found.
pub(super) struct Csv {
    file: String,
    /// Line, from 1, and the fields of the columns that were asked for; a missing optional column is empty.
    pub(super) records: Vec<(usize, Vec<String>)>,
}

impl Csv {
    /// Reads the file of this name, relative to `folder`.
    pub(super) fn load(
        name: &str,
        folder: &Path,
        resolver: &dyn Resolver,
        required: &[&str],
        optional: &[&str],
    ) -> Result<Self, AccuracyError> {
        let path: PathBuf = folder.join(name);
        let file = path.display().to_string();
        let wrong = |message: String, help: &str| AccuracyError::File {
            file: file.clone(),
            message,
            help: help.to_owned(),
        };
        let bytes = resolver
            .read(&path)
            .map_err(|error| wrong(format!("this cannot be read: {error}"), "a CSV file is accepted"))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| wrong("this is not text".to_owned(), "UTF-8 is accepted"))?;
        Self::parse(&file, &text, required, optional)
    }

    /// Reads `text`; `file` is what messages call it.
    pub(super) fn parse(
        file: &str,
        text: &str,
        required: &[&str],
        optional: &[&str],
    ) -> Result<Self, AccuracyError> {
        let mut csv = Self {
            file: file.to_owned(),
            records: Vec::new(),
        };
        let accepted = accepted(required, optional);
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.trim()));
        let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let Some((line, names)) = lines.next() else {
            return Err(csv.whole("this file is empty", &accepted));
        };
        let names = csv.fields(line, names)?;
        let columns = csv.columns(line, &names, required, optional, &accepted)?;
        for (line, text) in lines {
            let fields = csv.fields(line, text)?;
            if fields.len() != names.len() {
                let message = format!("{} fields, the first line names {}", fields.len(), names.len());
                return Err(csv.at(
                    line,
                    message,
                    "a list of numbers is one field if it is in double quotes",
                ));
            }
            let chosen = columns.iter().map(|column| match column {
                Some(column) => fields[*column].clone(),
                None => String::new(),
            });
            csv.records.push((line, chosen.collect()));
        }
        Ok(csv)
    }

    /// Something is wrong in a line.
    pub(super) fn at(&self, line: usize, message: impl Into<String>, help: &str) -> AccuracyError {
        AccuracyError::Line {
            file: self.file.clone(),
            line,
            message: message.into(),
            help: help.to_owned(),
        }
    }

    /// Something is wrong with the whole file.
    pub(super) fn whole(&self, message: &str, help: &str) -> AccuracyError {
        AccuracyError::File {
            file: self.file.clone(),
            message: message.to_owned(),
            help: help.to_owned(),
        }
    }

    /// What messages call the file.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// The number in a field that must not be empty.
    pub(super) fn number(&self, line: usize, name: &str, field: &str) -> Result<f64, AccuracyError> {
        if field.is_empty() {
            return Err(self.at(line, format!("the {name} is missing"), "state a number"));
        }
        let number = field.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| {
            let short: String = field.chars().take(40).collect();
            self.at(
                line,
                format!("the {name} cannot be {short:?}"),
                "a number is accepted",
            )
        })
    }

    /// Where the columns are, in the order in which they are asked for.
    fn columns(
        &self,
        line: usize,
        names: &[String],
        required: &[&str],
        optional: &[&str],
        accepted: &str,
    ) -> Result<Vec<Option<usize>>, AccuracyError> {
        let known: Vec<&str> = required.iter().chain(optional).copied().collect();
        for (index, name) in names.iter().enumerate() {
            if !known.contains(&name.as_str()) || names[..index].contains(name) {
                let short: String = name.chars().take(40).collect();
                let message = format!("there is no column {short:?}, or it stands twice");
                return Err(self.at(line, message, accepted));
            }
        }
        let columns: Vec<Option<usize>> = known
            .iter()
            .map(|known| names.iter().position(|name| name == known))
            .collect();
        match columns[..required.len()].iter().position(Option::is_none) {
            Some(missing) => {
                let message = format!("the column `{}` is missing", required[missing]);
                Err(self.at(line, message, accepted))
            }
            None => Ok(columns),
        }
    }

    fn fields(&self, line: usize, text: &str) -> Result<Vec<String>, AccuracyError> {
        let mut fields = vec![String::new()];
        let mut quoted = false;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let last = fields.len() - 1;
            match character {
                '"' if quoted && characters.peek() == Some(&'"') => {
                    characters.next();
                    fields[last].push('"');
                }
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(String::new()),
                other => fields[last].push(other),
            }
        }
        if quoted {
            return Err(self.at(
                line,
                "a double quote is not closed",
                "a field ends in the line it begins in",
            ));
        }
        Ok(fields.into_iter().map(|field| field.trim().to_owned()).collect())
    }
}

fn accepted(required: &[&str], optional: &[&str]) -> String {
    let optional: String = optional.iter().map(|name| format!("[,{name}]")).collect();
    format!(
        "the first line names the columns: {}{optional}",
        required.join(",")
    )
}
