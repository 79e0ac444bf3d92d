//! Says what will be recorded and asks whether everyone has agreed.

use std::io::{BufRead, IsTerminal, Write};

use attune::record::Consent;

use super::super::Failure;
use super::super::args::Record;

/// Shows the notice and waits for an answer; with `--consent-given` it is shown and not asked.
pub fn ask(asked: &Record, consent: &Consent) -> Result<(), Failure> {
    let mut screen = std::io::stderr();
    let notice = consent.notice.trim();
    if asked.consent_given {
        if !asked.quiet {
            _ = writeln!(screen, "{notice}\n");
        }
        return Ok(());
    }
    _ = writeln!(screen, "{notice}\n");
    if !std::io::stdin().is_terminal() {
        return Err(Failure {
            code: Failure::WRONG_USE,
            message: "nobody can be asked here, for there is no terminal: when everyone in the room has agreed, say so \
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
