//! Tables: rows with described columns, written as CSV, JSON or Parquet with the same numbers.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::export::number::plain;
use crate::transcript::own;

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Text; empty text counts as nothing.
    Text(String),
    /// A number; one that is none counts as nothing.
    Number(f64),
    /// A whole number.
    Whole(i64),
    /// Nothing was measured, or there is nothing to say.
    Nothing,
}

impl Cell {
    /// A 32-bit number as people would write it: .1 stays .1.
    pub fn single(number: f32) -> Self {
        number.to_string().parse().ok().filter(|number: &f64| number.is_finite()).map_or(Self::Nothing, Self::Number)
    }

    /// Text or nothing.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Nothing } else { Self::Text(text) }
    }

    /// A number or nothing.
    pub fn maybe(number: Option<f64>) -> Self {
        number.filter(|number| number.is_finite()).map_or(Self::Nothing, Self::Number)
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// Numbers.
    Number,
    /// Whole numbers.
    Whole,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// In the header; ends in its unit where it has one.
    pub name: String,
    /// Unit, or what kind of value.
    pub unit: String,
    /// What it holds.
    pub kind: Kind,
    /// One sentence; says when the cell is empty.
    pub meaning: String,
}

impl Column {
    /// A column.
    pub fn new(name: &str, unit: &str, kind: Kind, meaning: &str) -> Self {
        Self { name: name.into(), unit: unit.into(), kind, meaning: meaning.into() }
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Name of its file without ending.
    pub name: &'static str,
    /// Columns in order.
    pub columns: Vec<Column>,
    /// Rows, each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
}

/// Free text for a cell. Spreadsheet programs run a cell that begins like a formula, so such text gets an apostrophe in
/// front, which they read as "this is text".
fn guarded(text: &str) -> String {
    let is_formula = text.trim_start_matches('\'').starts_with(own::FORMULA) || text.starts_with(['\t', '\r']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

impl Table {
    /// Writes rows as CSV (RFC 4180: comma, CR LF, UTF-8), with a header line where `header` says so.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn write_csv(&self, header: bool, to: impl Write) -> io::Result<()> {
        let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(to);
        let failed = |error: csv::Error| match error.into_kind() {
            csv::ErrorKind::Io(inner) => inner,
            other => io::Error::other(format!("{other:?}")),
        };
        if header {
            table.write_record(self.columns.iter().map(|column| column.name.as_str())).map_err(failed)?;
        }
        for row in &self.rows {
            for cell in row {
                let text = match cell {
                    Cell::Text(text) => guarded(text),
                    Cell::Number(number) if number.is_finite() => plain(*number).to_string(),
                    Cell::Whole(number) => number.to_string(),
                    Cell::Number(_) | Cell::Nothing => String::new(),
                };
                table.write_field(text).map_err(failed)?;
            }
            table.write_record(None::<&[u8]>).map_err(failed)?;
        }
        table.flush()
    }

    /// Its columns as CSV: name, unit, what kind of value, meaning.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn write_columns(&self, to: impl Write) -> io::Result<()> {
        let column = |name: &str| Column::new(name, "", Kind::Text, "");
        let told = Self {
            name: "columns",
            columns: ["column", "unit", "type", "meaning"].map(column).into(),
            rows: self
                .columns
                .iter()
                .map(|column| {
                    let kind = match column.kind {
                        Kind::Text => "text",
                        Kind::Number => "number",
                        Kind::Whole => "whole number",
                    };
                    vec![
                        Cell::text(&column.name),
                        Cell::text(&column.unit),
                        Cell::text(kind),
                        Cell::text(&column.meaning),
                    ]
                })
                .collect(),
        };
        told.write_csv(true, to)
    }

    /// Its rows as JSON objects; what is empty is left out.
    pub fn to_json(&self) -> Value {
        let row = |row: &Vec<Cell>| {
            let mut object = Map::new();
            for (column, cell) in self.columns.iter().zip(row) {
                let value = match cell {
                    Cell::Text(text) => json!(text),
                    Cell::Number(number) if number.is_finite() => json!(plain(*number)),
                    Cell::Whole(number) => json!(number),
                    Cell::Number(_) | Cell::Nothing => continue,
                };
                object.insert(column.name.clone(), value);
            }
            Value::Object(object)
        };
        Value::Array(self.rows.iter().map(row).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(cell: Cell) -> Table {
        Table { name: "t", columns: vec![Column::new("a", "", Kind::Text, "")], rows: vec![vec![cell]] }
    }

    fn check(cell: Cell, csv: &str) {
        let mut text = Vec::new();
        table(cell).write_csv(true, &mut text).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), format!("a\r\n{csv}\r\n"));
    }

    #[test]
    fn cells_are_written_so_that_tools_read_them() {
        check(Cell::single(0.1), "0.1");
        check(Cell::single(f32::NAN), "\"\"");
        check(Cell::Number(0.7 + 0.1), "0.8");
        check(Cell::single(-0.0), "0");
        check(Cell::text("'=1"), "''=1");
        check(Cell::text("=1+1"), "'=1+1");
        check(Cell::text("a, \"b\""), "\"a, \"\"b\"\"\"");
        check(Cell::Whole(-3), "-3");
        assert_eq!(table(Cell::Nothing).to_json(), json!([{}]));
    }
}
