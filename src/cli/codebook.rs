//! `attune codebook list | show | check`.

use std::io::IsTerminal;

use attune::codebook::{self, Paint};
use attune::engine::prepared::read_codebook;
use attune::spelling::nearest;

use super::args::Codebook;
use super::{Failure, open_config, say, tell};

/// Colours where a person reads and has not asked for none.
fn paint() -> Paint {
    match std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        true => Paint::Ansi,
        false => Paint::Plain,
    }
}

pub fn run(command: &Codebook) -> Result<(), Failure> {
    match command {
        Codebook::List { machine, json } => {
            let codes = read_codebook(&open_config(machine)?)?;
            match json {
                true => say(&format!("{:#}\n", codebook::list_json(&codes)))?,
                false => say(&codebook::list_table(&codes, paint()))?,
            }
        }
        Codebook::Show { code, machine, json } => {
            let codes = read_codebook(&open_config(machine)?)?;
            let id = code.to_lowercase();
            let page = match json {
                true => codebook::code_json(&codes, &id).map(|page| format!("{page:#}\n")),
                false => codebook::code_page(&codes, &id, paint()),
            };
            say(&page.ok_or_else(|| unknown(&codes, code))?)?;
        }
        Codebook::Check { machine } => {
            let codes = read_codebook(&open_config(machine)?)?;
            let wrong = codebook::check_examples(&codes);
            for (code, problem) in &wrong {
                tell(&format!("{code}: {problem}"));
            }
            if !wrong.is_empty() {
                return Err(Failure::told(format!("{} examples do not give what they say", wrong.len())));
            }
            let all = codes.codes().count();
            let (rules, examples) = codes
                .codes()
                .flat_map(|code| &code.rules)
                .fold((0, 0), |(rules, examples), rule| (rules + 1, examples + rule.examples.len()));
            say(&format!("{all} codes read, {rules} rules, {examples} examples: all give what they say\n"))?;
        }
    }
    Ok(())
}

fn unknown(codes: &codebook::Codebook, code: &str) -> Failure {
    let ids = codes.codes().map(|code| code.id.as_str());
    let hint = nearest(code, ids).map(|id| format!(" (did you mean {id}?)")).unwrap_or_default();
    Failure::wrong_use(format!("there is no code {code:?}{hint}; attune codebook list shows all"))
}
