//! A study at rest: everything that Attune keeps of it in one file, `study.sealed`, encrypted with a passphrase by age
//! (scrypt and ChaCha20-Poly1305). It opens without Attune as well: `age -d study.sealed | tar x`.
//!
//! Nothing is deleted before the sealed file was read back whole. `study.toml` goes first and comes back last, so that a
//! study that was half sealed or half opened counts as sealed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use sha2::{Digest, Sha256};

use super::files::SEALED;
use super::{STUDY_FILE, Study, StudyError, forget, tar};
use crate::origin::Hash;

/// Fewer characters are guessed in no time.
pub const LEAST_CHARS: usize = 10;
/// Names that are not sealed: locks, and what can be made again.
const LEFT_ASIDE: &[&str] = &[
    ".lock",
    ".scan.lock",
    ".page.lock",
    ".query.sqlite",
    ".query.sqlite-journal",
    ".query.sqlite-wal",
    ".query.sqlite-shm",
];

/// What was sealed or opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sealed {
    /// Files.
    pub files: usize,
    /// Bytes of them.
    pub bytes: u64,
    /// Recordings and transcripts outside the study, which are not in it.
    pub outside: Vec<PathBuf>,
}

/// Puts a study under its passphrase. The caller holds [`Study::lock`].
///
/// # Errors
/// [`StudyError`]: the passphrase is too short, something cannot be read or written. Until the sealed file was read back
/// whole, nothing is deleted.
pub fn seal(study: &Study, passphrase: &str) -> Result<Sealed, StudyError> {
    if passphrase.chars().count() < LEAST_CHARS {
        return Err(StudyError::Wrong(format!(
            "a passphrase needs {LEAST_CHARS} characters or more: some words that only you put together"
        )));
    }
    let folder = study.folder();
    let mut all = Vec::new();
    forget::gather(folder, &mut all)?;
    let inside = |path: &Path| path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/");
    all.retain(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        !LEFT_ASIDE.contains(&name.as_str()) && name != SEALED && !name.starts_with(".study.sealed")
    });
    if let Some(link) = all.iter().find(|path| fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())) {
        return Err(StudyError::Wrong(format!(
            "a link cannot be sealed: take it out of the study: {}",
            link.display()
        )));
    }
    let mut sealed = Sealed { files: all.len(), ..Sealed::default() };
    for session in study.sessions()?.good {
        let paths = session.media_paths().into_iter().chain(session.transcript_path());
        sealed.outside.extend(paths.filter(|path| !path.starts_with(folder)));
    }
    let place = folder.join(SEALED);
    let part = folder.join(format!(".{SEALED}.part"));
    let sums = encrypt(&all, &inside, &part, passphrase).inspect_err(|_| _ = fs::remove_file(&part))?;
    sealed.bytes = sums.values().map(|(bytes, _)| bytes).sum();
    let read_back = sums_of(&part, passphrase)?;
    if read_back != sums {
        _ = fs::remove_file(&part);
        return Err(StudyError::Wrong(
            "the sealed file does not read back as it was written: nothing was deleted".into(),
        ));
    }
    fs::rename(&part, &place).map_err(|e| StudyError::writing(&place, e))?;
    let first = folder.join(STUDY_FILE);
    fs::remove_file(&first).map_err(|e| StudyError::writing(&first, e))?;
    clear(folder)?;
    Ok(sealed)
}

/// Everything in a sealed study but its one file and its lock.
fn clear(folder: &Path) -> Result<(), StudyError> {
    let mut all = Vec::new();
    forget::gather(folder, &mut all)?;
    for path in all.into_iter().filter(|path| ![SEALED, ".lock"].iter().any(|name| *path == folder.join(name))) {
        fs::remove_file(&path).map_err(|e| StudyError::writing(&path, e))?;
    }
    forget::remove_empty(folder, false)
}

type Sums = BTreeMap<String, (u64, Hash)>;

fn encrypt(all: &[PathBuf], inside: &dyn Fn(&Path) -> String, to: &Path, passphrase: &str) -> Result<Sums, StudyError> {
    let fail = |e: io::Error| StudyError::writing(to, e);
    let file = File::create(to).map_err(fail)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(fail)?;
    }
    let encryptor = age::Encryptor::with_user_passphrase(SecretString::from(passphrase.to_owned()));
    let mut out = encryptor.wrap_output(BufWriter::new(file)).map_err(fail)?;
    let mut sums = Sums::new();
    for path in all {
        let from = File::open(path).map_err(|e| StudyError::reading(path, e))?;
        let bytes = from.metadata().map_err(|e| StudyError::reading(path, e))?.len();
        let mut from = Summed { from: BufReader::new(from), digest: Sha256::new() };
        let name = inside(path);
        tar::write(&mut out, &name, bytes, &mut from).map_err(fail)?;
        sums.insert(name, (bytes, from.sum()));
    }
    tar::end(&mut out).map_err(fail)?;
    let mut buffer = out.finish().map_err(fail)?;
    buffer.flush().and_then(|()| buffer.get_ref().sync_all()).map_err(fail)?;
    Ok(sums)
}

/// Bytes and their sum on the way.
struct Summed<R> {
    from: R,
    digest: Sha256,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(to)?;
        self.digest.update(&to[..read]);
        Ok(read)
    }
}

impl<R> Summed<R> {
    fn sum(self) -> Hash {
        Hash::of_bytes(&self.digest.finalize())
    }
}

fn sums_of(file: &Path, passphrase: &str) -> Result<Sums, StudyError> {
    let mut sums = Sums::new();
    each(file, passphrase, &mut |entry, from| {
        let mut from = Summed { from, digest: Sha256::new() };
        io::copy(&mut from, &mut io::sink())?;
        sums.insert(entry.path.clone(), (entry.bytes, from.sum()));
        Ok(())
    })?;
    Ok(sums)
}

/// Goes through the files of a sealed study.
fn each(
    file: &Path,
    passphrase: &str,
    act: &mut dyn FnMut(&tar::Entry, &mut dyn Read) -> io::Result<()>,
) -> Result<(), StudyError> {
    let opened = File::open(file).map_err(|e| StudyError::reading(file, e))?;
    let decryptor = age::Decryptor::new(BufReader::new(opened)).map_err(|e| not_opened(file, &e))?;
    let identity = age::scrypt::Identity::new(SecretString::from(passphrase.to_owned()));
    let identities: [&dyn age::Identity; 1] = [&identity];
    let mut from = decryptor.decrypt(identities.into_iter()).map_err(|e| not_opened(file, &e))?;
    let damaged = |e: io::Error| match e.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StudyError::writing(file, e)
        }
        _ => StudyError::Damaged {
            message: format!("the sealed study is damaged ({e}): restore it from a copy"),
            file: file.to_owned(),
        },
    };
    while let Some(entry) = tar::next(&mut from).map_err(damaged)? {
        let mut part = (&mut from).take(entry.bytes);
        act(&entry, &mut part).map_err(damaged)?;
        let left = part.limit();
        if left > 0 {
            return Err(damaged(io::Error::from(io::ErrorKind::UnexpectedEof)));
        }
        tar::skip_rest(&mut from, entry.bytes).map_err(damaged)?;
    }
    Ok(())
}

fn not_opened(file: &Path, error: &age::DecryptError) -> StudyError {
    let message = match error {
        age::DecryptError::DecryptionFailed
        | age::DecryptError::NoMatchingKeys
        | age::DecryptError::KeyDecryptionFailed => "the passphrase does not open it".to_owned(),
        age::DecryptError::ExcessiveWork { .. } => "it was sealed on a much faster machine: open it there".to_owned(),
        other => format!("it is no sealed study, or damaged ({other})"),
    };
    StudyError::Wrong(format!("{message}: {}", file.display()))
}

/// Opens a sealed study.
///
/// # Errors
/// [`StudyError`]: wrong passphrase, damaged file, no room. The sealed file stays until everything is in its place.
pub fn open(folder: &Path, passphrase: &str) -> Result<Sealed, StudyError> {
    let file = folder.join(SEALED);
    if !file.is_file() {
        return Err(StudyError::Wrong(format!(
            "this study is not sealed (there is no {SEALED} in it): {}",
            folder.display()
        )));
    }
    if folder.join(STUDY_FILE).exists() {
        return Err(StudyError::Wrong(format!(
            "the study is open, and there is a sealed one beside it: move one of them away: {}",
            folder.display()
        )));
    }
    let mut opened = Sealed::default();
    let late = folder.join(format!(".{STUDY_FILE}.part"));
    each(&file, passphrase, &mut |entry, from| {
        let place = if entry.path == STUDY_FILE { late.clone() } else { folder.join(&entry.path) };
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut to = File::create(&place)?;
        io::copy(from, &mut to)?;
        to.sync_all()?;
        opened.files += 1;
        opened.bytes += entry.bytes;
        Ok(())
    })?;
    let first = folder.join(STUDY_FILE);
    fs::rename(&late, &first).map_err(|e| StudyError::writing(&first, e))?;
    fs::remove_file(&file).map_err(|e| StudyError::writing(&file, e))?;
    Ok(opened)
}
