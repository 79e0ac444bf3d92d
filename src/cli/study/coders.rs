//! `attune study coder`: who codes, in `study.toml` and in the coders' work where there is some already.

use std::path::Path;

use attune::desk::role_of;
use attune::review::{FILE, Role, Standing, Store, StoreError, coders, flow};
use attune::session::stored;
use attune::study::{Coder, CoderRole, Study};

use super::super::review::now_ms;
use super::{Failure, say};

pub fn run(place: &Path, wanted: &[Coder], gone: &[String], yes: bool) -> Result<(), Failure> {
    if !Study::is_at(place) && place.join(stored::FILE).is_file() {
        // A folder of results: its coders are in the store alone.
        let store = Store::open(&place.join(FILE))?;
        change(&store, &["S001".to_owned()], wanted, gone, yes)?;
        return say(&told(&store.read(coders::all)?));
    }
    let mut study = Study::open(place)?;
    let _lock = study.lock("coder")?;
    let file = study.review_store();
    let store = if file.is_file() { Some(Store::open(&file)?) } else { None };
    let named = |name: &String| study.settings().coder(name).is_some();
    if let Some(nobody) = gone.iter().find(|name| store.is_none() && !named(name)) {
        return Err(Failure::wrong_use(format!("nobody called {nobody:?} takes part in this study")));
    }
    if let Some(store) = &store {
        let scanned =
            study.sessions()?.good.into_iter().filter(|session| session.results().join(stored::FILE).is_file());
        change(store, &scanned.map(|session| session.id).collect::<Vec<_>>(), wanted, gone, yes)?;
    }
    study.change_settings(|settings| {
        settings.coders.retain(|known| !gone.contains(&known.name));
        for coder in wanted {
            match settings.coders.iter_mut().find(|known| known.name == coder.name) {
                Some(known) => known.role = coder.role,
                None => settings.coders.push(coder.clone()),
            }
        }
    })?;
    match &store {
        Some(store) => say(&told(&store.read(coders::all)?)),
        None => {
            let list = study.settings().coders.iter().map(|coder| (coder.name.as_str(), role_of(coder.role)));
            say(&told_of(list))
        }
    }
}

fn told(all: &[attune::review::Coder]) -> String {
    told_of(all.iter().map(|coder| (coder.name.as_str(), coder.role)))
}

fn told_of<'n>(all: impl Iterator<Item = (&'n str, Role)>) -> String {
    let names: Vec<String> = all.map(|(name, role)| format!("{name} ({})", role.name())).collect();
    format!("coders: {}\n", names.join(", "))
}

/// In the coders' work. All or nothing.
fn change(store: &Store, sessions: &[String], wanted: &[Coder], gone: &[String], yes: bool) -> Result<(), Failure> {
    let (wanted, gone, sessions) = (wanted.to_vec(), gone.to_vec(), sessions.to_vec());
    let done = store.write(move |c| {
        let known = coders::everybody(c)?;
        let at_ms = now_ms();
        for name in &gone {
            let person = known.iter().find(|coder| coder.name == *name && coder.standing == Standing::In);
            let Some(person) = person else {
                return Err(StoreError::Refused(format!("nobody called {name:?} takes part in this study")));
            };
            coders::take_out(c, name, person.role, "server", at_ms)?;
        }
        for coder in &wanted {
            let reopened = match coder.role {
                CoderRole::Supervisor => Vec::new(),
                _ => flow::reopened_by(c, &coder.name, &sessions)?,
            };
            let (name, role) = (coder.name.clone(), role_of(coder.role));
            let same = |known: &attune::review::Coder| {
                known.name == name && known.role == role && known.standing == Standing::In
            };
            if known.iter().any(same) {
                continue;
            }
            if !reopened.is_empty() && !yes {
                return Err(StoreError::Reopens { name, sessions: reopened });
            }
            coders::put(c, &name, role, None, "server", at_ms)?;
        }
        Ok(())
    });
    match done {
        Err(error @ StoreError::Reopens { .. }) => {
            Err(Failure::wrong_use(format!("{error}; nothing was changed: say --yes if that is meant")))
        }
        other => Ok(other?),
    }
}
