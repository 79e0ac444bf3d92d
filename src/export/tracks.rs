//! `tracks.parquet`: every measurement, one row per number.
//!
//! ## Why this shape
//! Sound is measured every 10 ms and faces every 80 ms: one wide table would be seven parts empty. A long table is what
//! pandas, R and DuckDB filter and pivot best, and sorted by track, person and time it costs no more than wide ones:
//! text columns are dictionaries, and numbers are split into their bytes before zstd (measured: `docs/results.md`).
//!
//! The numbers are stored to the last bit, so [`read`] gives back what [`write`] got.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, AsArray, DictionaryArray, Float32Array, Float32Builder, Float64Array, Int32Array, RecordBatch, StringArray,
};
use arrow::datatypes::{DataType, Field, Float32Type, Int32Type, Schema};
use ndarray::{Array1, Array2};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, Encoding};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};

use crate::time::FrameGrid;
use crate::track::{Track, Tracks, Unit, Who};

/// Columns that hold numbers.
const NUMBERS: [&str; 3] = ["time_s", "value", "confidence"];
/// Columns that hold words.
const WORDS: [&str; 4] = ["track", "who", "column", "unit"];
/// Rows handed to the writer at once: bounds memory, changes no byte of the result's meaning.
const BATCH_ROWS: usize = 1 << 16;
/// Rows of a row group: what a reader must hold at least to read a part.
const GROUP_ROWS: usize = 1 << 20;
/// Key of the description of all tracks in the file's metadata.
const KEY: &str = "attune.tracks";

/// What the rows of one track cannot say.
#[derive(Serialize, Deserialize)]
struct Described {
    track: String,
    who: Who,
    unit: Unit,
    grid: FrameGrid,
    columns: Vec<String>,
    has_confidence: bool,
}

/// Why tracks could not be read back.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the tracks ({message}): scan the recording again: {file}")]
pub struct TracksError {
    message: String,
    file: String,
}

/// Writes all tracks. The same tracks give the same bytes.
///
/// # Errors
/// Those of `to`.
pub fn write(tracks: &Tracks, to: impl Write + Send) -> io::Result<()> {
    let described: Vec<_> = tracks
        .iter()
        .map(|(name, track)| Described {
            track: name.to_owned(),
            who: track.who,
            unit: track.unit,
            grid: track.grid,
            columns: track.columns.clone(),
            has_confidence: track.confidence.is_some(),
        })
        .collect();
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("attune ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(Default::default()))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_key_value_metadata(Some(vec![KeyValue::new(KEY.to_owned(), serde_json::to_string(&described)?)]));
    for name in NUMBERS {
        let path = ColumnPath::from(name);
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT);
    }
    let schema = schema();
    let mut writer = ArrowWriter::try_new(to, schema.clone(), Some(properties.build())).map_err(as_io)?;
    for (name, track) in tracks.iter() {
        let frames_at_once = (BATCH_ROWS / track.columns.len().max(1)).max(1);
        for from in (0..track.grid.len).step_by(frames_at_once) {
            let to = (from + frames_at_once).min(track.grid.len);
            writer.write(&batch(&schema, name, track, from, to).map_err(io::Error::other)?).map_err(as_io)?;
        }
        // A reader that wants one track then skips the others' row groups unread.
        writer.flush().map_err(as_io)?;
    }
    writer.close().map_err(as_io)?;
    Ok(())
}

fn schema() -> Arc<Schema> {
    let words = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let mut fields: Vec<_> = WORDS.iter().map(|name| Field::new(*name, words.clone(), false)).collect();
    fields.push(Field::new("time_s", DataType::Float64, false));
    fields.push(Field::new("value", DataType::Float32, true));
    fields.push(Field::new("confidence", DataType::Float32, true));
    Arc::new(Schema::new(fields))
}

/// Rows of frames `from..to`, columns of a frame side by side.
fn batch(
    schema: &Arc<Schema>,
    name: &str,
    track: &Track,
    from: usize,
    to: usize,
) -> Result<RecordBatch, arrow::error::ArrowError> {
    let width = track.columns.len();
    let rows = (to - from) * width;
    let same = |word: String| -> Result<Arc<dyn Array>, arrow::error::ArrowError> {
        let words = StringArray::from(vec![word]);
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(Int32Array::from(vec![0; rows]), Arc::new(words))?))
    };
    let keys: Int32Array = (0..to - from).flat_map(|_| (0_i32..).take(width)).collect();
    let columns = DictionaryArray::<Int32Type>::try_new(keys, Arc::new(StringArray::from(track.columns.clone())))?;
    let mut times = Vec::with_capacity(rows);
    let mut values = Float32Builder::with_capacity(rows);
    let mut confidences = Float32Builder::with_capacity(rows);
    let measured = |value: f32| (!value.is_nan()).then_some(value);
    for frame in from..to {
        let time = track.grid.time(frame).unwrap_or(track.grid.first).secs_f64();
        let confidence = track.confidence.as_ref().and_then(|all| all.get(frame).copied()).and_then(measured);
        for column in 0..width {
            times.push(time);
            values.append_option(track.values.get([frame, column]).copied().and_then(measured));
            confidences.append_option(confidence);
        }
    }
    let unit = serde_json::to_value(track.unit).ok().and_then(|unit| unit.as_str().map(str::to_owned));
    RecordBatch::try_new(
        schema.clone(),
        vec![
            same(name.to_owned())?,
            same(track.who.to_string())?,
            Arc::new(columns),
            same(unit.unwrap_or_default())?,
            Arc::new(Float64Array::from(times)),
            Arc::new(values.finish()),
            Arc::new(confidences.finish()),
        ],
    )
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

/// Reads back what [`write`] wrote.
///
/// # Errors
/// [`TracksError`] if the file is not there, damaged, cut off or not ours.
pub fn read(file: &Path) -> Result<Tracks, TracksError> {
    let fail = |message: String| TracksError { message, file: file.display().to_string() };
    let reader = File::open(file)
        .map_err(|e| fail(e.to_string()))
        .and_then(|file| ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| fail(e.to_string())))?;
    let metadata = reader.metadata().file_metadata();
    let text = metadata
        .key_value_metadata()
        .and_then(|all| all.iter().find(|pair| pair.key == KEY)?.value.clone())
        .ok_or_else(|| fail(format!("it holds no {KEY:?}, so it was not written by Attune")))?;
    let described: Vec<Described> = serde_json::from_str(&text).map_err(|e| fail(e.to_string()))?;
    let rows: Option<usize> =
        described.iter().try_fold(0_usize, |sum, d| sum.checked_add(d.grid.len.checked_mul(d.columns.len())?));
    if rows.and_then(|rows| i64::try_from(rows).ok()) != Some(metadata.num_rows()) {
        return Err(fail("its description does not fit its rows".into()));
    }
    let (mut values, mut confidences) = (Vec::new(), Vec::new());
    let mut waiting = described.into_iter();
    let mut tracks = Tracks::new();
    let mut next = waiting.next();
    let mut settle = |values: &mut Vec<f32>, confidences: &mut Vec<f32>, last: bool| -> Result<(), TracksError> {
        while let Some(description) = &next {
            let rows = description.grid.len * description.columns.len();
            if values.len() < rows {
                break;
            }
            let rest = (values.split_off(rows), confidences.split_off(rows));
            let (own, sure) = (std::mem::replace(values, rest.0), std::mem::replace(confidences, rest.1));
            let track = assemble(description, own, &sure).ok_or_else(|| fail("a track has no columns".into()))?;
            tracks.insert(&description.track, track);
            next = waiting.next();
        }
        if last && next.is_some() { Err(fail("rows are missing at its end".into())) } else { Ok(()) }
    };
    for batch in reader.with_batch_size(BATCH_ROWS).build().map_err(|e| fail(e.to_string()))? {
        let batch = batch.map_err(|e| fail(e.to_string()))?;
        let numbers =
            |name: &str| -> Option<&Float32Array> { batch.column_by_name(name)?.as_primitive_opt::<Float32Type>() };
        let (Some(value), Some(confidence)) = (numbers("value"), numbers("confidence")) else {
            return Err(fail("its columns are not those of Attune".into()));
        };
        values.extend(value.iter().map(|value| value.unwrap_or(f32::NAN)));
        confidences.extend(confidence.iter().map(|value| value.unwrap_or(f32::NAN)));
        settle(&mut values, &mut confidences, false)?;
    }
    settle(&mut values, &mut confidences, true)?;
    Ok(tracks)
}

fn assemble(description: &Described, values: Vec<f32>, confidences: &[f32]) -> Option<Track> {
    let (frames, width) = (description.grid.len, description.columns.len());
    let confidence: Array1<f32> = confidences.iter().copied().step_by(width.max(1)).collect();
    Some(Track {
        who: description.who,
        unit: description.unit,
        grid: description.grid,
        columns: description.columns.clone(),
        values: Array2::from_shape_vec((frames, width), values).ok()?,
        confidence: description.has_confidence.then_some(confidence),
    })
}
