//! Says what will be recorded and asks whether everyone has agreed.

use std::io::{BufRead, IsTerminal, Write};

use attune::record::Consent;

use super::super::Failure;
use super::super::args::Record;

/// Shows the notice and waits for an answer; with `--consent-given` it is shown and not asked.
pub fn ask(asked: &Record, consent: &Consent) -> Result<(), Failure> {
    let mut screen = std::io::stderr();
    let notice = wrapped(&consent.notice, usize::from(console::Term::stderr().size().1));
    if asked.consent_given {
        if !asked.quiet {
            _ = writeln!(screen, "{notice}\n");
        }
        return Ok(());
    }
    _ = writeln!(screen, "{notice}\n");
    if !std::io::stdin().is_terminal() || !screen.is_terminal() {
        return Err(Failure {
            code: Failure::WRONG_USE,
            message:
                "nobody can be asked here, for there is no terminal: when everyone in the room has agreed, say so \
                      with --consent-given"
                    .into(),
        });
    }
    _ = write!(screen, "{} ", consent.question.trim_end());
    _ = screen.flush();
    let mut answer = String::new();
    // The end of the input (Ctrl-D) is no consent.
    let read = std::io::stdin().lock().read_line(&mut answer).unwrap_or(0);
    match answer.trim().to_lowercase().as_str() {
        "" | "y" | "yes" if read > 0 => Ok(()),
        _ => Err(Failure::told("nothing was recorded, and no file was made")),
    }
}

/// Paragraphs, broken anew to the width of the terminal.
fn wrapped(text: &str, width: usize) -> String {
    let width = width.clamp(40, 100);
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.trim().split("\n\n") {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && console::measure_text_width(&line) + 1 + console::measure_text_width(word) > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line += word;
        }
        lines.push(line);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn paragraphs_fit_the_terminal_and_lose_no_word() {
        let text = "one two three four five six seven eight nine ten\neleven\n\ntwelve";
        let lines = "one two three four five six seven eight\nnine ten eleven\n\ntwelve";
        assert_eq!(super::wrapped(text, 10), lines);
    }
}
