//! Praat TextGrid, long and short text form. (Praat manual, "TextGrid file formats".)
//!
//! Praat reads such a file as a stream of numbers, quoted texts and flags that stand free between white space, and skips
//! all else; so does this.

use super::tiers::{Interval, Tier, push_tiers};
use super::{Draft, Settings, own};
use crate::time::SessionTime;

/// The first two texts of the file.
pub(super) fn looks_like(text: &str) -> bool {
    let mut tokens = Tokens::new(text);
    matches!((tokens.text(), tokens.text()), (Some(kind), Some(class)) if kind.starts_with("ooText") && class == "TextGrid")
}

pub(super) fn parse(text: &str, settings: &Settings) -> Draft {
    let mut draft = Draft::new("TextGrid");
    let mut tiers = Vec::new();
    let mut tokens = Tokens::new(text);
    if read(&mut tokens, &mut tiers).is_none() {
        draft.warn(tokens.line, "the file breaks off or is damaged here; what stands before is read");
    }
    if text.lines().take(12).any(|line| line.trim() == own::TEXTGRID) {
        let of_people = tiers.into_iter().filter_map(|tier| {
            let person = own::person_of_tier(&tier.speaker)?.to_owned();
            Some((person, tier.intervals))
        });
        own::push_tiers(&mut draft, of_people);
    } else {
        push_tiers(&mut draft, tiers, settings);
    }
    draft
}

/// Reads tiers until the file ends; `None` if it ends too early.
fn read(tokens: &mut Tokens<'_>, tiers: &mut Vec<Tier>) -> Option<()> {
    tokens.text()?;
    tokens.text()?;
    tokens.number()?;
    tokens.number()?;
    if tokens.flag()? != "<exists>" {
        return Some(());
    }
    for _ in 0..tokens.count()? {
        let class = tokens.text()?;
        tiers.push(Tier { speaker: tokens.text()?, ..Tier::default() });
        let tier = tiers.last_mut()?;
        tokens.number()?;
        tokens.number()?;
        for _ in 0..tokens.count()? {
            let start = tokens.time()?;
            let end = if class == "IntervalTier" { Some(tokens.time()?) } else { None };
            let line = tokens.line;
            tier.intervals.push(Interval { line, start: Some(start), end, text: tokens.text()? });
        }
    }
    Some(())
}

/// What stands free in the text.
struct Tokens<'a> {
    rest: &'a str,
    line: usize,
}

#[derive(Debug, PartialEq)]
enum Token<'a> {
    Number(f64),
    Text(String),
    Flag(&'a str),
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text, line: 1 }
    }

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let from = self.rest.find(|c: char| !c.is_whitespace())?;
            self.skip(from);
            match self.rest.as_bytes().first()? {
                b'"' => return self.quoted(),
                b'!' => self.skip(self.rest.find('\n').unwrap_or(self.rest.len())),
                _ => {
                    let word = self.rest.split(char::is_whitespace).next()?;
                    self.skip(word.len());
                    if word.starts_with('<') && word.ends_with('>') {
                        return Some(Token::Flag(word));
                    }
                    let number = word.trim_end_matches('%');
                    let numeric = number.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+');
                    if let Some(number) = number.parse().ok().filter(|_| numeric) {
                        return Some(Token::Number(number));
                    }
                }
            }
        }
    }

    /// A text in quotes, in which two quotes stand for one.
    fn quoted(&mut self) -> Option<Token<'a>> {
        let mut text = String::new();
        self.skip(1);
        loop {
            let end = self.rest.find('"')?;
            text.push_str(&self.rest[..end]);
            self.skip(end + 1);
            if !self.rest.starts_with('"') {
                return Some(Token::Text(text));
            }
            text.push('"');
            self.skip(1);
        }
    }

    fn skip(&mut self, bytes: usize) {
        let (gone, rest) = self.rest.split_at(bytes);
        self.line += gone.matches('\n').count();
        self.rest = rest;
    }

    fn text(&mut self) -> Option<String> {
        match self.next()? {
            Token::Text(text) => Some(text),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<f64> {
        match self.next()? {
            Token::Number(number) => Some(number),
            _ => None,
        }
    }

    fn flag(&mut self) -> Option<&'a str> {
        match self.next()? {
            Token::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    fn count(&mut self) -> Option<usize> {
        let number = self.number()?;
        // No file holds as many; one that says so breaks off.
        (0.0..1e9).contains(&number).then_some(number as usize)
    }

    fn time(&mut self) -> Option<SessionTime> {
        self.number().filter(|secs| secs.is_finite() && secs.abs() < 1e9).map(SessionTime::from_secs_f64)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, read_text};

    const LONG: &str = "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = 4\ntiers? <exists>\n\
        size = 2\nitem []:\n    item [1]:\n        class = \"IntervalTier\"\n        name = \"Client\"\n        xmin = 0\n\
        \n        xmax = 4\n        intervals: size = 2\n        intervals [1]:\n            xmin = 0\n            xmax = 1\n\
        \n            text = \"\"\n        intervals [2]:\n            xmin = 1\n            xmax = 2.5\n\
        \n            text = \"he said \"\"no\"\" ((sighs))\"\n    item [2]:\n        class = \"TextTier\"\n\
        \n        name = \"Therapist\"\n        xmin = 0\n        xmax = 4\n        points: size = 1\n        points [1]:\n\
        \n            number = 3\n            mark = \"mhm\"\n";
    const SHORT: &str = "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\n0\n4\n<exists>\n2\n\"IntervalTier\"\n\
        \"Client\"\n0\n4\n2\n0\n1\n\"\"\n1\n2.5\n\"he said \"\"no\"\" ((sighs))\"\n\"TextTier\"\n\"Therapist\"\n0\n4\n1\n3\n\"mhm\"\n";

    #[test]
    fn both_forms_say_the_same() {
        let expect = ["1000-2500 Client: he said \"no\" {sighs}", "3000-? Therapist: mhm"];
        check(LONG, "TextGrid", &expect);
        check(SHORT, "TextGrid", &expect);
    }

    #[test]
    fn what_stands_before_a_break_is_read() {
        let cut = LONG.find("item [2]").unwrap();
        let found = read_text(&LONG[..cut + 40]);
        assert_eq!((found.turns.len(), found.warnings.len()), (1, 1));
        // A count that nothing can hold costs no memory.
        let many = SHORT.replacen("\n2\n0\n1\n", "\n900000000\n0\n1\n", 1);
        assert_eq!(read_text(&many).turns.len(), 1);
    }
}
