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
    for file in ["audio/pyannote_sample.wav", "video/grid_bbaf2n.mpg", "formats/refi_qda/skyloom_TestProject.qdpx"] {
        let message = open(data.join(file)).unwrap_err();
        println!("{message}");
        assert!(message.starts_with("this "), "{message}");
    }
}

/// File, format, turns, turns with start and end, people, warnings.
const OTHERS: &[(&str, &str, usize, usize, usize, usize)] = &[
    ("aws/transcribe_example-call.docx", "Word document", 37, 37, 2, 1),
    ("aws/transcribe_example-call.json", "Amazon Call Analytics", 37, 37, 2, 0),
    ("bbc_kaldi/KateDarling-bbcKaldi-speakers.json", "Kaldi JSON", 49, 49, 2, 0),
    ("chat/batchalign_test.cha", "CHAT", 13, 13, 1, 0),
    ("chat/batchalign_unlinked.cha", "CHAT", 1, 1, 1, 0),
    ("docx/qualcoder_ID1.docx", "Word document", 3, 0, 0, 1),
    ("eaf/act_SYNC_rotar_y_flexionar.eaf", "ELAN", 25, 25, 2, 0),
    ("eaf/pympi_sample_2.8.eaf", "ELAN", 399, 399, 0, 1),
    ("eaf/pympi_sample_3.0.eaf", "ELAN", 399, 399, 0, 1),
    ("eaf/speach_fables.eaf", "ELAN", 16, 16, 1, 1),
    ("eaf/speach_test.eaf", "ELAN", 8, 8, 1, 1),
    ("rttm_stm/meeteval_hyp.rttm", "RTTM", 4, 4, 2, 1),
    ("rttm_stm/meeteval_hyp.stm", "STM", 4, 4, 2, 1),
    ("rttm_stm/meeteval_hyp1.ctm", "CTM", 2, 2, 0, 1),
    ("rttm_stm/meeteval_ref.rttm", "RTTM", 3, 3, 2, 2),
    ("rttm_stm/meeteval_ref.stm", "STM", 4, 3, 2, 2),
    ("stt_json/amazon-transcribe__amazonTranscribe.sample.json", "Amazon Transcribe", 52, 52, 0, 0),
    ("stt_json/amazon-transcribe__todayinfocus.sample.json", "Amazon Transcribe", 15, 15, 2, 0),
    ("stt_json/amazon-transcribe__todayinfocuswords.sample.json", "Amazon Transcribe", 3, 3, 2, 0),
    ("stt_json/autoEdit2__autoEdit2TedTalkTranscript.sample.json", "autoEdit JSON", 51, 51, 1, 0),
    ("stt_json/bbc-kaldi__bbcKaldiSpeakerSegments.sample.json", "Kaldi JSON", 77, 77, 5, 0),
    ("stt_json/bbc-kaldi__bbcKaldiTranscriptWithSpeakerSegments.sample.json", "Kaldi JSON", 49, 49, 2, 0),
    ("stt_json/bbc-kaldi__kaldiTedTalkTranscript.sample.json", "Kaldi JSON", 47, 47, 0, 0),
    ("stt_json/digital-paper-edit__digitalPaperEdit.sample.json", "digital-paper-edit JSON", 22, 22, 2, 0),
    ("stt_json/speechmatics__speechmaticsTedTalkTranscript.sample.json", "Speechmatics JSON", 43, 43, 3, 0),
    ("textgrid/act_ARG_I_PAR_Beto.TextGrid", "TextGrid", 14, 14, 2, 0),
    ("textgrid/act_ARG_I_PER_Alejo.TextGrid", "TextGrid", 10, 10, 2, 0),
    ("textgrid/act_ARG_RADIO_BettyJoseSacristan2.TextGrid", "TextGrid", 20, 20, 2, 0),
    ("textgrid/act_BOL_CBBA_SoniaYJanette.TextGrid", "TextGrid", 106, 106, 6, 0),
    ("textgrid/act_BOL_CCBA_SP_MeryGaby1.TextGrid", "TextGrid", 12, 12, 3, 0),
    ("textgrid/batchalign_utterance.TextGrid", "TextGrid", 12, 12, 2, 0),
    ("textgrid/batchalign_word.TextGrid", "TextGrid", 7, 7, 2, 0),
    ("textgrid/praatio_bobby_elan_long.TextGrid", "TextGrid", 5, 1, 0, 1),
    ("textgrid/praatio_mary.TextGrid", "TextGrid", 1, 1, 0, 1),
    ("whisper_json/gaenswein15.words.json", "Whisper JSON", 3, 3, 0, 0),
    ("whisper_json/punctuations.srt", "SRT", 1, 1, 0, 0),
    ("whisper_json/punctuations.vtt", "WebVTT", 1, 1, 0, 1),
    ("whisper_json/punctuations.words.json", "Whisper JSON", 1, 1, 0, 0),
    ("whisper_json/smartphone.words.json", "Whisper JSON", 38, 38, 0, 0),
];

#[test]
fn files_of_other_programs_are_read() {
    let Some(data) = data() else {
        println!("skipped: no ATTUNE_DATA");
        return;
    };
    for &(file, format, turns, timed, people, warnings) in OTHERS {
        let found = open(data.join("formats").join(file)).unwrap_or_else(|error| panic!("{error}"));
        let with_span = found.turns.iter().filter(|turn| turn.span.is_some()).count();
        let seen = (found.format.as_str(), found.turns.len(), with_span, found.speakers().len(), found.warnings.len());
        assert_eq!(seen, (format, turns, timed, people, warnings), "{file}: {:?}", found.warnings);
    }
}

#[test]
fn the_words_of_recognisers_have_their_times() {
    let Some(data) = data() else {
        println!("skipped: no ATTUNE_DATA");
        return;
    };
    // Those of segments alone, and of a list of who speaks when, hold no words.
    let without = ["bbc-kaldi__bbcKaldiSpeakerSegments"];
    let files =
        OTHERS.iter().filter(|one| one.0.ends_with(".json") && !without.iter().any(|name| one.0.contains(name)));
    for (file, ..) in files {
        let found = open(data.join("formats").join(file)).unwrap();
        let written: u32 = found.turns.iter().map(attune::transcript::Turn::words).sum();
        let timed: Vec<_> = found.turns.iter().flat_map(|turn| &turn.timed).collect();
        let sure = timed.iter().filter(|word| word.confidence.is_some()).count();
        println!("{file}: {written} words, {} with times, {sure} with a confidence", timed.len());
        assert!(timed.len() as f64 > 0.97 * f64::from(written), "{file}: {} of {written}", timed.len());
        for turn in &found.turns {
            assert!(turn.timed.windows(2).all(|pair| pair[0].chars.1 <= pair[1].chars.0), "{file}: {}", turn.text);
            assert!(turn.timed.windows(2).all(|pair| pair[0].span.start() <= pair[1].span.start()), "{file}");
        }
    }
}
