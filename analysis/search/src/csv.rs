//! A table as comma-separated values (RFC 4180, with line feeds).

use std::fmt::{Display, Write as _};

use crate::table::{Column, Table};

/// One line for the names of the columns, and one for each row. What is missing is empty.
#[must_use]
pub fn of_table(table: &Table) -> String {
    let names: Vec<String> = table.columns().iter().map(|(name, _)| field(name)).collect();
    let mut text = names.join(",") + "\n";
    for row in 0..table.rows() {
        for (place, (_, column)) in table.columns().iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            match column {
                Column::Text(values) => {
                    let value = values[row].as_deref();
                    text.push_str(&value.map_or_else(String::new, field));
                }
                Column::Integer(values) => push(&mut text, values[row]),
                Column::Number(values) => push(&mut text, values[row]),
            }
        }
        text.push('\n');
    }
    text
}

fn push(text: &mut String, value: Option<impl Display>) {
    if let Some(value) = value {
        let _ = write!(text, "{value}");
    }
}

/// Text as a field: in quotation marks if it needs them.
fn field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_where_it_must_be() {
        assert_eq!(field("64 PEs"), "64 PEs");
        assert_eq!(field("a, \"b\""), "\"a, \"\"b\"\"\"");
    }
}
