//! Who takes part, in which role, and how they prove who they are.

use std::collections::BTreeMap;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::chain::{self, Note};
use super::{StoreError, flow};

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Codes.
    Coder,
    /// Codes, leads the consensus meeting, adds people.
    Lead,
    /// Sees finished sessions and codes nothing.
    Supervisor,
}

impl Role {
    /// As it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Coder => "coder",
            Self::Lead => "lead",
            Self::Supervisor => "supervisor",
        }
    }

    /// Whether sessions wait for this person's lock.
    pub fn codes(self) -> bool {
        self != Self::Supervisor
    }
}

/// Whether somebody takes part. What they gave stays in the file in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Takes part.
    In,
    /// Has left: sessions no longer wait for them; those that they had locked keep their work.
    Left,
    /// Taken out: nothing of theirs counts any more, not even in sessions that they had locked.
    Out,
}

impl Standing {
    /// As it is stored in `active`.
    fn number(self) -> i64 {
        match self {
            Self::In => 1,
            Self::Left => 0,
            Self::Out => -1,
        }
    }

    fn of_number(number: i64) -> Self {
        match number {
            0 => Self::Left,
            -1 => Self::Out,
            _ => Self::In,
        }
    }
}

/// Somebody who takes part, or once did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coder {
    /// Name, best a pseudonym.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they take part.
    pub standing: Standing,
    /// Whether a password is set.
    pub has_password: bool,
    #[serde(skip)]
    secret: Option<String>,
}

/// Longest name, in characters.
const LONGEST_NAME: usize = 40;
/// Shortest password, in characters (NIST SP 800-63B: 8 at least where no second factor is asked for).
const SHORTEST_PASSWORD: usize = 8;

/// A name without what would confuse a list: trimmed, no control characters, 1 to 40 characters.
///
/// # Errors
/// [`StoreError::Refused`] with the reason.
pub fn checked_name(name: &str) -> Result<String, StoreError> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) || name == "server" {
        return Err(StoreError::refused(format!("a name has 1 to {LONGEST_NAME} characters, best a pseudonym")));
    }
    Ok(name.to_owned())
}

/// A password as it is stored: Argon2id with its own salt.
///
/// # Errors
/// [`StoreError::Refused`] if it is too short or cannot be hashed.
pub fn secret(password: &str) -> Result<String, StoreError> {
    if password.chars().count() < SHORTEST_PASSWORD {
        return Err(StoreError::refused(format!("a password has at least {SHORTEST_PASSWORD} characters")));
    }
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|e| StoreError::refused(format!("the password could not be kept ({e})")))
}

impl Coder {
    /// Whether this is the coder's password. Slow by intent; never on the store's writer.
    pub fn knows(&self, password: &str) -> bool {
        let Some(secret) = &self.secret else { return false };
        PasswordHash::new(secret)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    }
}

/// Adds somebody, or changes role or password as a new revision; who had left is back. Passwords: see [`secret`]. Asks for
/// no leave: see [`admit`] and [`change`] for what a page may do.
///
/// # Errors
/// [`StoreError`].
pub fn put(
    connection: &Connection,
    name: &str,
    role: Role,
    secret: Option<&str>,
    by: &str,
    at_ms: i64,
) -> Result<(), StoreError> {
    revise(connection, name, (role, Standing::In), secret, by, at_ms)
}

/// Somebody has left; what they had locked counts. Asks for no leave, like [`put`].
///
/// # Errors
/// [`StoreError`].
pub fn take_out(connection: &Connection, name: &str, role: Role, by: &str, at_ms: i64) -> Result<(), StoreError> {
    revise(connection, name, (role, Standing::Left), None, by, at_ms)
}

/// One more revision of somebody, with its line in the log.
fn revise(
    connection: &Connection,
    name: &str,
    (role, standing): (Role, Standing),
    secret: Option<&str>,
    by: &str,
    at_ms: i64,
) -> Result<(), StoreError> {
    let name = checked_name(name)?;
    connection.execute(
        "INSERT INTO coders(name, revision, role, active, secret, at_ms)
         VALUES(?1, (SELECT COALESCE(MAX(revision), 0) + 1 FROM coders WHERE name = ?1), ?2, ?5,
           COALESCE(?3, (SELECT secret FROM coders WHERE name = ?1 ORDER BY revision DESC LIMIT 1)), ?4)",
        params![name, role.name(), secret, at_ms, standing.number()],
    )?;
    let (action, detail) = match standing {
        Standing::In => ("admitted", format!("{name} as {}", role.name())),
        Standing::Left => ("took out", format!("{name}; what they had locked counts")),
        Standing::Out => ("took out", format!("{name}; nothing of theirs counts")),
    };
    chain::note_row(connection, &Note { at_ms, who: by, action, session: "", detail: &detail }, "coders")?;
    Ok(())
}

/// Somebody new, as a page may add them: by a lead, or the first person of a study, who leads it. `sure`: it was said that
/// sessions which all have locked wait again.
#[derive(Clone, Debug)]
pub struct New {
    /// Name, see [`checked_name`].
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// See [`secret`].
    pub secret: Option<String>,
    /// See above.
    pub sure: bool,
}

/// Adds somebody. `by`: who asks; `None` where nobody has come in yet.
///
/// # Errors
/// [`StoreError::Refused`] if that person may not, or the name is taken; [`StoreError::Reopens`] without `sure`.
pub fn admit(
    connection: &Connection,
    new: &New,
    by: Option<&str>,
    sessions: &[String],
    at_ms: i64,
) -> Result<(), StoreError> {
    let name = checked_name(&new.name)?;
    let known = everybody(connection)?;
    if known.iter().all(|coder| coder.standing != Standing::In) {
        if new.role != Role::Lead {
            return Err(StoreError::refused("the first person of a study leads it: add yourself as lead"));
        }
    } else {
        must_lead(connection, by)?;
    }
    if let Some(known) = known.iter().find(|coder| coder.name == name) {
        return Err(StoreError::refused(match known.standing {
            Standing::In => "somebody of this name takes part already",
            _ => "somebody of this name took part before: let them come back instead of adding them",
        }));
    }
    must_be_sure(connection, &name, new.role, new.sure, sessions)?;
    put(connection, &name, new.role, new.secret.as_deref(), by.unwrap_or("server"), at_ms)
}

/// Changes role or standing of somebody who is known.
///
/// # Errors
/// [`StoreError::Refused`] if `by` does not lead, or nobody would be left who does; [`StoreError::Reopens`] without `sure`.
pub fn change(
    connection: &Connection,
    name: &str,
    (role, standing): (Role, Standing),
    (by, sure): (&str, bool),
    sessions: &[String],
    at_ms: i64,
) -> Result<(), StoreError> {
    must_lead(connection, Some(by))?;
    let known = everybody(connection)?;
    if known.iter().all(|coder| coder.name != name) {
        return Err(StoreError::refused("there is nobody of this name"));
    }
    let leads = |coder: &Coder| coder.role == Role::Lead && coder.standing == Standing::In;
    let others = known.iter().filter(|coder| coder.name != name).any(leads);
    let still_leads = role == Role::Lead && standing == Standing::In;
    if !others && !still_leads {
        return Err(StoreError::refused("somebody must lead the study: make another person lead first"));
    }
    if standing == Standing::In {
        must_be_sure(connection, name, role, sure, sessions)?;
    }
    revise(connection, name, (role, standing), None, by, at_ms)
}

fn must_lead(connection: &Connection, by: Option<&str>) -> Result<(), StoreError> {
    let all = all(connection)?;
    let leads = all.iter().any(|coder| Some(coder.name.as_str()) == by && coder.role == Role::Lead);
    match leads {
        true => Ok(()),
        false => Err(StoreError::refused("only a lead says who takes part")),
    }
}

fn must_be_sure(
    connection: &Connection,
    name: &str,
    role: Role,
    sure: bool,
    sessions: &[String],
) -> Result<(), StoreError> {
    let reopened = if role.codes() && !sure { flow::reopened_by(connection, name, sessions)? } else { Vec::new() };
    match reopened.is_empty() {
        true => Ok(()),
        false => Err(StoreError::Reopens { name: name.to_owned(), sessions: reopened }),
    }
}

/// Everybody who ever took part, as they are now, by name.
///
/// # Errors
/// What SQLite says.
pub fn everybody(connection: &Connection) -> Result<Vec<Coder>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT name, role, active, secret FROM coders ORDER BY name, revision")?;
    let mut latest = BTreeMap::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, role): (String, String) = (row.get(0)?, row.get(1)?);
        let standing = Standing::of_number(row.get(2)?);
        let secret: Option<String> = row.get(3)?;
        let role = match role.as_str() {
            "lead" => Role::Lead,
            "supervisor" => Role::Supervisor,
            _ => Role::Coder,
        };
        latest.insert(name.clone(), Coder { name, role, standing, has_password: secret.is_some(), secret });
    }
    Ok(latest.into_values().collect())
}

/// Everybody who takes part, by name.
///
/// # Errors
/// What SQLite says.
pub fn all(connection: &Connection) -> Result<Vec<Coder>, StoreError> {
    Ok(everybody(connection)?.into_iter().filter(|coder| coder.standing == Standing::In).collect())
}

/// One of them.
///
/// # Errors
/// [`StoreError::Refused`] if there is nobody of this name.
pub fn find(connection: &Connection, name: &str) -> Result<Coder, StoreError> {
    let there = all(connection)?.into_iter().find(|coder| coder.name == name);
    there.ok_or_else(|| StoreError::refused("nobody of this name takes part in the study"))
}
