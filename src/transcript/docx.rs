//! Word documents (.docx): the text of paragraphs and tables, which is then read as any other text. (ECMA-376, part 1,
//! 17.3 and 17.4.)

use std::io::{Cursor, Read};

use quick_xml::Reader;
use quick_xml::events::Event;

use super::clean::speech_and_notes;
use super::{ColumnMap, Draft, Settings, Turn, plain, table, xml};

/// A zip file that holds a document.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") && bytes.windows(5).take(1 << 16).any(|window| window == b"word/")
}

/// One paragraph, or one table with its rows of cells.
enum Block {
    Paragraph(String),
    Table(Vec<Vec<String>>),
}

/// What is wrong with the document, and what to do.
type Trouble = (String, &'static str);

pub(super) fn parse(bytes: &[u8], columns: &ColumnMap, settings: &Settings) -> Result<Draft, Trouble> {
    let damaged = |what: String| (format!("this Word document is damaged ({what})"), "save it again, or as plain text");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| damaged(e.to_string()))?;
    let document = archive.by_name("word/document.xml").map_err(|e| damaged(e.to_string()))?;
    let mut text = Vec::new();
    let limit = settings.read.max_bytes;
    document.take(limit + 1).read_to_end(&mut text).map_err(|e| damaged(e.to_string()))?;
    if text.len() as u64 > limit {
        let what = "the text inside this Word document is too large for a transcript".to_owned();
        return Err((what, "check that it is the transcript, or raise read.max_bytes in transcript.toml"));
    }
    let text = String::from_utf8_lossy(&text);
    let (blocks, trouble) = blocks(&text);
    let mut draft = from_tables(&blocks, columns, settings).unwrap_or_else(|| plain::parse(&lines(&blocks), settings));
    if draft.turns.is_empty() {
        draft = paragraphs(&blocks, settings);
    }
    draft.format = "Word document";
    if let Some(trouble) = trouble {
        draft.warn(0, format!("the document is damaged ({trouble}); what stands before is read"));
    }
    Ok(draft)
}

/// The document's blocks in order, and what was wrong where it broke off.
fn blocks(text: &str) -> (Vec<Block>, Option<String>) {
    let mut blocks = Vec::new();
    let mut reader = Reader::from_str(text);
    let (mut said, mut in_text, mut depth) = (String::new(), false, 0_usize);
    let mut rows: Vec<Vec<String>> = Vec::new();
    let trouble = loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => break Some(error.to_string()),
        };
        match &event {
            Event::Eof => break None,
            Event::Start(tag) => match tag.local_name().as_ref() {
                "t" => in_text = true,
                "tbl" => depth += 1,
                "tr" if depth == 1 => rows.push(Vec::new()),
                "tc" if depth == 1 => said.clear(),
                _ => {}
            },
            Event::Empty(tag) => match tag.local_name().as_ref() {
                "tab" => said.push('\t'),
                "br" | "cr" => said.push('\n'),
                _ => {}
            },
            Event::End(tag) => match tag.local_name().as_ref() {
                "t" => in_text = false,
                "p" if depth == 0 => blocks.push(Block::Paragraph(std::mem::take(&mut said))),
                "p" => said.push(' '),
                "tc" if depth == 1 => {
                    let cell = std::mem::take(&mut said).split_whitespace().collect::<Vec<_>>().join(" ");
                    rows.last_mut().into_iter().for_each(|row| row.push(cell.clone()));
                }
                "tbl" => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        blocks.push(Block::Table(std::mem::take(&mut rows)));
                    }
                }
                _ => {}
            },
            _ if in_text => xml::add_text(&mut said, &event),
            _ => {}
        }
    };
    if !rows.is_empty() {
        blocks.push(Block::Table(rows));
    }
    (blocks, trouble)
}

/// The first table whose header says that it is a transcript, and those of the same width after it.
fn from_tables(blocks: &[Block], columns: &ColumnMap, settings: &Settings) -> Option<Draft> {
    blocks.iter().find_map(|block| {
        let Block::Table(rows) = block else { return None };
        if rows.first()?.len() < 2 {
            return None;
        }
        let mut writer = csv::WriterBuilder::new().delimiter(b'\t').flexible(true).from_writer(Vec::new());
        rows.iter().try_for_each(|row| writer.write_record(row)).ok()?;
        let text = String::from_utf8(writer.into_inner().ok()?).ok()?;
        let layout = table::layout(&text, columns, settings).ok()??;
        let draft = table::parse(&text, &layout, settings);
        (!draft.turns.is_empty()).then_some(draft)
    })
}

/// Each paragraph a turn of nobody in particular.
fn paragraphs(blocks: &[Block], settings: &Settings) -> Draft {
    let mut draft = Draft::new("Word document");
    draft.warn(0, "nobody is named in this document: each paragraph was taken as a turn of an unknown speaker");
    for block in blocks {
        if let Block::Paragraph(said) = block {
            let (text, notes) = speech_and_notes(said, &settings.notes);
            draft.push(Turn { text, notes, ..Turn::default() });
        }
    }
    draft
}

/// Paragraphs as lines; a table's rows with tabs between cells, a two-column one as `name: text`.
fn lines(blocks: &[Block]) -> String {
    let mut text = String::new();
    for block in blocks {
        match block {
            Block::Paragraph(paragraph) => text.push_str(paragraph),
            Block::Table(rows) => {
                for row in rows {
                    match row.as_slice() {
                        [name, said] => text.push_str(&format!("{}: {said}", name.trim_end_matches(':'))),
                        cells => text.push_str(&cells.join("\t")),
                    }
                    text.push('\n');
                }
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::write::SimpleFileOptions;

    use super::super::tests::{picture, settings};
    use super::super::{Transcript, TranscriptError, parse};
    use super::ColumnMap;

    fn document(body: &str) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        writer.start_file("word/document.xml", options).unwrap();
        write!(writer, "<?xml version=\"1.0\"?><w:document><w:body>{body}</w:body></w:document>").unwrap();
        writer.finish().unwrap().into_inner()
    }

    fn read(bytes: &[u8]) -> Result<Transcript, TranscriptError> {
        parse(bytes, "made.docx", &ColumnMap::default(), &settings())
    }

    fn paragraph(text: &str) -> String {
        format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
    }

    #[test]
    fn paragraphs_are_lines() {
        let body = paragraph("Therapist [00:00:01]: What &amp; why?") + &paragraph("Client [00:00:04]: Dunno.");
        let found = read(&document(&body)).unwrap();
        assert_eq!(found.format, "Word document");
        assert_eq!(picture(&found), ["1000-? Therapist: What & why?", "4000-? Client: Dunno."]);
    }

    #[test]
    fn a_table_with_a_header_is_read_as_one() {
        let cell = |text: &str| format!("<w:tc>{}</w:tc>", paragraph(text));
        let row = |cells: [&str; 3]| format!("<w:tr>{}</w:tr>", cells.map(cell).concat());
        let body = paragraph("Report")
            + "<w:tbl>"
            + &row(["Start", "Speaker", "Content"])
            + &row(["0.5", "A", "So, yes"])
            + &row(["1:02", "B", "No"])
            + "</w:tbl>";
        assert_eq!(picture(&read(&document(&body)).unwrap()), ["500-? A: So, yes", "62000-? B: No"]);
    }

    #[test]
    fn damaged_and_swollen_documents_are_refused() {
        let whole = document(&paragraph("A: yes"));
        for length in [30, 60, whole.len() / 2, whole.len() - 10] {
            let error = read(&whole[..length]).unwrap_err().to_string();
            assert!(error.contains("damaged") || error.contains("office"), "{error}");
        }
        let mut small = settings();
        small.read.max_bytes = 10_000;
        let swollen = document(&paragraph(&"a".repeat(1_000_000)));
        assert!(swollen.len() < 10_000);
        let error = parse(&swollen, "made.docx", &ColumnMap::default(), &small).unwrap_err().to_string();
        assert!(error.contains("too large"), "{error}");
    }
}
