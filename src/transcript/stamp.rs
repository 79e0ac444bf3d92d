//! Times as people write them: `01:02:03.450`, `62:03,45`, `3723.45`.

use crate::time::SessionTime;

/// `[h:]mm:ss[.fraction]` (comma or dot), without sign. `None` if it is anything else or seconds or minutes pass 59
/// where a larger unit stands before them.
pub(super) fn clock(text: &str) -> Option<SessionTime> {
    let text = text.trim();
    let (whole, fraction) = match text.find(['.', ',']) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    };
    let mut parts = [0_i64; 3];
    let mut count = 0;
    for part in whole.split(':') {
        if count == 3 || part.is_empty() || part.len() > 6 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        parts[count] = part.parse().ok()?;
        count += 1;
    }
    let (hours, minutes, seconds) = match count {
        2 => (0, parts[0], parts[1]),
        3 => (parts[0], parts[1], parts[2]),
        _ => return None,
    };
    if seconds > 59 || (count == 3 && minutes > 59) {
        return None;
    }
    let nanos = nanos_from_fraction(fraction)?;
    let secs = hours.checked_mul(3600)?.checked_add(minutes * 60 + seconds)?;
    Some(SessionTime::from_nanos(secs.checked_mul(1_000_000_000)?.checked_add(nanos)?))
}

/// [`clock`], or plain seconds such as `3723.45` (also negative).
pub(super) fn clock_or_secs(text: &str) -> Option<SessionTime> {
    clock(text).or_else(|| {
        let text = text.trim();
        let text = text.strip_suffix('s').unwrap_or(text);
        let secs: f64 = text.replace(',', ".").parse().ok()?;
        // 1e9 s = 31 years: more is no time inside a recording.
        (secs.is_finite() && secs.abs() < 1e9).then(|| SessionTime::from_secs_f64(secs))
    })
}

/// Whole or fractional milliseconds.
pub(super) fn millis(text: &str) -> Option<SessionTime> {
    let ms: f64 = text.trim().parse().ok()?;
    (ms.is_finite() && ms.abs() < 1e12).then(|| SessionTime::from_secs_f64(ms / 1000.0))
}

/// `45` after the point is 450 000 000 ns; digits past the ninth are dropped.
fn nanos_from_fraction(digits: &str) -> Option<i64> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut nanos = 0;
    for place in 0..9 {
        nanos = nanos * 10 + digits.as_bytes().get(place).map_or(0, |digit| i64::from(digit - b'0'));
    }
    Some(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_write_them() {
        let ms = |text| clock_or_secs(text).map(SessionTime::millis);
        assert_eq!(ms("01:02:03.450"), Some(3_723_450));
        assert_eq!(ms("1:02:03,45"), Some(3_723_450));
        assert_eq!(ms("62:03"), Some(3_723_000));
        assert_eq!(ms("3723.45"), Some(3_723_450));
        assert_eq!(ms("-1.5"), Some(-1500));
        assert_eq!(ms("12.5s"), Some(12_500));
        for bad in ["", ":", "1:2:3:4", "00:61", "00:00:1d.890", "nan", "inf", "1e300", "00:00.x", "99999999999:00:00"]
        {
            assert_eq!(ms(bad), None, "{bad}");
        }
    }
}
