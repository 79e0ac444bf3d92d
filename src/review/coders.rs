//! Who takes part, in which role, and how they prove who they are.

use std::collections::BTreeMap;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::chain::{self, Note};

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

/// Somebody who takes part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coder {
    /// Name, best a pseudonym.
    pub name: String,
    /// What they may do.
    pub role: Role,
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

/// Adds somebody, or changes role or password as a new revision. Passwords: see [`secret`].
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
    let name = checked_name(name)?;
    connection.execute(
        "INSERT INTO coders(name, revision, role, active, secret, at_ms)
         VALUES(?1, (SELECT COALESCE(MAX(revision), 0) + 1 FROM coders WHERE name = ?1), ?2, 1,
           COALESCE(?3, (SELECT secret FROM coders WHERE name = ?1 ORDER BY revision DESC LIMIT 1)), ?4)",
        params![name, role.name(), secret, at_ms],
    )?;
    let detail = format!("{name} as {}", role.name());
    chain::note_row(connection, &Note { at_ms, who: by, action: "admitted", session: "", detail: &detail }, "coders")?;
    Ok(())
}

/// Everybody who takes part, by name.
///
/// # Errors
/// What SQLite says.
pub fn all(connection: &Connection) -> Result<Vec<Coder>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT name, role, active, secret FROM coders ORDER BY name, revision")?;
    let mut latest = BTreeMap::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, role, active): (String, String, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let secret: Option<String> = row.get(3)?;
        let role = match role.as_str() {
            "lead" => Role::Lead,
            "supervisor" => Role::Supervisor,
            _ => Role::Coder,
        };
        latest.insert(name.clone(), (active, Coder { name, role, has_password: secret.is_some(), secret }));
    }
    Ok(latest.into_values().filter(|(active, _)| *active).map(|(_, coder)| coder).collect())
}

/// One of them.
///
/// # Errors
/// [`StoreError::Refused`] if there is nobody of this name.
pub fn find(connection: &Connection, name: &str) -> Result<Coder, StoreError> {
    let there = all(connection)?.into_iter().find(|coder| coder.name == name);
    there.ok_or_else(|| StoreError::refused("nobody of this name takes part in the study"))
}
