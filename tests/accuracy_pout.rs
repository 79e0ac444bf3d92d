//! How well the score of `vid.pout` tells pouting frames from others, on real and rendered faces whose frames were
//! labelled, and how often speech is taken for a pout. The person's rest comes from the clip itself, without labels, and
//! all settings are those that are shipped. docs/validation.md says what was looked at before they were set.

#![cfg(feature = "video")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says what broke by panicking")]

use std::path::{Path, PathBuf};

use attune::config::Config;
use attune::face::{self, Request};
use attune::job::Job;
use attune::markers::video::face::Face;
use attune::markers::video::pout::{self, POUT};
use attune::markers::{Event, EventId, Input, Marker};
use attune::media::{PictureWish, open_pictures};
use attune::model::{Runtime, Shelf};
use attune::time::{FrameGrid, SessionTime, Span};
use attune::track::{Track, Tracks, Unit, Who};

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("ATTUNE_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    folder.is_dir().then_some(folder)
}

fn shelf() -> Shelf {
    let library = PathBuf::from("vendor/onnxruntime/libonnxruntime.so.1.32.0");
    Shelf::open(Path::new("models"), Runtime::Auto, library.is_file().then_some(library)).unwrap()
}

fn tracks(path: &Path, max_faces: u8) -> Tracks {
    let config = Config::embedded();
    let media = config.read("media.toml").unwrap();
    let settings: face::Settings = config.read("face.toml").unwrap();
    let mut pictures = open_pictures(path, SessionTime::ZERO, PictureWish::default(), &media).unwrap();
    let request = Request { threads: 1, max_faces, film_step: None };
    face::analyse(&mut *pictures, &shelf(), &settings, &request, &Job::quiet()).unwrap().tracks
}

/// Section `[pout]` with its shared sections, as shipped.
fn settings() -> toml::Table {
    let all: toml::Table = Config::embedded().read("markers/video.toml").unwrap();
    let mut own = all["pout"].as_table().unwrap().clone();
    for name in POUT.shared() {
        own.insert((*name).to_owned(), all[*name].clone());
    }
    own
}

/// What was measured of one face.
#[derive(Default)]
struct Measured {
    /// Time in seconds and score of each frame that could be judged; 0 while the person speaks, as for the marker.
    frames: Vec<(f64, f32)>,
    events: Vec<Event>,
}

/// `None` if the face was seen for too short.
fn measured(tracks: &Tracks, who: Who, voices: &[Event]) -> Option<Measured> {
    let session = tracks.iter().filter_map(|(_, t)| t.grid.span(0, t.grid.len)).reduce(Span::hull).unwrap();
    let input = Input { tracks, session, turns: None, language: None, meanings: None, earlier: voices };
    let parsed: pout::Settings = settings().try_into().unwrap();
    let faces = Face::all(&input, "face_actions", &parsed.face);
    let face = faces.iter().find(|face| face.who == who)?;
    let score = pout::score(face, &parsed)?;
    let times = (0..face.grid.len).map(|i| face.grid.time(i).unwrap().secs_f64());
    let silent = score.iter().zip(&face.speaking).map(|(&s, &speaking)| if speaking { 0.0 * s } else { s });
    let frames = times.zip(silent).filter(|(_, score)| !score.is_nan()).collect();
    let events = POUT.find(&input, &settings()).unwrap();
    Some(Measured { frames, events: events.into_iter().filter(|e| e.who == who).collect() })
}

/// Scores of the frames inside any of these stretches of seconds.
fn inside(frames: &[(f64, f32)], stretches: &[(f64, f64)]) -> Vec<f32> {
    let within = |secs: f64| stretches.iter().any(|&(start, end)| start <= secs && secs < end);
    frames.iter().filter(|(secs, _)| within(*secs)).map(|f| f.1).collect()
}

/// Probability that a positive frame scores higher than a negative one; ties count half.
fn area_under_curve(positive: &[f32], negative: &[f32]) -> f64 {
    let won = |p: f32| {
        negative
            .iter()
            .map(|&n| {
                if p > n {
                    1.0
                } else if p < n {
                    0.0
                } else {
                    0.5
                }
            })
            .sum::<f64>()
    };
    positive.iter().map(|&p| won(p)).sum::<f64>() / (positive.len() * negative.len()) as f64
}

/// Share of positive frames above the highest score that at most 5 % of the negative ones exceed.
fn recall_at_5_percent(positive: &[f32], negative: &[f32]) -> f64 {
    let mut sorted = negative.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let threshold = sorted[(sorted.len() as f64 * 0.05) as usize];
    positive.iter().filter(|&&p| p > threshold).count() as f64 / positive.len() as f64
}

fn report(name: &str, positive: &[f32], negative: &[f32]) -> (f64, f64) {
    let (p, n) = (positive.len(), negative.len());
    if p < 10 || n < 10 {
        let mean = |scores: &[f32]| scores.iter().sum::<f32>() / scores.len().max(1) as f32;
        println!(
            "{name:28} {p:4} pouting, {n:4} other frames: mean score {:.2} and {:.2}",
            mean(positive),
            mean(negative)
        );
        return (1.0, 1.0);
    }
    let found = (area_under_curve(positive, negative), recall_at_5_percent(positive, negative));
    println!("{name:28} {p:4} pouting, {n:4} other frames: AUC {:.3}, recall at 5 % {:.2}", found.0, found.1);
    found
}

/// Which of the labelled stretches an event touches, and how many events touch none.
fn report_events(name: &str, events: &[Event], stretches: &[(f64, f64)]) -> (usize, usize) {
    let touches = |event: &Event, &(start, end): &(f64, f64)| {
        event.span.start().secs_f64() < end && event.span.end().secs_f64() > start
    };
    let hit = stretches.iter().filter(|stretch| events.iter().any(|e| touches(e, stretch))).count();
    let stray = events.iter().filter(|e| !stretches.iter().any(|stretch| touches(e, stretch))).count();
    let ends = |e: &Event| {
        let (from, to) = (e.span.start().secs_f64(), e.span.end().secs_f64());
        format!("{from:.1}-{to:.1} {} ({:.2})", e.kind.as_deref().unwrap(), e.confidence)
    };
    let list: Vec<_> = events.iter().map(ends).collect();
    println!("{name:28} {hit} of {} labelled stretches, {stray} other events: {}", stretches.len(), list.join(", "));
    (hit, stray)
}

/// Seconds of frames `first..=last` at 30 frames a second.
fn at_30(frames: &[(u32, u32)]) -> Vec<(f64, f64)> {
    frames.iter().map(|&(first, last)| ((f64::from(first) - 0.5) / 30.0, (f64::from(last) + 0.5) / 30.0)).collect()
}

/// One clip with labels.
struct Clip {
    file: &'static str,
    pouts: Stretches,
    /// What else was labelled: neutral, smiling, speaking.
    others: Stretches,
}

fn clips(data: &Path) -> Vec<Clip> {
    let (rendered, still) = weights(&data.join("rendered/ict_face_seq_open.weights.csv"));
    let throughout = |secs: f64| vec![(0.0, secs)];
    vec![
        // Frames from the list in PROVENANCE.md: pout and pucker against neutral and smile.
        Clip {
            file: "video/liveportrait_d9.mp4",
            pouts: at_30(&[(98, 101), (198, 202), (112, 143), (226, 275), (462, 485)]),
            others: at_30(&[(0, 63), (370, 449), (555, 586), (296, 361)]),
        },
        // From its labels: chin raised and corners down against neutral and open mouths.
        Clip {
            file: "video/liveportrait_d18.mp4",
            pouts: vec![(0.5, 1.5), (5.8, 6.5)],
            others: vec![(0.0, 0.45), (1.5, 2.15), (2.2, 3.15), (3.2, 3.85), (3.9, 5.15), (5.2, 5.75)],
        },
        // From its labels: corners down throughout.
        Clip { file: "video/dbm_subj01_pout_sad.mp4", pouts: throughout(5.27), others: Vec::new() },
        // A rendered face whose weights are known: any of pucker, chin and frown against none of them.
        Clip { file: "rendered/ict_face_seq_open.mp4", pouts: rendered, others: still },
        // One spoken sentence each, and debaters.
        Clip { file: "video/grid_bbaf2n.mpg", pouts: Vec::new(), others: throughout(3.0) },
        Clip { file: "video/grid_lbax4n.mpg", pouts: Vec::new(), others: throughout(3.0) },
        Clip { file: "video/grid_lbbc2a.mpg", pouts: Vec::new(), others: throughout(3.0) },
        Clip { file: "video/grid_lrwp9a.mpg", pouts: Vec::new(), others: throughout(3.0) },
        Clip { file: "video/mexca_debate_b.mp4", pouts: Vec::new(), others: throughout(5.0) },
        Clip { file: "video/mexca_debate_c.mp4", pouts: Vec::new(), others: throughout(5.0) },
    ]
}

#[test]
fn pouting_frames_score_higher() {
    let Some(data) = data() else { return println!("skipped: no ATTUNE_DATA") };
    if !shelf().has("face_landmarks") {
        return println!("skipped: the networks are not installed");
    }
    let (mut pouts, mut others) = (Vec::new(), Vec::new());
    let (mut found, mut labelled, mut strays) = (0, 0, 0);
    for clip in clips(&data) {
        let name = clip.file.rsplit('/').next().unwrap();
        let Some(Measured { frames, events }) = measured(&tracks(&data.join(clip.file), 1), Who::Face(1), &[]) else {
            println!("{name:28} not assessable: seen well and silent for too short");
            continue;
        };
        let (pouting, other) = (inside(&frames, &clip.pouts), inside(&frames, &clip.others));
        let (auc, recall) = report(name, &pouting, &other);
        assert!(auc > 0.93 && recall > 0.65, "{name}");
        let (hit, stray) = report_events(name, &events, &stretches_of(&clip));
        (found, labelled, strays) = (found + hit, labelled + stretches_of(&clip).len(), strays + stray);
        pouts.extend(pouting);
        others.extend(other);
    }
    let (auc, recall) = report("all clips, one threshold", &pouts, &others);
    println!("{found} of {labelled} labelled stretches found, {strays} other events");
    assert!(auc >= 0.96 && recall >= 0.80, "{auc} {recall}");
    assert!(found + 1 >= labelled && strays <= 2);
}

/// The pouts that last long enough to be events; the list of d9 holds two of a sixth of a second.
fn stretches_of(clip: &Clip) -> Stretches {
    clip.pouts.iter().copied().filter(|(start, end)| end - start >= 0.5).collect()
}

/// Pieces of 5 s of the three clips that hold both, as if each were all there is: in many the person pouts for most of it.
#[test]
fn pouts_stand_out_in_five_seconds() {
    let Some(data) = data() else { return println!("skipped: no ATTUNE_DATA") };
    if !shelf().has("face_landmarks") {
        return println!("skipped: the networks are not installed");
    }
    let (mut pouts, mut others, mut pieces) = (Vec::new(), Vec::new(), 0);
    for clip in clips(&data).iter().filter(|clip| !clip.pouts.is_empty() && !clip.others.is_empty()) {
        let whole = tracks(&data.join(clip.file), 1);
        let secs = whole.get("face_actions", Who::Face(1)).unwrap().grid.len / 25 * 2;
        for start in 0..secs.saturating_sub(4) {
            let part = SessionTime::from_millis(1000 * start as i64);
            let piece = cut(&whole, Span::new(part, SessionTime::from_millis(1000 * start as i64 + 5000)).unwrap());
            let Some(found) = measured(&piece, Who::Face(1), &[]) else { continue };
            pouts.extend(inside(&found.frames, &clip.pouts));
            others.extend(inside(&found.frames, &clip.others));
            pieces += 1;
        }
    }
    println!("{pieces} pieces of 5 s");
    let (auc, recall) = report("pieces of 5 s", &pouts, &others);
    assert!(auc >= 0.96 && recall >= 0.80, "{auc} {recall}");
}

/// The frames of all tracks within a span.
fn cut(tracks: &Tracks, span: Span) -> Tracks {
    let mut part = Tracks::new();
    for (name, track) in tracks.iter() {
        let frames = track.grid.indices(span);
        let grid = FrameGrid { first: track.grid.time(frames.start).unwrap(), len: frames.len(), ..track.grid };
        let values = track.values.slice(ndarray::s![frames.clone(), ..]).to_owned();
        let confidence = track.confidence.as_ref().map(|c| c.slice(ndarray::s![frames.clone()]).to_owned());
        part.insert(name, Track { grid, values, confidence, ..track.clone() });
    }
    part
}

/// Start and end in seconds.
type Stretches = Vec<(f64, f64)>;

/// Stretches of a rendered clip's weights file (a column `t_s`, then weights, 12.5 frames a second) in which one of
/// pucker, lower shrug or frown is above 0.3, and in which all of them are below 0.05.
fn weights(file: &Path) -> (Stretches, Stretches) {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let (mut pouts, mut others) = (Vec::new(), Vec::new());
    for row in reader.records() {
        let row = row.unwrap();
        let of = |name: &str| -> f64 { row[names.iter().position(|n| n == name).unwrap()].parse().unwrap() };
        let frown = (of("mouthFrown_L") + of("mouthFrown_R")) / 2.0;
        let weight = of("mouthPucker").max(of("mouthShrugLower")).max(frown);
        let frame = (of("t_s") - 0.04, of("t_s") + 0.04);
        match weight {
            w if w > 0.3 => pouts.push(frame),
            w if w < 0.05 => others.push(frame),
            _ => (),
        }
    }
    (joined(pouts), joined(others))
}

/// Touching stretches made one.
fn joined(stretches: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let mut all: Vec<(f64, f64)> = Vec::new();
    for stretch in stretches {
        match all.last_mut() {
            Some(last) if stretch.0 - last.1 < 0.01 => last.1 = stretch.1,
            _ => all.push(stretch),
        }
    }
    all
}

/// Nobody pouts in these films of people speaking: rounded vowels and faces that are too small must not count. By the
/// voice where the test knows it from labels, by the lips alone otherwise.
#[test]
fn speech_is_no_pout() {
    let Some(data) = data() else { return println!("skipped: no ATTUNE_DATA") };
    if !shelf().has("face_landmarks") {
        return println!("skipped: the networks are not installed");
    }
    let sentence = |file: &'static str| (file, vec![(Who::Face(1), 0.0, 3.0)]);
    let debate = |file: &'static str| (file, vec![(Who::Face(1), 0.0, 5.0)]);
    let films = [
        sentence("video/grid_bbaf2n.mpg"),
        sentence("video/grid_lbax4n.mpg"),
        sentence("video/grid_lbbc2a.mpg"),
        sentence("video/grid_lrwp9a.mpg"),
        debate("video/mexca_debate_b.mp4"),
        debate("video/mexca_debate_c.mp4"),
        ("constructed/grid_split_open.mp4", split_screen(&data)),
    ];
    for by_voice in [false, true] {
        let (mut spoken, mut pouted, mut judged) = (0.0, 0.0, 0.0);
        for (film, speech) in &films {
            let tracks = tracks(&data.join(film), 2);
            let voices: Vec<Event> = if by_voice { speech.iter().map(voice).collect() } else { Vec::new() };
            for &(who, start, end) in speech {
                spoken += end - start;
                let Some(found) = measured(&tracks, who, &voices) else { continue };
                judged += end - start;
                let span = Span::new(SessionTime::from_secs_f64(start), SessionTime::from_secs_f64(end)).unwrap();
                for event in found.events {
                    let secs = event.span.overlap(span).map_or(0.0, Span::secs_f64);
                    pouted += secs;
                    if secs > 0.0 {
                        println!("  {film} {who} {:.1} s of a pout from {:.1} s", secs, event.span.start().secs_f64());
                    }
                }
            }
        }
        let how = if by_voice { "by the voice" } else { "by the lips" };
        let share = 100.0 * pouted / spoken;
        println!(
            "{how}: {pouted:.1} of {spoken:.1} s of speech counted as a pout ({share:.1} %); {judged:.1} s judged"
        );
        assert!(pouted <= 0.02 * spoken, "{how}");
    }
}

/// Who speaks when in grid_split_open, from its labels; the left one is the first face.
fn split_screen(data: &Path) -> Vec<(Who, f64, f64)> {
    let file = data.join("constructed/grid_split_open.rttm");
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let turn = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (start, secs): (f64, f64) = (words.get(3)?.parse().ok()?, words.get(4)?.parse().ok()?);
        let left = words.get(7)? == &"L";
        Some((Who::Face(if left { 1 } else { 2 }), start, start + secs))
    };
    text.lines().filter_map(turn).collect()
}

/// An event of `aud.vad`.
fn voice(&(who, start, end): &(Who, f64, f64)) -> Event {
    Event {
        id: EventId::default(),
        marker: "aud.vad".into(),
        who,
        span: Span::new(SessionTime::from_secs_f64(start), SessionTime::from_secs_f64(end)).unwrap(),
        apex: None,
        value: (end - start) as f32,
        unit: Unit::Seconds,
        strength: 1.0,
        confidence: 1.0,
        kind: Some("speech".into()),
        words: None,
        seen_in: Vec::new(),
    }
}
