//! Real transcripts of several programs, where they are present.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says what broke by panicking")]

use std::path::PathBuf;

use attune::transcript::{ColumnMap, Settings, Transcript, read};

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("ATTUNE_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    folder.is_dir().then_some(folder)
}

fn open(file: PathBuf) -> Result<Transcript, String> {
    let settings: Settings = toml::from_str(&std::fs::read_to_string("config/transcript.toml").unwrap()).unwrap();
    read(&file, &ColumnMap::default(), &settings).map_err(|error| error.to_string())
}

#[test]
fn real_transcripts_are_read() {
    let Some(data) = data() else {
        println!("skipped: no ATTUNE_DATA");
        return;
    };
    // File, format, turns, warnings.
    let expect = [
        ("formats/vtt_srt/webvttpy_captions_with_bom.vtt", "WebVTT", 4, 0),
        ("formats/vtt_srt/webvttpy_comments.vtt", "WebVTT", 5, 0),
        ("formats/vtt_srt/webvttpy_cue_tags.vtt", "WebVTT", 3, 0),
        ("formats/vtt_srt/webvttpy_invalid_timeframe.vtt", "WebVTT", 7, 1),
        ("formats/vtt_srt/webvttpy_metadata_headers.vtt", "WebVTT", 2, 0),
        ("formats/vtt_srt/webvttpy_missing_caption_text.vtt", "WebVTT", 4, 1),
        ("formats/vtt_srt/webvttpy_missing_timeframe.srt", "SRT", 4, 1),
        ("formats/vtt_srt/webvttpy_sample.sbv", "SBV", 5, 1),
        ("formats/vtt_srt/webvttpy_sample.srt", "SRT", 5, 0),
        ("formats/vtt_srt/webvttpy_sample.vtt", "WebVTT", 16, 0),
        ("formats/vtt_srt/webvttpy_styles.vtt", "WebVTT", 1, 0),
        ("formats/vtt_srt/webvttpy_two_captions.sbv", "SBV", 2, 0),
        ("formats/vtt_srt/webvttpy_using_identifiers.vtt", "WebVTT", 6, 0),
        ("audio/pyannote_sample.stm", "STM", 13, 0),
        ("therapy_text/AnnoMI-full.even_transcripts.csv", "CSV", 7117, 1),
    ];
    for (file, format, turns, warnings) in expect {
        let found = open(data.join(file)).unwrap_or_else(|error| panic!("{error}"));
        println!("{file}: {} {} turns, {:?}", found.format, found.turns.len(), found.warnings);
        assert_eq!(found.format, format, "{file}");
        assert_eq!(found.turns.len(), turns, "{file}: {:?}", found.warnings);
        assert_eq!(found.warnings.len(), warnings, "{file}: {:?}", found.warnings);
    }
    let meeting = open(data.join("formats/rttm_stm/meeteval_ref.stm")).unwrap();
    assert_eq!(meeting.turns.len(), 4, "one recording of two, and not its empty line");
    assert!(open(data.join("formats/vtt_srt/webvttpy_no_captions.vtt")).unwrap_err().contains("no turn"));
    for file in ["formats/docx/qualcoder_ID1.docx", "audio/pyannote_sample.wav", "video/grid_bbaf2n.mpg"] {
        let message = open(data.join(file)).unwrap_err();
        println!("{message}");
        assert!(message.starts_with("this "), "{message}");
    }
}
