use proptest::prelude::*;

use super::*;

pub(super) fn settings() -> Settings {
    toml::from_str(include_str!("../../config/transcript.toml")).unwrap()
}

pub(super) fn read_text(text: &str) -> Transcript {
    parse(text.as_bytes(), "made.txt", &ColumnMap::default(), &settings()).unwrap()
}

/// One line per turn: `start-end speaker: text {note}` in milliseconds, `?` for what is not known.
pub(super) fn picture(transcript: &Transcript) -> Vec<String> {
    let ms = |time: Option<SessionTime>| time.map_or("?".to_owned(), |time| time.millis().to_string());
    transcript
        .turns
        .iter()
        .map(|turn| {
            let notes: String = turn.notes.iter().map(|note| format!(" {{{note}}}")).collect();
            format!("{}-{} {}: {}{notes}", ms(turn.start), ms(turn.span.map(Span::end)), turn.speaker, turn.text)
        })
        .collect()
}

pub(super) fn check(text: &str, format: &str, expect: &[&str]) -> Transcript {
    let transcript = read_text(text);
    assert_eq!(transcript.format, format);
    assert_eq!(picture(&transcript), expect, "{:?}", transcript.warnings);
    transcript
}

/// Why this text is no transcript.
pub(super) fn error_of(text: &str) -> String {
    parse(text.as_bytes(), "made.txt", &ColumnMap::default(), &settings()).unwrap_err().to_string()
}

/// Lines with a warning.
pub(super) fn warned(text: &str) -> Vec<usize> {
    read_text(text).warnings.iter().map(|(line, _)| *line).collect()
}

#[test]
fn webvtt_with_voices_comments_styles_and_settings() {
    let text = "\u{FEFF}WEBVTT - a title\nKind: captions\n\nSTYLE\n::cue(v) { color: red }\n\nNOTE\na comment\n\n\
        intro\n00:01.000 --> 00:02.500 align:start position:0%\n<v Dr. Lee>How <i>are</i> you\n&amp; yours?</v>\n\n\
        2\n01:00:03.000 --> 01:00:04.000\n<v.quiet Ann>Fine. ((laughs))\n";
    let found =
        check(text, "WebVTT", &["1000-2500 Dr. Lee: How are you & yours?", "3603000-3604000 Ann: Fine. {laughs}"]);
    assert_eq!(found.warnings, []);
}

#[test]
fn names_inside_cues_and_two_voices_in_one() {
    let text = "WEBVTT\n\n00:00.000 --> 00:04.000\nTherapist: What is it?\nClient: Nothing at all.\n\n\
        00:04.000 --> 00:05.000\nClient: I said this: no.\n\n00:05.000 --> 00:06.000\nreally";
    check(
        text,
        "WebVTT",
        &[
            "0-2000 Therapist: What is it?",
            "2000-4000 Client: Nothing at all.",
            "4000-5000 Client: I said this: no.",
            "5000-6000 : really",
        ],
    );
    let voices = "WEBVTT\n\n00:00.000 --> 00:02.000\n<v A>one</v> <v B>two\n- three\n";
    check(voices, "WebVTT", &["0-666 A: one", "666-1333 B: two", "1333-2000 : three"]);
}

#[test]
fn overlapping_cues_stay_as_they_are() {
    let text = "WEBVTT\n\n00:00.000 --> 00:04.000\n<v A>one\n\n00:03.000 --> 00:05.000\n<v B>two\n";
    check(text, "WebVTT", &["0-4000 A: one", "3000-5000 B: two"]);
}

#[test]
fn a_bad_time_costs_only_itself() {
    let text =
        "WEBVTT\n\n00:01.000 --> 00:02.000\none\n\n00:03.000 --> 00:1d.000\ntwo\n\n00:09.000 --> 00:08.000\nthree\n";
    let found = check(text, "WebVTT", &["1000-2000 : one", "3000-? : two", "9000-? : three"]);
    assert_eq!(found.warnings.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [6, 9]);
}

#[test]
fn srt_with_comma_dot_crlf_and_lost_numbers() {
    let text = "1\r\n00:00:00,500 --> 00:00:07,000\r\nT: one\r\nmore\r\n\r\n00:00:08.000 --> 00:00:09.000\r\nC: two\r\n\
        3\r\n00:00:10,000 --> 00:00:11,000\r\nT: three\r\n\r\n4\r\nlost text\r\n";
    let found = check(text, "SRT", &["500-7000 T: one more", "8000-9000 C: two", "10000-11000 T: three"]);
    assert_eq!(found.warnings.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [12]);
}

#[test]
fn sbv_is_read_too() {
    check("0:00:00.378,0:00:11.378\none\n\n0:00:17.484,0:00:16.543\ntwo", "SBV", &["378-11378 : one", "17484-? : two"]);
}

#[test]
fn turns_out_of_order_are_sorted_and_said() {
    let text = "WEBVTT\n\n00:05.000 --> 00:06.000\ntwo\n\n00:01.000 --> 00:02.000\none\n";
    let found = check(text, "WebVTT", &["1000-2000 : one", "5000-6000 : two"]);
    assert_eq!(found.warnings.len(), 1);
}

#[test]
fn stm_with_comments_labels_and_a_bad_line() {
    let text = ";; a comment\nrec 1 Diane 6.68 7.16 Hello?\nrec 1 Sheila 7.634 8.155 <o,f0,female> [laughter] Hello?\n\
        rec 1 Diane 9 nine hm\nrec 1 Diane 10 9 back\nrec 1 Diane 11 12 in order\nrec 1 Diane 12 13 and more\nrec 1 Sheila 13 14 yes\n";
    let found = check(
        text,
        "STM",
        &[
            "6680-7160 Diane: Hello?",
            "7634-8155 Sheila: Hello? {laughter}",
            "9000-? Diane: hm",
            "10000-? Diane: back",
            "11000-12000 Diane: in order",
            "12000-13000 Diane: and more",
            "13000-14000 Sheila: yes",
        ],
    );
    assert_eq!(found.warnings.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 5]);
}

#[test]
fn an_stm_of_several_recordings_is_read_for_one() {
    let text = "a 1 X 0 1 one\nb 1 Y 0 1 two\n";
    let transcript = parse(text.as_bytes(), "somewhere/b.stm", &ColumnMap::default(), &settings()).unwrap();
    assert_eq!(picture(&transcript), ["0-1000 Y: two"]);
    assert_eq!(transcript.warnings.len(), 1);
}

#[test]
fn tables_by_the_names_of_their_columns() {
    check(
        "Start Time,End Time,Speaker,Text\n00:00:01.5,00:00:02,T,\"Well, now\"\n2.5,3,C,yes\n",
        "CSV",
        &["1500-2000 T: Well, now", "2500-3000 C: yes"],
    );
    check("start_ms\tduration\twho\tutterance\n1500\t0.5\tT:\thm\n", "TSV", &["1500-2000 T: hm"]);
    check(
        "mi_quality,transcript_id,interlocutor,timestamp,utterance_text\nhigh,0,therapist,00:00:13,Thanks.\nhigh,0,client,00:00:24,Sure.\n",
        "CSV",
        &["13000-? therapist: Thanks.", "24000-? client: Sure."],
    );
    check("speaker;text\nT;eins, zwei\nC;drei\n", "CSV", &["?-? T: eins, zwei", "?-? C: drei"]);
}

#[test]
fn a_column_map_by_name_and_by_number() {
    let read = |text: &str, map: &str| parse(text.as_bytes(), "t.csv", &map.parse().unwrap(), &settings());
    let by_name = read("wer,von,bis,was\nT,1,2,hallo\n", "speaker=wer,start=von,end=bis,text=was").unwrap();
    assert_eq!(picture(&by_name), ["1000-2000 T: hallo"]);
    let by_number = read("T\t1\t2\thallo\nC\t3\t4\tja\n", "speaker=1,start=2,end=3,text=4").unwrap();
    assert_eq!(picture(&by_number), ["1000-2000 T: hallo", "3000-4000 C: ja"]);
    assert!(read("a,b\n1,2\n", "text=c").unwrap_err().to_string().contains("no column \"c\""));
    assert!("text".parse::<ColumnMap>().is_err());
}

#[test]
fn bad_table_lines_are_named_and_the_rest_is_read() {
    let text = "start,end,speaker,text\n1,2,T,one\n3\nx,4,C,two\n5,6,T,three\n";
    let found = check(text, "CSV", &["1000-2000 T: one", "?-? C: two", "5000-6000 T: three"]);
    assert_eq!(found.warnings.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn plain_text_with_and_without_times() {
    check(
        "T: How are you?\n\nC: Fine. Listen: I am\nfine, really.\nT: Hm.\nC: (silence 5 s) Yes.\n",
        "plain text",
        &["?-? T: How are you?", "?-? C: Fine. Listen: I am fine, really.", "?-? T: Hm.", "?-? C: Yes. {silence 5 s}"],
    );
    check(
        "[00:00:01] T: one\n[00:00:03 - 00:00:04] C: two\n[00:01:05] and on\nT [00:02:00]: three\nC: [2:05] four\n",
        "plain text",
        &["1000-? T: one", "3000-4000 C: two", "65000-? C: and on", "120000-? T: three", "125000-? C: four"],
    );
    check(
        "Ann Lee  00:03\nHello there.\n\nBob  00:09\nHi.\n\nAnn Lee  0:12\nSo.\n",
        "plain text",
        &["3000-? Ann Lee: Hello there.", "9000-? Bob: Hi.", "12000-? Ann Lee: So."],
    );
}

#[test]
fn turn_numbers_are_not_people() {
    let found = read_text("T1: a\nC1: b\nT2: c\nC2: d\nT3: e\nC3: f\n");
    assert_eq!(found.speakers(), ["T", "C"]);
    let found = read_text("Speaker 1: a\nSpeaker 2: b\nSpeaker 1: c\nSpeaker 2: d\nSpeaker 1: e\n");
    assert_eq!(found.speakers(), ["Speaker 1", "Speaker 2"]);
}

#[test]
fn once_named_words_are_speech() {
    let found = read_text("T: a\nC: b\nT: c\nListen: you know\nC: d\n");
    assert_eq!(found.turns[2].text, "c Listen: you know");
    assert_eq!(found.warnings.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4]);
}

#[test]
fn notes_are_taken_out_and_names_stay() {
    let found = read_text(
        "C: I told [NAME] (3.2) that [laughter] it (maybe) hurts ((turns away, quiet)) in [City]. [crosstalk] *sighs* [LAUGHS]\nT: ok\n",
    );
    assert_eq!(found.turns[0].text, "I told [NAME] that it (maybe) hurts in [City].");
    assert_eq!(found.turns[0].notes, ["3.2", "laughter", "turns away, quiet", "crosstalk", "sighs", "LAUGHS"]);
}

#[test]
fn unclosed_brackets_are_speech() {
    let found = read_text("T: a [b (c *d ((e\nC: 2 * 3 )] ))\n");
    assert_eq!(found.turns[0].text, "a [b (c *d ((e");
    assert_eq!(found.turns[1].text, "2 * 3 )] ))");
}

#[test]
fn what_cannot_be_used_says_why() {
    let fails = |bytes: &[u8], expect: &str| {
        let message = parse(bytes, "the file", &ColumnMap::default(), &settings()).unwrap_err().to_string();
        assert!(message.contains(expect), "{message}");
        assert!(message.ends_with("the file"), "{message}");
    };
    fails(b"", "empty");
    fails(b" \n\r\n\t", "empty");
    fails(b"\xEF\xBB\xBF", "empty");
    fails(b"WEBVTT", "no turn");
    fails(b"WEBVTT\n\n00:01.000 --> 00:02.000\n", "no turn");
    fails(b"Once upon a time there was a session\nin which nobody was named.", "no transcript of a known format");
    fails(b"PK\x03\x04\x14\0", "office document");
    fails(&[0, 159, 146, 150, 0, 1, 2, 3], "no readable text");
    let missing = read(Path::new("no/such.vtt"), &ColumnMap::default(), &settings()).unwrap_err();
    assert!(missing.to_string().contains("check that the file exists"));
    assert!(read(Path::new("src"), &ColumnMap::default(), &settings()).is_err());
}

#[test]
fn too_large_a_file_is_refused_before_reading() {
    let mut small = settings();
    small.read.max_bytes = 3;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.txt");
    std::fs::write(&path, "T: hello\n").unwrap();
    assert!(read(&path, &ColumnMap::default(), &small).unwrap_err().to_string().contains("too large"));
}

#[test]
fn older_encodings_come_with_a_warning() {
    let bytes: Vec<u8> =
        "T: Wie fühlen Sie sich, wenn Sie über früher sprechen?\nC: Schön wär's.\n".chars().map(|c| c as u8).collect();
    let found = parse(&bytes, "t", &ColumnMap::default(), &settings()).unwrap();
    assert!(found.turns[0].text.contains("fühlen"));
    assert!(found.warnings[0].1.contains("windows-125"), "{:?}", found.warnings);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes, "x", &ColumnMap::default(), &settings());
    }

    #[test]
    fn no_text_of_the_formats_own_pieces_panics(pieces in proptest::collection::vec(
        prop_oneof![
            Just("WEBVTT\n"), Just("\n\n"), Just("\n"), Just("00:01.000 --> 00:02.000"), Just("-->"), Just("<v "), Just("<v.x A>"),
            Just("NOTE "), Just("1\n"), Just("T: "), Just("["), Just("]"), Just("(("), Just("))"), Just("*"), Just("[00:01]"),
            Just("99:99:99,999"), Just("a 1 B 0 1 "), Just("start,end,text\n"), Just("\t"), Just("\""), Just("é"), Just("&amp;"),
            Just(">>"), Just("- "), Just(":"), Just("<"), Just(">"), Just("0:00:01.0,0:00:02.0\n"), Just("\u{FEFF}"), Just("𝄞")
        ], 0..40)) {
        let text: String = pieces.concat();
        let _ = parse(text.as_bytes(), "x", &ColumnMap::default(), &settings());
        let map = ColumnMap { text: Some("1".into()), ..ColumnMap::default() };
        let _ = parse(text.as_bytes(), "x", &map, &settings());
    }
}

/// Each of these formats, cut off or with a byte changed anywhere, is an error or a transcript, and never a panic.
#[test]
fn damage_anywhere_is_borne() {
    let files = [
        "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n0\n4\n<exists>\n1\n\"IntervalTier\"\n\"A\"\n0\n4\n1\n0\n1\n\"é ((x)) [y\"\n",
        "<?xml version=\"1.0\"?>\n<ANNOTATION_DOCUMENT><TIME_ORDER><TIME_SLOT TIME_SLOT_ID=\"t1\" TIME_VALUE=\"5\"/></TIME_ORDER>\
         <TIER TIER_ID=\"Añn - words\"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID=\"a\" TIME_SLOT_REF1=\"t1\" TIME_SLOT_REF2=\"t2\">\
         <ANNOTATION_VALUE>°h a &amp; [b]</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>",
        "@UTF8\n@Begin\n@Participants:\tCLI Client\n*CLI:\t<é> [/] yes . \u{15}100_900\u{15}\n@End\n",
        "{\"segments\": [{\"start\": 0.5, \"end\": 1.5, \"text\": \"é?\", \"words\": [{\"word\": \"é?\", \"start\": 1, \"speaker\": \"A\"}]}]}",
        "SPEAKER call 1 0.5 1.25 <NA> <NA> Ann <NA> <NA>\n",
        "call A 0.0 0.3 só 0.9\n",
    ];
    for file in files {
        let bytes = file.as_bytes();
        for at in 0..bytes.len() {
            let _ = parse(&bytes[..at], "cut", &ColumnMap::default(), &settings());
            for other in [0, b'"', b'<', 0xC3, b'9'] {
                let mut damaged = bytes.to_vec();
                damaged[at] = other;
                let _ = parse(&damaged, "damaged", &ColumnMap::default(), &settings());
            }
        }
    }
}
