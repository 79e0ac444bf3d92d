//! Made files of each recogniser's shape.

use super::super::tests::{check, error_of, read_text};

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

/// The words of a file: `word@start-end`, in milliseconds, and how sure the recogniser is of it.
fn words(text: &str) -> Vec<String> {
    let transcript = read_text(text);
    let word = |turn: &str, word: &super::super::TimedWord| {
        let written: String = turn.chars().skip(word.chars.0).take(word.chars.1 - word.chars.0).collect();
        let sure = word.confidence.map_or(String::new(), |sure| format!(" {sure}"));
        format!("{written}@{}-{}{sure}", word.span.start().millis(), word.span.end().millis())
    };
    transcript.turns.iter().flat_map(|turn| turn.timed.iter().map(|timed| word(&turn.text, timed))).collect()
}

#[test]
fn words_keep_their_times_and_what_the_recogniser_thinks_of_them() {
    let check = |text: &str, expect: &[&str]| assert_eq!(words(text), expect, "{text}");
    // OpenAI's Whisper, whisper-timestamped, WhisperX, whisper.cpp.
    check(
        r#"{"segments": [{"start": 0, "end": 2, "text": " I don't. (laughs) Know.", "words": [{"word": " I", "start": 0, "end": 0.2, "probability": 0.9},
        {"word": " don", "start": 0.2, "end": 0.4, "probability": 0.8}, {"word": "'t.", "start": 0.4, "end": 0.6, "probability": 0.7},
        {"word": " (laughs)", "start": 0.6, "end": 1}, {"word": " Know.", "start": 1, "end": 1.5}]}]}"#,
        &["I@0-200 0.9", "don't@200-600 0.7", "Know@1000-1500"],
    );
    check(
        r#"{"segments": [{"start": 0.92, "end": 2, "text": " Wie,", "words": [{"text": "Wie,", "start": 0.92, "end": 1.1, "confidence": 0.46}]}]}"#,
        &["Wie@920-1100 0.46"],
    );
    check(
        r#"{"segments": [{"start": 0, "end": 2, "text": "so 15 yes", "speaker": "A", "words": [{"word": "so", "start": 0, "end": 0.5, "score": 0.25, "speaker": "A"},
        {"word": "15", "speaker": "A"}, {"word": "yes", "start": 0.6, "end": 1, "score": 0.5, "speaker": "B"}]}]}"#,
        &["so@0-500 0.25", "yes@600-1000 0.5"],
    );
    check(
        r#"{"transcription": [{"offsets": {"from": 0, "to": 900}, "text": " Hm, yes", "tokens": [{"text": "[_BEG_]", "offsets": {"from": 0, "to": 0}},
        {"text": " H", "offsets": {"from": 120, "to": 200}, "p": 0.5}, {"text": "m", "offsets": {"from": 200, "to": 300}, "p": 0.75},
        {"text": ",", "offsets": {"from": 300, "to": 310}, "p": 0.9}, {"text": " yes", "offsets": {"from": 400, "to": 900}, "p": 1}]}]}"#,
        &["Hm@120-300 0.5", "yes@400-900 1"],
    );
    // Amazon, Azure.
    check(
        r#"{"results": {"items": [{"start_time": "0.1", "end_time": "0.4", "alternatives": [{"content": "So", "confidence": "0.75"}], "type": "pronunciation"},
        {"alternatives": [{"content": ".", "confidence": "0.0"}], "type": "punctuation"}]}}"#,
        &["So@100-400 0.75"],
    );
    check(
        r#"{"Transcript": [{"Content": "Hello.", "ParticipantRole": "AGENT", "BeginOffsetMillis": 40, "EndOffsetMillis": 900,
        "Items": [{"Type": "pronunciation", "Confidence": 0.5, "Content": "Hello", "BeginOffsetMillis": 40, "EndOffsetMillis": 330}]}]}"#,
        &["Hello@40-330 0.5"],
    );
    check(
        r#"{"recognizedPhrases": [{"offsetInTicks": 5000000, "durationInTicks": 10000000, "nBest": [{"display": "Yes, I do.", "words": [
        {"word": "yes", "offsetInTicks": 5000000, "durationInTicks": 1000000, "confidence": 0.5}, {"word": "i", "offset": "PT0.7S", "duration": "PT0.1S"}]}]}]}"#,
        &["Yes@500-600 0.5", "I@700-800"],
    );
    check(
        r#"{"phrases": [{"offsetMilliseconds": 40, "durationMilliseconds": 500, "text": "Well.", "words": [{"text": "Well.", "offsetMilliseconds": 40, "durationMilliseconds": 200}]}]}"#,
        &["Well@40-240"],
    );
    // Kaldi, Speechmatics, digital-paper-edit, autoEdit, Rev, Deepgram, AssemblyAI.
    check(
        r#"{"retval": {"words": [{"start": 0.1, "end": 0.3, "word": "so", "punct": "So.", "confidence": 0.5}]}}"#,
        &["So@100-300 0.5"],
    );
    check(
        r#"{"words": [{"name": "So", "time": "0.1", "duration": "0.2", "confidence": "0.5"}], "speakers": [{"name": "M1", "time": "0", "duration": "3"}]}"#,
        &["So@100-300 0.5"],
    );
    check(
        r#"{"results": [{"start_time": 0.1, "end_time": 0.3, "is_eos": false, "alternatives": [{"content": "So", "speaker": "S1", "confidence": 0.5}]}]}"#,
        &["So@100-300 0.5"],
    );
    check(
        r#"{"words": [{"start": 0.1, "end": 0.3, "text": "So"}], "paragraphs": [{"start": 0.1, "end": 0.7, "speaker": "F"}]}"#,
        &["So@100-300"],
    );
    check(
        r#"{"text": [{"speaker": "A", "paragraph": [{"line": [{"text": "so", "startTime": 0.1, "endTime": 0.2}]}]}]}"#,
        &["so@100-200"],
    );
    check(
        r#"{"monologues": [{"speaker": 0, "elements": [{"type": "text", "value": "So", "ts": 0.1, "end_ts": 0.3, "confidence": 0.5}, {"type": "punct", "value": "."}]}]}"#,
        &["So@100-300 0.5"],
    );
    let deepgram = r#"[{"word": "so", "punctuated_word": "So.", "start": 0.1, "end": 0.3, "confidence": 0.5}]"#;
    check(
        &format!(r#"{{"results": {{"channels": [{{"alternatives": [{{"words": {deepgram}}}]}}]}}}}"#),
        &["So@100-300 0.5"],
    );
    check(
        &format!(
            r#"{{"results": {{"utterances": [{{"start": 0.1, "end": 0.3, "transcript": "So.", "words": {deepgram}}}]}}}}"#
        ),
        &["So@100-300 0.5"],
    );
    check(
        r#"{"utterances": [{"speaker": "A", "text": "So it is.", "start": 100, "end": 130000, "words": [{"text": "So", "start": 100, "end": 300, "confidence": 0.5}]}]}"#,
        &["So@100-300 0.5"],
    );
}

#[test]
fn words_whose_times_are_odd_are_left_out_and_the_text_stays() {
    let odd = r#"{"segments": [{"start": 0, "end": 9, "text": "a b c d e f", "words": [7, {"word": "a", "start": 1, "end": 0.5}, {"word": "b", "start": "x", "end": 2},
        {"word": "c", "start": 3, "end": 4, "score": 7}, {"start": 4, "end": 5}, {"word": "d", "start": 1e300, "end": 1e301},
        {"word": "e", "start": 2, "end": 3}, {"word": "f", "start": 5, "end": 6, "score": -1}]}]}"#;
    check(odd, "Whisper JSON", &["0-9000 : a b c d e f"]);
    assert_eq!(words(odd), ["c@3000-4000", "f@5000-6000"]);
}
