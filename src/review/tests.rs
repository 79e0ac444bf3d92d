use std::path::Path;

use super::consensus::{On, Rule};
use super::flow::{self, Stage};
use super::records::{self, By, Coding, Decision, Outcome};
use super::tables::Frame;
use super::*;

fn by(coder: &str, session: &str) -> By {
    By { coder: coder.into(), session: session.into(), at_ms: 1_000 }
}

fn coding(code: &str, start_ms: i64, end_ms: i64) -> Coding {
    serde_json::from_value(serde_json::json!({ "code": code, "start_ms": start_ms, "end_ms": end_ms })).unwrap()
}

fn study(folder: &Path, names: &[&str]) -> Store {
    let store = Store::open(&folder.join(FILE)).unwrap();
    for name in names {
        let name = (*name).to_owned();
        store.write(move |c| coders::put(c, &name, Role::Coder, None, "server", 1)).unwrap();
    }
    store
}

fn give(store: &Store, coder: &str, coding: Coding) -> i64 {
    let by = by(coder, "s1");
    store.write(move |c| records::put_coding(c, &by, &coding)).unwrap()
}

fn lock(store: &Store, coder: &str) {
    let by = by(coder, "s1");
    store.write(move |c| flow::lock(c, &by)).unwrap();
}

#[test]
fn a_code_has_revisions_and_undo_is_one_more() {
    let folder = tempfile::tempdir().unwrap();
    let store = study(folder.path(), &["ann"]);
    let unit = give(&store, "ann", coding("rs03", 0, 1000));
    give(&store, "ann", Coding { unit: Some(unit), ..coding("rs02", 0, 1500) });
    let stands = || store.read(|c| records::codings(c, Some("s1"), None, false)).unwrap();
    assert_eq!(stands().iter().map(|c| (c.code.as_str(), c.revision)).collect::<Vec<_>>(), [("rs02", 2)]);
    let back = store.write(move |c| records::undo_coding(c, &by("ann", "s1"))).unwrap().unwrap();
    assert_eq!((back.code.as_str(), back.end_ms), ("rs03", 1000));
    assert_eq!(stands()[0].revision, 3);
    assert_eq!(store.read(chain::verify).unwrap().problems, Vec::<String>::new());
}

#[test]
fn what_was_given_before_the_lock_stays_for_agreement() {
    let folder = tempfile::tempdir().unwrap();
    let store = study(folder.path(), &["ann"]);
    let unit = give(&store, "ann", coding("rs03", 0, 1000));
    lock(&store, "ann");
    give(&store, "ann", Coding { unit: Some(unit), removed: true, ..coding("rs03", 0, 1000) });
    assert!(store.read(|c| records::codings(c, Some("s1"), None, false)).unwrap().is_empty());
    assert_eq!(store.read(|c| records::codings(c, Some("s1"), None, true)).unwrap().len(), 1);
    let refused = store.write(|c| records::put_salience(c, &by("ann", "s1"), 0, Some(3)));
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
}

#[test]
fn others_wait_for_the_last_lock() {
    let folder = tempfile::tempdir().unwrap();
    let store = study(folder.path(), &["ann", "ben"]);
    store.write(|c| coders::put(c, "sue", Role::Supervisor, None, "server", 1)).unwrap();
    assert_eq!(store.read(|c| flow::stage(c, "ann", "s1")).unwrap(), Stage::New);
    lock(&store, "ann");
    assert_eq!(store.read(|c| flow::stage(c, "ann", "s1")).unwrap(), Stage::Flags);
    assert_eq!(store.read(|c| flow::waiting_for(c, "s1")).unwrap(), ["ben"]);
    lock(&store, "ben");
    assert!(store.read(|c| flow::is_open_to_all(c, "s1")).unwrap());
    assert!(store.write(|c| flow::lock(c, &by("ann", "s1"))).is_err(), "locked twice");
    assert!(store.write(|c| records::put_coding(c, &by("sue", "s1"), &coding("rs03", 0, 1))).is_err());
}

fn admit(store: &Store, name: &str, role: Role, by: Option<&str>, sure: bool) -> Result<(), StoreError> {
    let new = coders::New { name: name.into(), role, secret: None, sure };
    let by = by.map(str::to_owned);
    store.write(move |c| coders::admit(c, &new, by.as_deref(), &["s1".into()], 1))
}

fn change(store: &Store, name: &str, role: Role, standing: Standing, by: &str, sure: bool) -> Result<(), StoreError> {
    let (name, by) = (name.to_owned(), by.to_owned());
    store.write(move |c| coders::change(c, &name, (role, standing), (&by, sure), &["s1".into()], 1))
}

#[test]
fn a_lead_says_who_takes_part_and_nobody_reopens_a_session_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let store = study(folder.path(), &[]);
    let refused = |done: Result<(), StoreError>| matches!(done, Err(StoreError::Refused(_)));
    assert!(refused(admit(&store, "ann", Role::Coder, None, true)), "the first one leads");
    admit(&store, "ann", Role::Lead, None, false).unwrap();
    assert!(refused(admit(&store, "ben", Role::Coder, None, true)), "nobody has come in");
    admit(&store, "ben", Role::Coder, Some("ann"), false).unwrap();
    assert!(refused(admit(&store, "eve", Role::Coder, Some("ben"), true)), "ben does not lead");
    assert!(refused(admit(&store, "ben", Role::Coder, Some("ann"), true)), "twice");
    give(&store, "ann", coding("rs03", 0, 1000));
    give(&store, "ben", coding("rs03", 0, 1000));
    lock(&store, "ann");
    lock(&store, "ben");
    // Somebody who looks reopens nothing; somebody who codes does, and it is said.
    admit(&store, "sue", Role::Supervisor, Some("ann"), false).unwrap();
    let error = admit(&store, "eve", Role::Coder, Some("ann"), false).unwrap_err();
    assert!(matches!(&error, StoreError::Reopens { sessions, .. } if sessions == &["s1"]), "{error}");
    assert!(error.to_string().starts_with("s1 is locked by everybody, and would wait for eve again"), "{error}");
    let open = || store.read(|c| flow::is_open_to_all(c, "s1")).unwrap();
    assert!(open(), "a question changes nothing");
    admit(&store, "eve", Role::Coder, Some("ann"), true).unwrap();
    assert!(!open());
    assert!(
        matches!(change(&store, "sue", Role::Coder, Standing::In, "ann", false), Ok(())),
        "nothing is open any more"
    );
    change(&store, "sue", Role::Supervisor, Standing::In, "ann", false).unwrap();
    assert!(refused(change(&store, "eve", Role::Coder, Standing::Left, "ben", true)), "ben does not lead");
    change(&store, "eve", Role::Coder, Standing::Left, "ann", false).unwrap();
    assert!(open() && store.read(|c| coders::find(c, "eve")).is_err());
    let back = change(&store, "eve", Role::Coder, Standing::In, "ann", false);
    assert!(matches!(back, Err(StoreError::Reopens { .. })), "{back:?}");
    for (role, standing) in [(Role::Coder, Standing::In), (Role::Lead, Standing::Left)] {
        assert!(refused(change(&store, "ann", role, standing, "ann", true)), "nobody would lead");
    }
    let log = store.read(|c| chain::last(c, 20)).unwrap();
    let told = log.iter().find(|line| line.action == "took out").unwrap();
    assert_eq!((told.who.as_str(), told.detail.as_str()), ("ann", "eve; what they had locked counts"));
    assert_eq!(store.read(chain::verify).unwrap().problems, Vec::<String>::new());
}

#[test]
fn who_left_counts_where_they_had_locked_and_who_was_taken_out_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let store = study(folder.path(), &["ben", "cy", "eve"]);
    store.write(|c| coders::put(c, "ann", Role::Lead, None, "server", 1)).unwrap();
    for coder in ["ann", "ben", "cy"] {
        give(&store, coder, coding("rs03", 0, 1000));
        lock(&store, coder);
    }
    // Eve has locked nothing: without her, the session is whole.
    give(&store, "eve", coding("rs04", 0, 1000));
    change(&store, "eve", Role::Coder, Standing::Left, "ann", false).unwrap();
    let counted = || store.read(|c| records::counted(c, "s1")).unwrap();
    let names = |list: Vec<String>| list.join(" ");
    assert_eq!((names(counted().0), counted().1.len()), ("ann ben cy".into(), 3));
    change(&store, "cy", Role::Coder, Standing::Left, "ann", false).unwrap();
    assert_eq!((names(counted().0), counted().1.len()), ("ann ben cy".into(), 3));
    let plan = Plan { seed: 1, rule: Rule::Unanimous, on: On::Span, sessions: vec!["s1".into()], gold: Vec::new() };
    let frame = |id: &str| Frame { id: id.into(), start_ms: 0, end_ms: 60_000, turns: vec![(0, 1000), (1000, 60_000)] };
    let tables = |frames: &[Frame]| tables::tables(&store, &plan, frames).unwrap();
    let found = tables(&[frame("s1")]);
    assert_eq!((found.coders.join(" "), found.retention.kept, found.pairs.len()), ("ann ben cy".into(), 1, 3));
    // A second session without cy: what needs everybody everywhere is ann's and ben's.
    for coder in ["ann", "ben"] {
        let by = by(coder, "s2");
        store.write(move |c| flow::lock(c, &by)).unwrap();
    }
    let found = tables(&[frame("s1"), frame("s2")]);
    assert_eq!((found.sessions.len(), found.throughout.join(" ")), (2, "ann ben".into()));
    // Three of three and, in the second session, two of two: the same numbers as without the empty places.
    assert_eq!((found.codes[0].percent, found.codes[0].prevalence), (Some(1.0), 3.0 / 10.0));
    change(&store, "cy", Role::Coder, Standing::Out, "ann", false).unwrap();
    assert_eq!((names(counted().0), counted().1.len()), ("ann ben".into(), 2));
    assert_eq!(tables(&[frame("s1")]).coders.join(" "), "ann ben");
    // Nothing of theirs is gone.
    assert_eq!(store.read(|c| records::codings(c, Some("s1"), None, true)).unwrap().len(), 4);
    assert_eq!(store.read(chain::verify).unwrap().problems, Vec::<String>::new());
}

#[test]
fn a_file_of_the_first_version_is_taken_over_with_its_log_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = study(folder.path(), &["ann", "ben"]);
    let head = store.read(chain::head).unwrap();
    drop(store);
    let file = folder.path().join(FILE);
    let raw = rusqlite::Connection::open(&file).unwrap();
    // Version 1 had the same tables, and somebody with `active = 0` had left.
    raw.execute_batch(
        "INSERT INTO coders(name, revision, role, active, secret, at_ms) VALUES('ben', 2, 'coder', 0, NULL, 5)",
    )
    .unwrap();
    let note = chain::Note { at_ms: 5, who: "server", action: "left", session: "", detail: "ben" };
    chain::note_row(&raw, &note, "coders").unwrap();
    raw.pragma_update(None, "user_version", 1).unwrap();
    drop(raw);
    let names = look(&file, coders::all).unwrap().unwrap();
    assert_eq!(names.iter().map(|coder| coder.name.as_str()).collect::<Vec<_>>(), ["ann"]);
    let store = Store::open(&file).unwrap();
    assert_ne!(store.read(chain::head).unwrap(), head);
    assert_eq!(store.read(chain::verify).unwrap().problems, Vec::<String>::new());
    let version: i64 = store.read(|c| Ok(c.query_row("PRAGMA user_version", [], |row| row.get(0))?)).unwrap();
    assert_eq!(version, schema::VERSION);
}

#[test]
fn candidates_cannot_be_decided_before_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let store = study(folder.path(), &["ann"]);
    let decision =
        || -> Decision { serde_json::from_value(serde_json::json!({"clip": "a", "verdict": "confirm"})).unwrap() };
    assert!(store.write(move |c| records::put_decision(c, &by("ann", "s1"), &decision())).is_err());
    lock(&store, "ann");
    store.write(move |c| records::put_decision(c, &by("ann", "s1"), &decision())).unwrap();
    store.write(|c| flow::finish(c, &by("ann", "s1"))).unwrap();
    assert!(store.write(move |c| records::put_decision(c, &by("ann", "s1"), &decision())).is_err());
}

#[test]
fn nothing_can_be_changed_or_removed_and_changes_from_outside_show() {
    let folder = tempfile::tempdir().unwrap();
    let store = study(folder.path(), &["ann"]);
    give(&store, "ann", coding("rs03", 0, 1000));
    give(&store, "ann", coding("rs04", 2000, 3000));
    for sql in
        ["UPDATE codings SET code = 'x'", "DELETE FROM codings", "UPDATE audit SET who = 'x'", "DELETE FROM audit"]
    {
        assert!(store.write(move |c| Ok(c.execute(sql, [])?)).is_err(), "{sql}");
    }
    drop(store);
    let raw = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    raw.execute_batch("DROP TRIGGER codings_no_update; UPDATE codings SET code = 'rs09' WHERE id = 2").unwrap();
    let found = chain::verify(&raw).unwrap();
    assert_eq!(found.problems, ["row 2 of codings, written in line 3, was changed or removed"]);
    raw.execute_batch("DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE id = 2").unwrap();
    assert!(chain::verify(&raw).unwrap().problems.iter().any(|p| p.contains("line 2 of the log is missing")));
}

#[test]
fn a_newer_file_is_left_alone_with_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    drop(Store::open(&file).unwrap());
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Store::open(&file).err().unwrap();
    assert!(error.to_string().contains("newer Attune (version 99"), "{error}");
}

#[test]
fn a_backup_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = study(folder.path(), &["ann"]);
    give(&store, "ann", coding("rs03", 0, 1000));
    let copy = folder.path().join("copy.sqlite");
    store.backup(&copy).unwrap();
    let copy = Store::open(&copy).unwrap();
    assert_eq!(copy.read(chain::head).unwrap(), store.read(chain::head).unwrap());
    assert_eq!(copy.read(|c| records::codings(c, None, None, true)).unwrap().len(), 1);
}

#[test]
fn passwords_open_for_their_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let store = study(folder.path(), &[]);
    let secret = coders::secret("correct horse").unwrap();
    store.write(move |c| coders::put(c, "ann", Role::Lead, Some(&secret), "server", 1)).unwrap();
    store.write(|c| coders::put(c, "ann", Role::Coder, None, "server", 2)).unwrap();
    let ann = store.read(|c| coders::find(c, "ann")).unwrap();
    assert!(ann.knows("correct horse") && !ann.knows("wrong") && ann.role == Role::Coder);
    assert!(coders::secret("short").is_err());
    assert!(coders::checked_name("  ").is_err());
}

#[test]
fn rules_keep_what_they_say_and_the_meeting_has_the_last_word() {
    let named = |coder: &str, coding: Coding| Coding { coder: coder.into(), ..coding };
    let all = [
        named("a", coding("rs03", 0, 1000)),
        named("b", coding("rs03", 100, 1000)),
        named("c", coding("rs03", 0, 900)),
        named("a", coding("rs04", 2000, 3000)),
        named("b", coding("rs04", 2000, 3100)),
        named("c", coding("rs05", 5000, 6000)),
    ];
    let units = consensus::units("s1", &all, &[], On::Span);
    assert_eq!(units.iter().map(|u| u.given_by.len()).collect::<Vec<_>>(), [3, 2, 1]);
    let count = |rule| consensus::kept(&units, &[], rule, &|_| 3).1.kept;
    assert_eq!((count(Rule::Unanimous), count(Rule::Majority), count(Rule::Union)), (1, 2, 3));
    let outcome: Outcome = serde_json::from_value(
        serde_json::json!({"unit": units[1].key, "outcome": "agreed", "keep": true, "moved": ["c"]}),
    )
    .unwrap();
    let (kept, retention) = consensus::kept(&units, &[("s1".into(), outcome)], Rule::Unanimous, &|_| 3);
    assert_eq!(kept.len(), 2);
    assert_eq!((retention.disputed, retention.settled, retention.kept_by_rule), (2, 1, 1));
    // On turns: a free stretch belongs to the turns of which it covers half.
    let turns = [(0, 1000), (1000, 4000), (4000, 6000)];
    let on_turns = consensus::units("s1", &all, &turns, On::Turn);
    assert_eq!(
        on_turns.iter().map(|u| u.key.as_str()).collect::<Vec<_>>(),
        ["turn:0|rs03", "turn:1|rs04", "turn:2|rs05"]
    );
}

#[test]
fn the_tables_say_what_the_coders_agree_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = study(folder.path(), &["ann", "ben", "eve"]);
    let turns: Vec<(i64, i64)> = (0..20).map(|t| (t * 3000, t * 3000 + 2500)).collect();
    for coder in ["ann", "ben", "eve"] {
        for turn in [2_usize, 7, 11] {
            if coder == "eve" && turn == 11 {
                continue;
            }
            give(&store, coder, Coding { turn: Some(turn as u32), ..coding("rs03", turns[turn].0, turns[turn].1) });
        }
        for (minute, rating) in [(0, 1), (1, 4), (2, 2)] {
            let by = by(coder, "s1");
            store.write(move |c| records::put_salience(c, &by, minute, Some(rating))).unwrap();
        }
        lock(&store, coder);
    }
    let plan =
        Plan { seed: 1, rule: Rule::Unanimous, on: On::Turn, sessions: vec!["s1".into()], gold: vec!["s1".into()] };
    let frame = Frame { id: "s1".into(), start_ms: 0, end_ms: 60_000, turns };
    let found = tables::tables(&store, &plan, &[frame]).unwrap();
    let row = &found.codes[0];
    assert_eq!((row.code.as_str(), row.given, found.slots), ("rs03", 8, 20));
    // 19 of 20 turns agree fully, one 2 of 3: (19 + 1/3) / 20.
    assert!((row.percent.unwrap() - (19.0 + 1.0 / 3.0) / 20.0).abs() < 1e-12);
    // Fleiss: chance = (8/60)^2 + (52/60)^2.
    let chance = (8.0_f64 / 60.0).powi(2) + (52.0_f64 / 60.0).powi(2);
    assert!((row.kappa.unwrap() - (row.percent.unwrap() - chance) / (1.0 - chance)).abs() < 1e-12);
    assert!((found.salience.icc.unwrap()[1] - 1.0).abs() < 1e-12);
    assert_eq!((found.retention.given, found.retention.kept, found.retention.disputed), (3, 2, 1));
    assert_eq!(found.drift.len(), 3);
    assert_eq!(found.drift[0].kappa.map(|k| k < 1.0), Some(true));
    assert_eq!(found.drift[2].kappa, Some(1.0));
}

#[test]
fn the_order_of_sessions_is_each_coders_own_and_stays() {
    let sessions = (0..12).map(|n| format!("s{n}")).collect();
    let plan = Plan { seed: 5, rule: Rule::Unanimous, on: On::Turn, sessions, gold: Vec::new() };
    assert_eq!(flow::order(&plan, "ann"), flow::order(&plan, "ann"));
    assert_ne!(flow::order(&plan, "ann"), flow::order(&plan, "ben"));
}
