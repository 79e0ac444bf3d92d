//! Calendar dates, for how long something may be kept. Sessions themselves have no date, only a day's number.

use serde::{Deserialize, Serialize};

/// A day of the Gregorian calendar, written `2031-12-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    year: i32,
    month: u8,
    day: u8,
}

impl Date {
    /// `None` if there is no such day.
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        let there =
            (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
        there.then_some(Self { year, month, day })
    }

    /// The day (UTC) that lies so many seconds after the beginning of 1970; later than the year 9999 counts as its end.
    pub fn from_unix_secs(secs: u64) -> Self {
        let first = Self { year: 1970, month: 1, day: 1 };
        first.plus_days(u32::try_from(secs / 86_400).unwrap_or(u32::MAX))
    }

    /// So many days later; the last day of the year 9999 at most.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        let Self { mut year, mut month, .. } = self;
        let mut day = u64::from(self.day) + u64::from(days);
        // Whole cycles of the calendar first, so that a large number takes no longer.
        year = year.saturating_add(i32::try_from(day / 146_097 * 400).unwrap_or(i32::MAX));
        day %= 146_097;
        if day == 0 {
            // The day before the first of this month.
            (year, month) = if month == 1 { (year - 1, 12) } else { (year, month - 1) };
            day = u64::from(days_in(year, month));
        }
        while year <= 9999 && day > u64::from(days_in(year, month)) {
            day -= u64::from(days_in(year, month));
            (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        }
        let last = Self { year: 9999, month: 12, day: 31 };
        u8::try_from(day).ok().and_then(|day| Self::new(year, month, day)).unwrap_or(last)
    }
}

fn days_in(year: i32, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for Date {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl std::str::FromStr for Date {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.trim().split('-').collect();
        let digits = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        let date = match parts[..] {
            [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2) => {
                let numbers = (year.parse().ok(), month.parse().ok(), day.parse().ok());
                if let (Some(year), Some(month), Some(day)) = numbers { Self::new(year, month, day) } else { None }
            }
            _ => None,
        };
        date.ok_or_else(|| format!("{text:?} is no date such as 2031-12-31"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &str, days: u32, to: &str) {
        assert_eq!(from.parse::<Date>().unwrap().plus_days(days).to_string(), to, "{from} + {days}");
    }

    #[test]
    fn days_are_added_over_months_and_leap_years() {
        check("2026-11-28", 0, "2026-11-28");
        check("2026-11-28", 3, "2026-12-01");
        check("2024-02-28", 1, "2024-02-29");
        check("2023-02-28", 1, "2023-03-01");
        check("2000-01-01", 146_097, "2400-01-01");
        check("2026-11-28", 3650, "2036-11-25");
        check("2026-11-28", u32::MAX, "9999-12-31");
        // A whole cycle that ends on the day before a month begins.
        check("1970-01-01", 146_096, "2369-12-31");
        assert_eq!(Date::from_unix_secs(951_782_400).to_string(), "2000-02-29");
        assert_eq!(Date::from_unix_secs(u64::MAX).to_string(), "9999-12-31");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["2026-02-29", "2026-13-01", "26-01-01", "2026-1-1", "2026-01-01-01", "", "2026-01-01x"] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }
}
