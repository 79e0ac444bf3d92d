//! Made files of each recogniser's shape.

use super::super::tests::{check, error_of};

#[test]
fn whisper_and_its_kin() {
    let plain = r#"{"text": " a b", "segments": [{"id": 0, "start": 0.5, "end": 1.5, "text": " How are you?"},
        {"start": 2, "end": 3.25, "text": " Fine. (laughs)"}], "language": "en"}"#;
    check(plain, "Whisper JSON", &["500-1500 : How are you?", "2000-3250 : Fine. {laughs}"]);
    let x = r#"{"segments": [{"start": 0, "end": 2, "text": "so yes", "speaker": "SPEAKER_00", "words": [
        {"word": "so", "start": 0, "end": 0.5, "speaker": "SPEAKER_00"},
        {"word": "yes", "start": 0.6, "end": 1, "speaker": "SPEAKER_01"}]},
        {"start": 3, "end": 4, "text": "well", "words": [{"word": "well", "speaker": "SPEAKER_01"}]}]}"#;
    check(x, "Whisper JSON", &["0-500 SPEAKER_00: so", "600-1000 SPEAKER_01: yes", "3000-4000 SPEAKER_01: well"]);
    let cpp = r#"{"transcription": [{"offsets": {"from": 120, "to": 900}, "text": " hm"}]}"#;
    check(cpp, "Whisper JSON", &["120-900 : hm"]);
}

#[test]
fn amazon_items_speakers_and_channels() {
    let items = |label: &str| {
        format!(
            r#"[{{"start_time": "0.1", "end_time": "0.4", "alternatives": [{{"content": "So"}}], "type": "pronunciation"{label}}},
            {{"alternatives": [{{"content": "."}}], "type": "punctuation"}}]"#
        )
    };
    let text = format!(r#"{{"results": {{"items": {}}}}}"#, items(r#", "speaker_label": "spk_0""#));
    check(&text, "Amazon Transcribe", &["100-400 spk_0: So."]);
    let by_time = format!(
        r#"{{"results": {{"items": {}, "speaker_labels": {{"segments": [{{"start_time": "0.1", "end_time": "0.4",
        "speaker_label": "spk_1", "items": []}}]}}}}}}"#,
        items("")
    );
    check(&by_time, "Amazon Transcribe", &["100-400 spk_1: So."]);
    let channels = format!(
        r#"{{"results": {{"channel_labels": {{"channels": [{{"channel_label": "ch_0", "items": {0}}},
        {{"channel_label": "ch_1", "items": {0}}}]}}, "items": {0}}}}}"#,
        items("")
    );
    check(&channels, "Amazon Transcribe", &["100-400 ch_0: So.", "100-400 ch_1: So."]);
    let call = r#"{"Transcript": [{"Content": "Hello.", "ParticipantRole": "AGENT", "BeginOffsetMillis": 40, "EndOffsetMillis": 900}]}"#;
    check(call, "Amazon Call Analytics", &["40-900 AGENT: Hello."]);
}

#[test]
fn azure_in_ticks_milliseconds_and_words() {
    let batch = r#"{"recognizedPhrases": [{"channel": 0, "speaker": 2, "offsetInTicks": 5000000, "durationInTicks": 10000000.0,
        "nBest": [{"display": "Yes."}]}, {"channel": 0, "offset": "PT1M2.5S", "duration": "PT1S", "nBest": [{"lexical": "no"}]}]}"#;
    check(batch, "Azure speech", &["500-1500 speaker 2: Yes.", "62500-63500 : no"]);
    let fast =
        r#"{"phrases": [{"offsetMilliseconds": 40, "durationMilliseconds": 500, "text": "Well", "speaker": 1}]}"#;
    check(fast, "Azure speech", &["40-540 speaker 1: Well"]);
}

#[test]
fn words_and_speakers_in_two_lists() {
    let kaldi = r#"{"retval": {"words": [{"start": 0.1, "end": 0.3, "word": "so", "punct": "So"}, {"start": 1, "end": 1.2, "punct": "yes."}],
        "segmentation": {"segments": [{"start": 0, "duration": 0.9, "speaker": {"@id": "S0"}}, {"start": 0.9, "duration": 2, "speaker": {"@id": "S1"}}]}}}"#;
    check(kaldi, "Kaldi JSON", &["100-300 S0: So", "1000-1200 S1: yes."]);
    let turns = r#"{"segmentation": {"segments": [{"start": 0, "duration": 0.9, "speaker": {"@id": "S0"}}]}}"#;
    check(turns, "Kaldi JSON", &["0-900 S0: "]);
    let one = r#"{"words": [{"name": "So", "time": "0.1", "duration": "0.2"}, {"name": ".", "time": "0.3", "duration": "0"}],
        "speakers": [{"name": "M1", "time": "0", "duration": "3"}], "job": {}}"#;
    check(one, "Speechmatics JSON", &["100-300 M1: So."]);
    let two = r#"{"results": [{"type": "word", "start_time": 0.1, "end_time": 0.3, "is_eos": false, "alternatives": [{"content": "So", "speaker": "S1"}]},
        {"type": "punctuation", "start_time": 0.3, "end_time": 0.3, "is_eos": true, "alternatives": [{"content": "?", "speaker": "S1"}]}]}"#;
    check(two, "Speechmatics JSON", &["100-300 S1: So?"]);
    let paper = r#"{"words": [{"start": 0.1, "end": 0.3, "text": "So"}, {"start": 0.4, "end": 0.6, "text": "it"}],
        "paragraphs": [{"start": 0.1, "end": 0.7, "speaker": "F"}]}"#;
    check(paper, "digital-paper-edit JSON", &["100-700 F: So it"]);
}

#[test]
fn other_recognisers() {
    let auto =
        r#"{"text": [{"speaker": "A", "paragraph": [{"line": [{"text": "so", "startTime": 0.1, "endTime": 0.2}]}]}]}"#;
    check(auto, "autoEdit JSON", &["100-200 A: so"]);
    let rev = r#"{"monologues": [{"speaker": 0, "elements": [{"type": "text", "value": "So", "ts": 0.1, "end_ts": 0.3}, {"type": "punct", "value": "."}]}]}"#;
    check(rev, "Rev JSON", &["100-300 speaker 0: So."]);
    let deep = r#"{"results": {"channels": [{"alternatives": [{"words": [{"word": "so", "punctuated_word": "So.", "start": 0.1, "end": 0.3, "speaker": 1}]}]}]}}"#;
    check(deep, "Deepgram JSON", &["100-300 speaker 1: So."]);
    let assembly = r#"{"utterances": [{"speaker": "A", "text": "So.", "start": 100, "end": 1300}]}"#;
    check(assembly, "JSON utterances", &["100-1300 A: So."]);
    let own = r#"[{"speaker": "A", "text": "So.", "start": 1.5, "end": 2}]"#;
    check(own, "JSON utterances", &["1500-2000 A: So."]);
}

#[test]
fn damaged_and_foreign_json_is_said() {
    assert!(error_of("{\"segments\": [{\"start\": 1").contains("damaged at line 1"));
    assert!(error_of("{\"a\": 1}").contains("not of a speech recogniser"));
    assert!(error_of(&format!("{}1{}", "[{\"a\":".repeat(500), "}]".repeat(500))).contains("damaged"));
    let odd = r#"{"segments": [{"start": "x", "end": null, "text": "kept"}, {"start": 1e300, "end": 2, "text": "too"}, {"start": 5, "end": 4, "text": "late"}, 7]}"#;
    check(odd, "Whisper JSON", &["?-? : kept", "?-? : too", "5000-? : late"]);
}
