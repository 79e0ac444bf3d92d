//! A small transcript in each format that is read.

use std::io::Write;

use zip::write::SimpleFileOptions;

/// An ELAN document in which one turn holds this.
pub fn elan(said: &str) -> String {
    let plain = if said.contains("&a29;") { said.to_owned() } else { said.replace('&', "&amp;").replace('<', "&lt;") };
    format!(
        "<?xml version=\"1.0\"?>\n<ANNOTATION_DOCUMENT><TIME_ORDER><TIME_SLOT TIME_SLOT_ID=\"t1\" TIME_VALUE=\"5\"/>\
         <TIME_SLOT TIME_SLOT_ID=\"t2\" TIME_VALUE=\"900\"/></TIME_ORDER><TIER TIER_ID=\"Ann\"><ANNOTATION>\
         <ALIGNABLE_ANNOTATION ANNOTATION_ID=\"a\" TIME_SLOT_REF1=\"t1\" TIME_SLOT_REF2=\"t2\"><ANNOTATION_VALUE>x y {plain}\
         </ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>"
    )
}

/// A Word document with this body.
pub fn docx(body: &str) -> Vec<u8> {
    docx_with_head("", body)
}

/// .. and this between the declaration and the document.
pub fn docx_with_head(head: &str, body: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    writer.start_file("word/document.xml", options).unwrap();
    write!(writer, "<?xml version=\"1.0\"?>{head}<w:document><w:body>{body}</w:body></w:document>").unwrap();
    writer.finish().unwrap().into_inner()
}

/// So many megabytes of zeros as a Word document.
pub fn bomb(megabytes: usize) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated).large_file(true);
    writer.start_file("word/document.xml", options).unwrap();
    let block = vec![0; 1 << 20];
    for _ in 0..megabytes {
        writer.write_all(&block).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Name of the format and a file.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    let texts = [
        (
            "WebVTT",
            "WEBVTT\n\nNOTE a\n\n1\n00:01.000 --> 00:02.500 align:start\n<v Dr. Lee>How <i>are</i> you &amp; yours?</v>\n\n00:02.600 --> 00:04.000\nAnn: Fine. ((laughs))\nLee: So.\n",
        ),
        (
            "WebVTT",
            "WEBVTT - Attune\n\n1\n00:00:01.000 --> 00:00:02.500\n<v client>I <00:00:01.500>know ((laughs)) ((3.2))\n\n2\n00:00:03.000 --> 00:00:04.000\n<v therapist>(speaks)\n",
        ),
        ("SRT", "1\n00:00:00,500 --> 00:00:07,000\nT: one\nmore\n\n2\n00:00:08,000 --> 00:00:09,000\nC: two [sighs]\n"),
        ("SBV", "0:00:00.378,0:00:11.378\none\n\n0:00:17.484,0:00:18.543\ntwo\n"),
        (
            "TextGrid",
            "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = 4\ntiers? <exists>\nsize = 2\nitem []:\n    item [1]:\n        class = \"IntervalTier\"\n        name = \"Client\"\n        xmin = 0\n        xmax = 4\n        intervals: size = 2\n        intervals [1]:\n            xmin = 0\n            xmax = 1\n            text = \"\"\n        intervals [2]:\n            xmin = 1\n            xmax = 2.5\n            text = \"he said \"\"n[o\"\" ((si]ghs))\"\n    item [2]:\n        class = \"TextTier\"\n        name = \"Ther\"\n        xmin = 0\n        xmax = 4\n        points: size = 1\n        points [1]:\n            number = 3\n            mark = \"mhm\"\n",
        ),
        (
            "TextGrid",
            "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = 4\ntiers? <exists>\nsize = 1\nitem []: ! Attune\n    item [1]:\n        class = \"IntervalTier\"\n        name = \"client.2\"\n        xmin = 0\n        xmax = 4\n        intervals: size = 1\n        intervals [1]:\n            xmin = 0\n            xmax = 1\n            text = \"so ((x))\"\n",
        ),
        (
            "CHAT",
            "@UTF8\n@Begin\n@Languages:\teng\n@Participants:\tCLI Ann Client, INV Investigator\n*INV:\thow (.) are you ? \u{15}100_900\u{15}\n*CLI:\t<I like I like> [/] I &-um like (be)cause it's 0is [=! laughs] &=sighs\n\tfine +... \u{15}1000_2500\u{15}\n%mor:\tpron|I\n@End\n",
        ),
        (
            "CHAT",
            "@UTF8\n@Begin\n@Participants:\tCLI client Participant\n@Comment:\tAttune export: CLI=client\n*CLI:\tso .\n*CLI:\tno &=laughs ? \u{15}100_900\u{15}\n%xtxt:\tSo. \"No\"? ((laughs))\n%xhit:\t$rs03\n*CLI:\twww . \u{15}1000_1900\u{15}\n@End\n",
        ),
        (
            "STM",
            ";; a\nrec 1 Diane 6.68 7.16 Hello?\nrec 1 Sheila 7.634 8.155 <o,f0,female> [laughter] Hello?\nrec 1 Diane 8.68 9.16 So.\n",
        ),
        ("CTM", "call A 0.0 0.3 so 0.9\ncall A 0.3 0.2 yes 0.8\ncall B 0.6 0.4 well\n"),
        ("RTTM", "SPEAKER call 1 0.5 1.25 <NA> <NA> Ann <NA> <NA>\nSPEAKER call 1 2 0.5 <NA> <NA> Bob <NA> <NA>\n"),
        ("CSV", "Start Time,End Time,Speaker,Text\n00:00:01.5,00:00:02,T,\"Well, now\"\n2.5,3,C,yes\n"),
        (
            "CSV",
            "session,dyad,day,turn,who,start_s,end_s,duration_s,confidence,text,notes\nS001,D1,0,0,client,1.5,2,0.5,0.9,'=so,((laughs))\nS001,D1,0,,therapist,3,4,1,,,((coughs))\n",
        ),
        ("TSV", "start_ms\tduration\twho\tutterance\n1500\t0.5\tT:\thm\n"),
        (
            "plain text",
            "[00:00:01] T: one (silence 5 s)\n[00:00:03 - 00:00:04] C: two [NAME]\nand on\nT [00:02:00]: three\nC: four\n",
        ),
        (
            "Whisper JSON",
            r#"{"segments": [{"start": 0, "end": 2, "text": "so yes", "speaker": "S0", "words": [{"word": "so", "start": 0, "end": 0.5, "speaker": "S0"}, {"word": "yes", "start": 0.6, "end": 1, "speaker": "S1"}]}, {"start": 3, "end": 4, "text": "well é?"}]}"#,
        ),
        ("Whisper JSON", r#"{"transcription": [{"offsets": {"from": 120, "to": 900}, "text": " hm"}]}"#),
        (
            "Amazon Transcribe",
            r#"{"results": {"items": [{"start_time": "0.1", "end_time": "0.4", "alternatives": [{"content": "So"}], "type": "pronunciation"}, {"alternatives": [{"content": "."}], "type": "punctuation"}], "speaker_labels": {"segments": [{"start_time": "0.1", "end_time": "0.4", "speaker_label": "spk_1", "items": []}]}}}"#,
        ),
        (
            "Amazon Call Analytics",
            r#"{"Transcript": [{"Content": "Hello.", "ParticipantRole": "AGENT", "BeginOffsetMillis": 40, "EndOffsetMillis": 900}]}"#,
        ),
        (
            "Azure speech",
            r#"{"recognizedPhrases": [{"channel": 0, "speaker": 2, "offsetInTicks": 5000000, "durationInTicks": 10000000.0, "nBest": [{"display": "Yes."}]}, {"channel": 0, "offset": "PT1M2.5S", "duration": "PT1S", "nBest": [{"lexical": "no"}]}]}"#,
        ),
        (
            "Azure speech",
            r#"{"phrases": [{"offsetMilliseconds": 40, "durationMilliseconds": 500, "text": "Well", "speaker": 1}]}"#,
        ),
        (
            "Kaldi JSON",
            r#"{"retval": {"words": [{"start": 0.1, "end": 0.3, "word": "so", "punct": "So"}, {"start": 1, "end": 1.2, "punct": "yes."}], "segmentation": {"segments": [{"start": 0, "duration": 0.9, "speaker": {"@id": "S0"}}, {"start": 0.9, "duration": 2, "speaker": {"@id": "S1"}}]}}}"#,
        ),
        (
            "Speechmatics JSON",
            r#"{"words": [{"name": "So", "time": "0.1", "duration": "0.2"}, {"name": ".", "time": "0.3", "duration": "0"}], "speakers": [{"name": "M1", "time": "0", "duration": "3"}], "job": {}}"#,
        ),
        (
            "Speechmatics JSON",
            r#"{"results": [{"type": "word", "start_time": 0.1, "end_time": 0.3, "is_eos": false, "alternatives": [{"content": "So", "speaker": "S1"}]}]}"#,
        ),
        (
            "digital-paper-edit JSON",
            r#"{"words": [{"start": 0.1, "end": 0.3, "text": "So"}], "paragraphs": [{"start": 0.1, "end": 0.7, "speaker": "F"}]}"#,
        ),
        (
            "autoEdit JSON",
            r#"{"text": [{"speaker": "A", "paragraph": [{"line": [{"text": "so", "startTime": 0.1, "endTime": 0.2}]}]}]}"#,
        ),
        (
            "Rev JSON",
            r#"{"monologues": [{"speaker": 0, "elements": [{"type": "text", "value": "So", "ts": 0.1, "end_ts": 0.3}, {"type": "punct", "value": "."}]}]}"#,
        ),
        (
            "Deepgram JSON",
            r#"{"results": {"channels": [{"alternatives": [{"words": [{"word": "so", "punctuated_word": "So.", "start": 0.1, "end": 0.3, "speaker": 1}]}]}]}}"#,
        ),
        ("JSON utterances", r#"{"utterances": [{"speaker": "A", "text": "So.", "start": 100, "end": 1300}]}"#),
        (
            "Attune JSON",
            r#"{"origin": {}, "turns": [{"who": "client", "start_s": 0.5, "end_s": 1, "text": "So.", "confidence": 1}], "notes": [{"turn": 0, "who": "client", "start_s": 0.5, "end_s": 1, "texts": ["laughs"]}, {"turn": null, "who": "room", "start_s": 2, "end_s": 3, "texts": ["door"]}]}"#,
        ),
    ];
    let mut all: Vec<(&'static str, Vec<u8>)> =
        texts.into_iter().map(|(format, text)| (format, text.as_bytes().to_vec())).collect();
    all.push(("ELAN", elan("é & <b> ((laughs)) [c]").into_bytes()));
    let own = elan("(speaks)")
        .replace("<TIME_ORDER>", "<HEADER><PROPERTY NAME=\"attune.export\">1</PROPERTY></HEADER><TIME_ORDER>");
    all.push((
        "ELAN",
        own.replace("TIER_ID=\"Ann\"", "TIER_ID=\"Ann\" LINGUISTIC_TYPE_REF=\"utterance\"").into_bytes(),
    ));
    let paragraph = |text: &str| format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>");
    all.push((
        "Word document",
        docx(&(paragraph("Therapist [00:00:01]: What &amp; why?") + &paragraph("Client [00:00:04]: Dunno."))),
    ));
    let cell = |text: &str| format!("<w:tc>{}</w:tc>", paragraph(text));
    let row = |cells: [&str; 3]| format!("<w:tr>{}</w:tr>", cells.map(cell).concat());
    all.push((
        "Word document",
        docx(&format!("<w:tbl>{}{}</w:tbl>", row(["Start", "Speaker", "Content"]), row(["0.5", "A", "So, yes"]))),
    ));
    all
}
