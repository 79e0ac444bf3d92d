//! Tables and tracks as Parquet, a folder for each session: `events/session=S001/events.parquet`. Readers take the session
//! from the folder's name, so the files have no column of it.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::table::{Cell, Kind, Table};

/// Writes a table without its column `session`. The same table gives the same bytes.
pub(super) fn write(table: &Table, to: impl Write + Send) -> io::Result<()> {
    let kept: Vec<usize> = (0..table.columns.len()).filter(|index| table.columns[*index].name != "session").collect();
    let field = |index: &usize| {
        let column = &table.columns[*index];
        let kind = match column.kind {
            Kind::Text => DataType::Utf8,
            Kind::Number => DataType::Float64,
            Kind::Whole => DataType::Int64,
        };
        let told = [("unit".to_owned(), column.unit.clone()), ("meaning".to_owned(), column.meaning.clone())];
        Field::new(&column.name, kind, true).with_metadata(std::collections::HashMap::from(told))
    };
    let schema = Arc::new(Schema::new(kept.iter().map(field).collect::<Vec<_>>()));
    let properties = WriterProperties::builder()
        .set_created_by(concat!("attune ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(Default::default()))
        .build();
    let columns = kept.iter().map(|index| array(table, *index)).collect();
    let batch = RecordBatch::try_new(schema.clone(), columns).map_err(io::Error::other)?;
    let mut writer = ArrowWriter::try_new(to, schema, Some(properties)).map_err(as_io)?;
    writer.write(&batch).map_err(as_io)?;
    writer.close().map_err(as_io)?;
    Ok(())
}

fn array(table: &Table, index: usize) -> Arc<dyn Array> {
    let cells = table.rows.iter().map(|row| row.get(index).unwrap_or(&Cell::Nothing));
    match table.columns[index].kind {
        Kind::Text => Arc::new(
            cells
                .map(|cell| if let Cell::Text(text) = cell { Some(text.as_str()) } else { None })
                .collect::<StringArray>(),
        ),
        Kind::Number => Arc::new(
            cells
                .map(|cell| match cell {
                    Cell::Number(number) => Some(*number),
                    Cell::Whole(number) => Some(*number as f64),
                    _ => None,
                })
                .collect::<Float64Array>(),
        ),
        Kind::Whole => Arc::new(
            cells.map(|cell| if let Cell::Whole(number) = cell { Some(*number) } else { None }).collect::<Int64Array>(),
        ),
    }
}

/// Keeps "disk full" recognisable.
fn as_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(inner) => *inner,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
