//! Sound cut at its pauses.

use super::StretchSettings;
use crate::time::{SessionTime, Span};

/// A piece of the recording that is aligned by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// When.
    pub span: Span,
    /// Seconds of speech in it.
    pub speech_secs: f64,
}

/// Pieces that hold all speech, in order, each ending in the middle of the longest pause between its least and its most
/// length, or at its most length where nobody pauses. Long silences belong to none. `speech` may be in any order and overlap.
pub fn stretches(speech: &[Span], settings: &StretchSettings) -> Vec<Stretch> {
    let mut sorted = speech.to_vec();
    sorted.sort();
    let mut joined: Vec<Span> = Vec::new();
    for span in sorted {
        match joined.last_mut() {
            Some(last) if span.start() <= last.end() => *last = last.hull(span),
            _ => joined.push(span),
        }
    }
    let (least, most) = (settings.least_secs.max(1.0), settings.most_secs.max(settings.least_secs.max(1.0) + 1.0));
    let around = settings.around_secs;
    let mut found = Vec::new();
    let mut from = joined.first().map_or(0.0, |first| first.start().secs_f64() - around).max(0.0);
    let Some(end) = joined.last().map(|last| last.end().secs_f64() + around) else { return found };
    while from < end {
        let window = (from + least, from + most);
        let pauses = joined.windows(2).map(|pair| (pair[0].end().secs_f64(), pair[1].start().secs_f64()));
        let longest = pauses
            .filter(|&(start, stop)| {
                let middle = f64::midpoint(start, stop.min(start + 2.0 * around));
                middle >= window.0 && middle <= window.1
            })
            .max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)));
        let (to, next) = match longest {
            _ if end <= window.1 => (end, end),
            Some((start, stop)) if stop - start > 4.0 * around => (start + around, stop - around),
            Some((start, stop)) => (f64::midpoint(start, stop), f64::midpoint(start, stop)),
            None => {
                let inside =
                    joined.iter().any(|span| span.start().secs_f64() < window.1 && span.end().secs_f64() > from);
                let after = joined.iter().map(|span| span.start().secs_f64() - around).find(|start| *start > from);
                match (inside, after) {
                    (false, Some(after)) => {
                        from = after;
                        continue;
                    }
                    _ => (window.1, window.1),
                }
            }
        };
        let span = Span::new(SessionTime::from_secs_f64(from), SessionTime::from_secs_f64(to));
        if let Some(span) = span {
            let speech_secs = joined.iter().filter_map(|one| one.overlap(span)).map(Span::secs_f64).sum();
            if speech_secs > 0.0 {
                found.push(Stretch { span, speech_secs });
            }
        }
        from = next.max(from + 0.1);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: StretchSettings = StretchSettings {
        least_secs: 20.0,
        most_secs: 45.0,
        around_secs: 0.3,
        near_timed_secs: 4.0,
        near_untimed_secs: 30.0,
        near_word_secs: 1.5,
        words_per_sec_at_most: 5.0,
    };

    fn check(speech: &[(i64, i64)]) -> Vec<(f64, f64)> {
        let spans: Vec<Span> = speech.iter().map(|&(a, b)| Span::from_millis(a, b).unwrap()).collect();
        let found = stretches(&spans, &SETTINGS);
        for span in &spans {
            let covered: f64 = found.iter().filter_map(|s| s.span.overlap(*span)).map(Span::secs_f64).sum();
            assert!((covered - span.secs_f64()).abs() < 0.2, "{span:?} is covered for {covered} s by {found:?}");
        }
        assert!(found.windows(2).all(|pair| pair[0].span.end() <= pair[1].span.start()), "{found:?}");
        assert!(found.iter().all(|one| one.span.secs_f64() <= 45.1), "{found:?}");
        found.iter().map(|one| (one.span.start().secs_f64(), one.span.end().secs_f64())).collect()
    }

    #[test]
    fn cuts_lie_in_the_longest_pause() {
        let cut = check(&[(1000, 24_000), (24_500, 30_000), (31_500, 60_000)]);
        assert_eq!(cut.len(), 2);
        assert!(cut[0].1 > 30.0 && cut[0].1 < 31.5, "{cut:?}");
    }

    #[test]
    fn talk_without_a_pause_and_long_silences() {
        check(&[(0, 200_000)]);
        let cut = check(&[(1000, 10_000), (400_000, 420_000)]);
        assert!(cut[0].1 < 40.0 || cut[1].0 > 390.0, "the silence belongs to neither: {cut:?}");
        assert!(stretches(&[], &SETTINGS).is_empty());
    }
}
