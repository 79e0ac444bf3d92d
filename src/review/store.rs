//! `review.sqlite`: one writer that makes many small writes durable at once, and readers beside it.
//!
//! SQLite runs in WAL mode with `synchronous=FULL`: a commit returns when its bytes are on the disk. Flushing costs
//! milliseconds, so all writes that wait when the writer comes round share one commit. Nobody is told "done" before that
//! commit, so a killed process loses nothing that was acknowledged.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::{StoreError, schema};

/// Most writes in one commit.
const BATCH: usize = 256;
/// How long another process may hold the file before a write gives up.
const BUSY: Duration = Duration::from_secs(10);

type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
type Job = Box<dyn FnOnce(&Transaction<'_>) -> Answer + Send>;

/// The coders' work of one study. Cheap to share behind an `Arc`.
pub struct Store {
    file: PathBuf,
    jobs: Option<SyncSender<Job>>,
    writer: Option<std::thread::JoinHandle<()>>,
    readers: Mutex<Vec<Connection>>,
}

impl Store {
    /// Opens the file, or makes it; its folder must exist.
    ///
    /// # Errors
    /// [`StoreError`]: not a database of ours, a newer version's, or not ours to write.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        let mut connection = connect(file, true)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        schema::migrate(&mut connection)?;
        only_for_its_owner(file);
        let (jobs, waiting) = sync_channel(4 * BATCH);
        let writer =
            std::thread::Builder::new().name("review store".into()).spawn(move || write(connection, &waiting))?;
        Ok(Self { file: file.to_owned(), jobs: Some(jobs), writer: Some(writer), readers: Mutex::default() })
    }

    /// Where it is.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Runs `work` in a transaction of its own and returns when it is on the disk. If `work` fails, nothing of it stays.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError::Closed`] when the writer is gone; what SQLite says.
    pub fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, told) = sync_channel::<Result<T, StoreError>>(1);
        let job: Job = Box::new(move |transaction| {
            let done = apart(transaction, work);
            Box::new(move |committed| _ = tell.send(committed.and(done)))
        });
        self.jobs.as_ref().ok_or(StoreError::Closed)?.send(job).map_err(|_| StoreError::Closed)?;
        told.recv().map_err(|_| StoreError::Closed)?
    }

    /// Reads: one consistent view, never held up by writes.
    ///
    /// # Errors
    /// Those of `look`; what SQLite says.
    pub fn read<T>(&self, look: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => connect(&self.file, false)?,
        };
        let found = {
            let view = connection.transaction()?;
            look(&view)
        };
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        found
    }

    /// Copies the whole file while others go on writing: beside its place first, then renamed, so that a copy is whole or
    /// not there.
    ///
    /// # Errors
    /// What SQLite or the disk says.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let beside = to.with_extension("part");
        _ = std::fs::remove_file(&beside);
        let source = connect(&self.file, false)?;
        {
            let mut copy = Connection::open(&beside)?;
            rusqlite::backup::Backup::new(&source, &mut copy)?.run_to_completion(512, Duration::ZERO, None)?;
        }
        only_for_its_owner(&beside);
        std::fs::File::open(&beside)?.sync_all()?;
        std::fs::rename(&beside, to)?;
        Ok(())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            _ = writer.join();
        }
    }
}

pub(super) fn connect(file: &Path, writable: bool) -> Result<Connection, StoreError> {
    let flags = match writable {
        true => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        // A reader must be able to make the shared memory file of the WAL.
        false => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let connection = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    if !writable {
        connection.pragma_update(None, "query_only", "ON")?;
    }
    Ok(connection)
}

/// Coders' work is confidential.
fn only_for_its_owner(file: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        _ = std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600));
    }
    #[cfg(not(unix))]
    let _ = file;
}

/// The writer: takes what waits, up to [`BATCH`], into one commit.
fn write(mut connection: Connection, waiting: &Receiver<Job>) {
    while let Ok(first) = waiting.recv() {
        let mut jobs = vec![first];
        jobs.extend(waiting.try_iter().take(BATCH - 1));
        let mut answers: Vec<Answer> = Vec::new();
        let committed = connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            answers.extend(jobs.drain(..).map(|job| job(&transaction)));
            transaction.commit()
        });
        // A job that never ran drops its sender; whoever waits for it then hears that the store is closed.
        match committed {
            Ok(()) => answers.into_iter().for_each(|answer| answer(Ok(()))),
            Err(error) => {
                let text = error.to_string();
                answers.into_iter().for_each(|answer| answer(Err(StoreError::NotWritten(text.clone()))));
            }
        }
    }
}

/// One job inside the shared transaction; what it did is taken back if it fails.
fn apart<T>(
    transaction: &Transaction<'_>,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    transaction.execute_batch("SAVEPOINT job")?;
    let done = work(transaction);
    transaction.execute_batch(if done.is_ok() { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" })?;
    done
}
