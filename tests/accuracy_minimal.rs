//! How many replies to open questions are flagged as minimal responses in good sessions, where such replies are rarely what a
//! coder looks for: AnnoMI transcripts of high quality, open questions by its coders' labels. Times are whole seconds and ends
//! are guessed from the words, so a silence here is what is left until the next start. Passes without the data.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what broke by panicking, and prints its table"
)]

#[path = "support/annomi.rs"]
mod annomi;
#[path = "support/voices.rs"]
mod voices;

use annomi::Talk;
use attune::config::Config;
use attune::engine::interpret::interpret;
use attune::engine::prepared::Prepared;
use attune::time::Span;
use attune::track::Who;
use attune::transcript::count_words;
use voices::voices;

#[derive(Default)]
struct Counts {
    sessions: usize,
    replies: usize,
    short: usize,
    minimal: usize,
    strict: usize,
    /// At most 3 words, and the next start 3 s and more after the end that is guessed.
    short_and_silent: usize,
    silent: usize,
}

impl Counts {
    fn and(&self, other: &Self) -> Self {
        Self {
            sessions: self.sessions + other.sessions,
            replies: self.replies + other.replies,
            short: self.short + other.short,
            minimal: self.minimal + other.minimal,
            strict: self.strict + other.strict,
            short_and_silent: self.short_and_silent + other.short_and_silent,
            silent: self.silent + other.silent,
        }
    }

    fn percent(&self, count: usize) -> f64 {
        100.0 * count as f64 / self.replies.max(1) as f64
    }

    fn tell(&self, name: &str) {
        println!(
            "| {name} | {} | {} | {:.1} % | {:.1} % | {:.1} % | {:.1} % | **{:.1} %** |",
            self.sessions,
            self.replies,
            self.percent(self.short),
            self.percent(self.minimal),
            self.percent(self.strict),
            self.percent(self.short_and_silent),
            self.percent(self.silent)
        );
    }
}

fn count(talks: &[&Talk], prepared: &Prepared) -> Counts {
    let mut counts = Counts { sessions: talks.len(), ..Counts::default() };
    let show = std::env::var_os("ATTUNE_SHOW").is_some();
    for talk in talks {
        let in_order = talk.turns();
        let (sorted, session) = annomi::in_time(&in_order);
        let words = (Some(&sorted[..]), Some(&prepared.languages.get("en").unwrap().patterns));
        let settings = (&prepared.episodes, &Default::default());
        let found =
            interpret(&voices(&sorted, session), session, words, prepared, settings, 7, &mut Vec::new()).unwrap();
        for (at, line) in talk.lines.iter().enumerate() {
            let reply = in_order.get(at + 1).filter(|turn| line.is_open_question && turn.who == Who::Client);
            let Some(reply) = reply else { continue };
            let asked = in_order[at].span;
            counts.replies += 1;
            let is_short = count_words(&reply.text) <= 3;
            counts.short += usize::from(is_short);
            let next = in_order.get(at + 2).map_or(0.0, |next| next.span.start().secs_after(reply.span.end()));
            counts.short_and_silent += usize::from(is_short && next >= 3.0);
            let minimal = found.events.iter().find(|event| {
                event.marker == "aud.minresp" && event.who == Who::Client && event.span.overlap(reply.span).is_some()
            });
            counts.minimal += usize::from(minimal.is_some());
            counts.strict += usize::from(minimal.is_some_and(|event| event.kind.as_deref() == Some("strict")));
            // The code whose rule asks for the silence: it begins with the question and ends after the reply.
            let is_of_this = |span: Span| span.overlap(asked).is_some() && span.end() > reply.span.end();
            let silent = found.hits.iter().any(|hit| hit.code == "rs03" && is_of_this(hit.span));
            counts.silent += usize::from(silent);
            if show && silent {
                let next = in_order.get(at + 2);
                println!("{} {}: {}", talk.id, line.secs, line.text);
                println!("    {}: {}", reply.span.start().secs_f64(), reply.text);
                println!("    {}: {}", next.map_or(0.0, |n| n.span.start().secs_f64()), next.map_or("", |n| &n.text));
            }
        }
    }
    counts
}

#[test]
fn few_replies_to_open_questions_are_flagged_in_good_sessions() {
    let Some(talks) = annomi::annomi() else { return println!("skipped: no ATTUNE_DATA") };
    let prepared = Prepared::read(Config::embedded()).unwrap();
    println!(
        "| sessions | number | replies to open questions | at most 3 words | aud.minresp | .. strict | at most 3 words and 3 s until anybody speaks | rs03 |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let group = |high: bool, seen: Option<bool>| -> Vec<&Talk> {
        let is_of = |talk: &&Talk| talk.is_high == high && seen.is_none_or(|seen| talk.id.is_multiple_of(4) == seen);
        talks.iter().filter(is_of).collect()
    };
    let (seen, unseen) = (count(&group(true, Some(true)), &prepared), count(&group(true, Some(false)), &prepared));
    seen.tell("high, seen");
    unseen.tell("high, unseen");
    count(&group(false, None), &prepared).tell("low");
    let high = seen.and(&unseen);
    high.tell("high");
    assert!(high.replies > 300 && high.short > 0, "{} {}", high.replies, high.short);
    assert!(high.percent(high.silent) <= 2.0, "{:.1} % of {} replies", high.percent(high.silent), high.replies);
}
