//! Coders' work in a study's store, as the page would have kept it.

use std::path::Path;

use attune::review::records::{self, By, Coding, Decision, Memo, Outcome};
use attune::review::{FILE, Role, Store, coders, flow};
use serde_json::{Value, json};

/// The store of a study with these coders.
pub fn store(study: &str, names: &[&str]) -> Store {
    let store = Store::open(&Path::new(study).join(FILE)).unwrap();
    for name in names {
        let name = (*name).to_owned();
        store.write(move |c| coders::put(c, &name, Role::Coder, None, "server", 1)).unwrap();
    }
    store
}

fn by(coder: &str, session: &str) -> By {
    By { coder: coder.into(), session: session.into(), at_ms: 1_700_000_000_123 }
}

fn made<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// A code on 10 to 20 s, with a note; the unit.
pub fn code(store: &Store, coder: &str, session: &str, code: &str) -> i64 {
    let coding: Coding = made(json!({ "start_ms": 10_000, "end_ms": 20_000, "code": code, "note": "qvxcoding" }));
    let by = by(coder, session);
    store.write(move |c| records::put_coding(c, &by, &coding)).unwrap()
}

/// Another code for a unit.
pub fn change(store: &Store, coder: &str, session: &str, unit: i64, code: &str) {
    let coding: Coding =
        made(json!({ "unit": unit, "start_ms": 10_000, "end_ms": 20_000, "code": code, "note": "qvxchange" }));
    let by = by(coder, session);
    store.write(move |c| records::put_coding(c, &by, &coding)).unwrap();
}

/// Rates the first minute.
pub fn rate(store: &Store, coder: &str, session: &str, rating: u8) {
    let by = by(coder, session);
    store.write(move |c| records::put_salience(c, &by, 0, Some(rating))).unwrap();
}

/// Ends the first pass.
pub fn lock(store: &Store, coder: &str, session: &str) {
    let by = by(coder, session);
    store.write(move |c| flow::lock(c, &by)).unwrap();
}

/// Gives the stretch another code in the second pass.
pub fn recode(store: &Store, coder: &str, session: &str, (start_ms, end_ms): (i64, i64), code: &str) {
    let decision: Decision = made(json!({
        "clip": "aabbcc", "start_ms": start_ms, "end_ms": end_ms, "asked": "rupture", "marked": true,
        "verdict": "recode", "code": code, "seconds": 3.5, "note": "qvxdecision"
    }));
    let by = by(coder, session);
    store.write(move |c| records::put_decision(c, &by, &decision)).unwrap();
}

/// A memo, and what a meeting settled.
pub fn settle(store: &Store, coder: &str, session: &str) {
    let memo: Memo = made(json!({ "start_ms": 0, "end_ms": 1_000, "text": "qvxmemo" }));
    let outcome: Outcome = made(json!({
        "unit": "turn:1|rs03", "code": "rs03", "start_ms": 10_000, "end_ms": 20_000, "outcome": "majority",
        "keep": true, "moved": ["ben"], "note": "qvxmeeting"
    }));
    let by = by(coder, session);
    store
        .write(move |c| {
            records::put_memo(c, &by, &memo)?;
            records::put_outcome(c, &by, &outcome)
        })
        .unwrap();
}
