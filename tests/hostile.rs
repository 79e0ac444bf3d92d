//! Transcripts that are damaged or made to harm: never a panic, never more memory or time than the file's size allows, and an
//! error or what could be read.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    unsafe_code,
    reason = "a test says what broke by panicking; an allocator that counts"
)]

#[path = "hostile/samples.rs"]
mod samples;

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use attune::config::Config;
use attune::transcript::{self, ColumnMap, Settings, Transcript, TranscriptError};

/// Counts what is held, to know the most that was.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all work is the system allocator's; only numbers are kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(held, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What is held belongs to one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> std::sync::MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn settings() -> Settings {
    Config::embedded().read("transcript.toml").unwrap()
}

fn parse(bytes: &[u8], settings: &Settings) -> Result<Transcript, TranscriptError> {
    transcript::parse(bytes, "made", &ColumnMap::default(), settings)
}

/// What must hold of whatever was read.
fn check(read: &Result<Transcript, TranscriptError>) {
    match read {
        Ok(read) => {
            assert!(!read.turns.is_empty(), "no turn and no error");
            for turn in &read.turns {
                assert!(turn.span.is_none_or(|span| span.start() < span.end()), "{turn:?}");
                assert!(turn.span.is_none_or(|span| Some(span.start()) == turn.start), "{turn:?}");
            }
        }
        Err(error) => {
            let message = error.to_string();
            assert!(message.len() < 1000 && message.ends_with("made"), "{message}");
        }
    }
}

/// Numbers that look random and are the same every time (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end.max(1)
    }
}

/// What formats stumble over.
const POISON: &[&[u8]] = &[
    b"\0",
    b"\xFF",
    b"\xED\xA0\x80",
    b"\xF0\x9F",
    b"\xEF\xBB\xBF",
    b"\"",
    b"\"\"",
    b"<",
    b">",
    b"&",
    b"&#0;",
    b"&#x110000;",
    b"]]>",
    b"<![CDATA[",
    b"<!--",
    b"-->",
    b"[",
    b"]",
    b"((",
    b"))",
    b"*",
    b"\t",
    b"\n",
    b"\r\n",
    b"\n\n",
    b",",
    b";",
    b"|",
    b":",
    b"-1",
    b"1e308",
    b"1e-400",
    b"NaN",
    b"99999999999999999999",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"99:99:99,999",
    b"\x15",
    b"null",
    b"{}",
    b"[]",
    b"\\u0000",
    b"\\ud800",
    b"!",
    b"%",
    b"@Begin\n",
    b"WEBVTT\n\n",
    b"<v ",
    b"i\xCC\x87",
    b"\xC4\xB0",
    b"\xEF\xBF\xBE",
    b"\xE2\x80\xA8",
];

fn damaged(dice: &mut Dice, all: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = all[dice.below(all.len())].clone();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        match dice.below(8) {
            0 => bytes.truncate(at),
            1 if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
            2 => drop(bytes.drain(at..(at + dice.below(12)).min(bytes.len()))),
            3 => {
                let piece: Vec<u8> = bytes[at..(at + dice.below(60)).min(bytes.len())].to_vec();
                let to = dice.below(bytes.len());
                bytes.splice(to..to, piece.repeat(1 + dice.below(3)));
            }
            4 => {
                let other = &all[dice.below(all.len())];
                let from = dice.below(other.len());
                let piece = other[from..(from + dice.below(80)).min(other.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => drop(bytes.splice(at..at, POISON[dice.below(POISON.len())].iter().copied())),
        }
    }
    match dice.below(40) {
        0 => String::from_utf8_lossy(&bytes).encode_utf16().flat_map(u16::to_le_bytes).collect(),
        1 => String::from_utf8_lossy(&bytes).encode_utf16().flat_map(u16::to_be_bytes).collect(),
        2 => String::from_utf8_lossy(&bytes).chars().map(|c| c as u8).collect(),
        _ => bytes,
    }
}

#[test]
fn every_sample_is_read_before_it_is_damaged() {
    let settings = settings();
    for (format, bytes) in samples::all() {
        let read = parse(&bytes, &settings).unwrap_or_else(|error| panic!("{format}: {error}"));
        assert_eq!(read.format, format);
        assert_eq!(read.warnings, [], "{format}");
    }
    let read: std::collections::BTreeSet<&str> = samples::all().iter().map(|(format, _)| *format).collect();
    assert_eq!(read.len(), 25, "formats: {read:?}");
}

/// The same damage each time, for at most so long.
#[test]
fn damage_gives_an_error_or_what_could_be_read() {
    let _alone = alone();
    let settings = settings();
    let all: Vec<Vec<u8>> = samples::all().into_iter().map(|(_, bytes)| bytes).collect();
    let began = Instant::now();
    let mut tried = 0;
    while tried < 60_000 && began.elapsed() < Duration::from_secs(15) {
        let bytes = damaged(&mut Dice(0x9E37_79B9_7F4A_7C15 ^ (tried + 1)), &all);
        let sane = catch_unwind(AssertUnwindSafe(|| check(&parse(&bytes, &settings))));
        if sane.is_err() {
            let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile");
            std::fs::write(&place, &bytes).unwrap();
            panic!("damage {tried} breaks a reader; keep it in fixtures/hostile/: {}", place.display());
        }
        tried += 1;
    }
    println!("{tried} damaged transcripts");
    assert!(tried >= 500, "only {tried} could be tried");
}

/// Files that once broke a reader.
#[test]
fn what_once_broke_a_reader_does_not_again() {
    let settings = settings();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile");
    for entry in std::fs::read_dir(folder).unwrap() {
        check(&parse(&std::fs::read(entry.unwrap().path()).unwrap(), &settings));
    }
}

/// Reads a large file; what it held beside the file, and that it took no longer than a file of its size may.
fn weigh(what: &str, bytes: &[u8], settings: &Settings) {
    let before = HELD.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let began = Instant::now();
    let read = parse(bytes, settings);
    let (secs, most) = (began.elapsed().as_secs_f64(), MOST.load(Ordering::Relaxed).saturating_sub(before));
    let ratio = most as f64 / bytes.len() as f64;
    let end = match &read {
        Ok(read) => format!("{} turns", read.turns.len()),
        Err(error) => error.to_string(),
    };
    println!("{what}: {:.1} MB, {secs:.1} s, {ratio:.0} times its size, {end}", bytes.len() as f64 / 1e6);
    check(&read);
    // A JSON object of one key takes a tree node, so lists of small ones swell most.
    assert!(most < 130 * bytes.len() + (1 << 20), "{what}: {most} bytes for {}", bytes.len());
    assert!(secs < 20.0, "{what}: {secs} s");
}

#[test]
fn large_files_of_one_thing_cost_what_their_size_allows() {
    let _alone = alone();
    let settings = settings();
    let size = 300_000;
    for piece in [
        "[",
        "((",
        "(",
        "*",
        "<",
        "<<",
        "<v ",
        "<a",
        "&",
        "&amp;",
        ":",
        "A:",
        "°",
        "=",
        "é",
        "[a ",
        "(laughs",
        "\"",
        "\"\"",
        "'",
        "$",
        "0 ",
        "&=a ",
        "+",
        "a ",
        "a\n",
        "A: a\n",
        "\n\n",
        ".",
        "\u{15}",
        "1:",
        "00:00:01.000 ",
        "]",
    ] {
        let many = piece.repeat(size / piece.len());
        weigh(
            &format!("WebVTT of {piece:?}"),
            format!("WEBVTT\n\n00:01.000 --> 00:02.000\n<v A>x {many}\n").as_bytes(),
            &settings,
        );
        weigh(
            &format!("own WebVTT of {piece:?}"),
            format!("WEBVTT - Attune\n\n00:01.000 --> 00:02.000\n<v A>x {many}\n").as_bytes(),
            &settings,
        );
        weigh(&format!("CHAT of {piece:?}"), format!("@UTF8\n@Begin\n*CLI:\tx {many} .\n@End\n").as_bytes(), &settings);
        weigh(&format!("plain text of {piece:?}"), format!("A: x\nB: {many}\nA: y\n").as_bytes(), &settings);
        let quoted = many.replace('"', "\"\"");
        let grid = format!(
            "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n0\n4\n<exists>\n1\n\"IntervalTier\"\n\"A\"\n0\n4\n1\n0\n1\n\"x y {quoted}\"\n"
        );
        weigh(&format!("TextGrid of {piece:?}"), grid.as_bytes(), &settings);
    }
}

/// Many small parts: what is looked up for each of them must not be looked for among all.
#[test]
fn many_parts_cost_what_their_size_allows() {
    let _alone = alone();
    let settings = settings();
    let lines = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let count = 40_000;
    weigh("STM of many recordings", lines(count, &|n| format!("rec{n} 1 A{n} {n} {}.5 so\n", n)).as_bytes(), &settings);
    weigh("CTM of many recordings", lines(count, &|n| format!("rec{n} 1 {n} 0.5 so\n")).as_bytes(), &settings);
    weigh(
        "RTTM of many recordings",
        lines(count, &|n| format!("SPEAKER rec{n} 1 {n} 0.5 <NA> <NA> A{n} <NA> <NA>\n")).as_bytes(),
        &settings,
    );
    weigh("plain text of many people", lines(count, &|n| format!("Speaker{n}x: so\n")).as_bytes(), &settings);
    let turns = "session,dyad,day,turn,who,start_s,end_s,text\n".to_owned()
        + &lines(count, &|n| format!("S{n},,,0,client,{n},{n}.5,so\n"));
    weigh("our table of many sessions", turns.as_bytes(), &settings);
    weigh(
        "WebVTT of many cues",
        ("WEBVTT\n\n".to_owned() + &lines(count, &|_| "00:01.000 --> 00:02.000\nA: so\n\n".to_owned())).as_bytes(),
        &settings,
    );
    weigh(
        "WebVTT of many voices",
        ("WEBVTT\n\n".to_owned() + &lines(count, &|n| format!("00:01.000 --> 00:02.000\n<v A{n}>so\n\n"))).as_bytes(),
        &settings,
    );
    weigh(
        "one cue of many voices",
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n".to_owned() + &lines(count, &|n| format!("<v A{n}>so\n"))).as_bytes(),
        &settings,
    );
    let tier = |n: usize| {
        format!(
            "\"IntervalTier\"\n\"A{n} - {}\"\n0\n4\n1\n0\n1\n\"so {}\"\n",
            if n.is_multiple_of(2) { "words" } else { "utterance" },
            if n.is_multiple_of(2) { "" } else { "it" }
        )
    };
    let grid = format!(
        "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n0\n4\n<exists>\n{count}\n{}",
        lines(count, &tier)
    );
    weigh("TextGrid of many tiers", grid.as_bytes(), &settings);
    let tiers = lines(count / 2, &|n| {
        format!(
            "<TIER TIER_ID=\"t{n}\" PARENT_REF=\"t{}\"><ANNOTATION><REF_ANNOTATION ANNOTATION_ID=\"a{n}\" ANNOTATION_REF=\"a{}\">\
             <ANNOTATION_VALUE>{}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER>\n",
            n + 1,
            n + 1,
            if n.is_multiple_of(2) { "-" } else { "so it" }
        )
    });
    weigh("ELAN of many tiers", format!("<ANNOTATION_DOCUMENT>{tiers}</ANNOTATION_DOCUMENT>").as_bytes(), &settings);
    let segments: Vec<_> = (0..count / 2).map(|n| serde_json::json!({"start_time": n.to_string(), "end_time": (n + 1).to_string(), "speaker_label": format!("spk_{n}"), "items": []})).collect();
    let items: Vec<_> = (0..count / 2).map(|n| serde_json::json!({"start_time": n.to_string(), "end_time": (n + 1).to_string(), "type": "pronunciation", "alternatives": [{"content": "so"}]})).collect();
    weigh(
        "Amazon JSON of many words and segments",
        serde_json::json!({"results": {"items": items, "speaker_labels": {"segments": segments}}})
            .to_string()
            .as_bytes(),
        &settings,
    );
    weigh(
        "JSON of many small objects",
        format!("[{}{{\"text\": \"so\", \"start\": 1}}]", "{\"a\":1},".repeat(count)).as_bytes(),
        &settings,
    );
    weigh(
        "JSON of many numbers",
        format!("{{\"segments\": [{}{{\"text\": \"so\", \"start\": 1}}]}}", "1,".repeat(5 * count)).as_bytes(),
        &settings,
    );
    let turns: Vec<_> = (0..count / 4)
        .map(|n| serde_json::json!({"who": "client", "start_s": n, "end_s": n + 1, "text": "so"}))
        .collect();
    let notes: Vec<_> = (0..count / 4)
        .map(|n| serde_json::json!({"turn": n, "who": "client", "start_s": n, "end_s": n + 1, "texts": ["laughs"]}))
        .collect();
    weigh(
        "our session of many notes",
        serde_json::json!({"origin": 1, "turns": turns, "notes": notes}).to_string().as_bytes(),
        &settings,
    );
}

#[test]
fn nested_files_are_borne() {
    let _alone = alone();
    let settings = settings();
    let deep = 100_000;
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"text\":", "}]"), ("{\"segments\":[", "]}")] {
        weigh("nested JSON", format!("{}1{}", open.repeat(deep), close.repeat(deep)).as_bytes(), &settings);
        weigh("nested JSON that breaks off", format!("{{\"a\":{}", open.repeat(deep)).as_bytes(), &settings);
    }
    for name in ["x", "TIER", "ANNOTATION_VALUE", "w:tbl", "w:p"] {
        let many = format!("<{name}>").repeat(deep) + "so it" + &format!("</{name}>").repeat(deep);
        weigh("nested ELAN", format!("<ANNOTATION_DOCUMENT>{many}</ANNOTATION_DOCUMENT>").as_bytes(), &settings);
        let read = parse(&samples::docx(&format!("{many}<w:p><w:r><w:t>A: so</w:t></w:r></w:p>")), &settings);
        check(&read);
    }
}

#[test]
fn bombs_do_not_grow() {
    let _alone = alone();
    let settings = settings();
    // A billion laughs, in ELAN and in a Word document.
    let mut entities = "<!ENTITY a0 \"aaaaaaaaaa\">".to_owned();
    for n in 1..30 {
        entities += &format!("<!ENTITY a{n} \"{}\">", format!("&a{};", n - 1).repeat(10));
    }
    let doctype = format!("<!DOCTYPE x [{entities}]>");
    let eaf = samples::elan("so it &a29; &a29;").replacen(
        "<ANNOTATION_DOCUMENT",
        &format!("{doctype}<ANNOTATION_DOCUMENT"),
        1,
    );
    let read = parse(eaf.as_bytes(), &settings).unwrap();
    assert!(read.turns.iter().all(|turn| turn.text.len() < 100), "{:?}", read.turns);
    let word = samples::docx_with_head(
        &doctype,
        "<w:p><w:r><w:t>A: so &a29;</w:t></w:r></w:p><w:p><w:r><w:t>B: no</w:t></w:r></w:p>",
    );
    let read = parse(&word, &settings).unwrap();
    assert!(read.turns.iter().all(|turn| turn.text.len() < 100), "{:?}", read.turns);
    // A file outside, which must not be read.
    let outside = samples::docx_with_head(
        "<!DOCTYPE x [<!ENTITY p SYSTEM \"file:///etc/passwd\">]>",
        "<w:p><w:r><w:t>A: so &p;</w:t></w:r></w:p>",
    );
    assert!(!format!("{:?}", parse(&outside, &settings)).contains("root"));

    // 1 GB of zeros in 1 MB: packed once, and never unpacked further than the limit.
    let mut small = settings.clone();
    small.read.max_bytes = 3_000_000;
    let bomb = samples::bomb(1_000);
    assert!(bomb.len() < 2_500_000, "{}", bomb.len());
    let before = HELD.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let error = parse(&bomb, &small).unwrap_err().to_string();
    let most = MOST.load(Ordering::Relaxed) - before;
    assert!(error.contains("too large") && most < 12_000_000, "{error}: {most} bytes");
}

#[test]
fn a_file_of_a_hundred_megabytes_is_refused_before_it_is_read() {
    let _alone = alone();
    let settings = settings();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("made");
    std::fs::File::create(&file).unwrap().set_len(100 << 20).unwrap();
    let before = HELD.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let error = transcript::read(&file, &ColumnMap::default(), &settings).unwrap_err().to_string();
    assert!(error.contains("too large") && error.contains("max_bytes"), "{error}");
    assert!(MOST.load(Ordering::Relaxed) - before < 1 << 20);
}

#[test]
fn too_many_small_parts_are_refused_with_the_setting_that_says_so() {
    let mut small = settings();
    (small.read.max_lines, small.read.max_json_parts) = (100, 100);
    for (many, says) in [
        ("A: so\n".repeat(101), "read.max_lines is 100"),
        (format!("[{{}}{}]", ",{}".repeat(60)), "read.max_json_parts is 100"),
    ] {
        let error = parse(many.as_bytes(), &small).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains("raise"), "{error}");
    }
    assert_eq!(parse("A: so\n".repeat(99).as_bytes(), &small).unwrap().turns.len(), 99);
}

#[test]
fn other_encodings_say_the_same_or_that_they_were_guessed() {
    let settings = settings();
    let text =
        "Therapeutin: Wie fühlen Sie sich, wenn Sie über früher sprechen?\nKlient: Schön wär's. Es grämt mich.\n";
    let expect = parse(text.as_bytes(), &settings).unwrap();
    let wide = |swap: bool, mark: bool| -> Vec<u8> {
        let mark = mark.then_some(0xFEFF_u16);
        mark.into_iter()
            .chain(text.encode_utf16())
            .flat_map(|unit| if swap { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect()
    };
    for (bytes, guessed) in [
        (wide(false, true), false),
        (wide(true, true), false),
        (wide(false, false), true),
        (wide(true, false), true),
        (text.chars().map(|c| c as u8).collect(), true),
        ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), false),
    ] {
        let read = parse(&bytes, &settings).unwrap();
        assert_eq!((&read.turns, !read.warnings.is_empty()), (&expect.turns, guessed));
    }
    // Halves of characters, and UTF-32.
    let mut odd = Vec::new();
    odd.write_all(&wide(false, true)[..51]).unwrap();
    check(&parse(&odd, &settings));
    let broad: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    check(&parse(&broad, &settings));
}
