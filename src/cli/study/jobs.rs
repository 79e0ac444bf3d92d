//! `attune study jobs`: a script with which a cluster scans a study, a session in each task.

use std::path::Path;

use attune::study::{Outcome, record};

use super::args::Jobs;
use super::{Failure, opened, say, tell};

pub fn run(jobs: &Jobs) -> Result<(), Failure> {
    let study = opened(&jobs.study)?;
    let sessions = study.sessions()?;
    let is_open = |session: &&attune::study::SessionFolder| {
        jobs.all
            || session
                .scan_record()
                .is_none_or(|record| record.outcome == Outcome::Failed || record.inputs != record::inputs(session))
    };
    let ids: Vec<&str> = sessions.good.iter().filter(is_open).map(|session| session.id.as_str()).collect();
    for (id, error) in &sessions.bad {
        tell(&format!("attune: {id} is left out: {error}"));
    }
    if ids.is_empty() {
        return Err(Failure::told("every session is done: --all makes tasks for all of them"));
    }
    let place = jobs.study.canonicalize()?;
    let program = std::env::current_exe()?;
    let script = script(&ids, &place, &program, jobs);
    match &jobs.out {
        None => say(&script),
        Some(out) => {
            std::fs::write(out, &script)?;
            say(&format!("{} session(s): sbatch {}\n", ids.len(), out.display()))
        }
    }
}

/// A path for a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', "'\\''"))
}

/// An array job. Each task scans the sessions of its number; one that was killed is put back in the queue and goes on from the
/// stages it had finished, one that is done is not done again, and two can never be at the same session.
fn script(ids: &[&str], place: &Path, program: &Path, jobs: &Jobs) -> String {
    let tasks = ids.len().div_ceil(jobs.sessions_per_task.max(1));
    format!(
        "#!/bin/bash\n\
         # Scans {count} session(s) of a study, made by 'attune study jobs'. Results go to their places in the study, which every node\n\
         # must see at the same path. May be submitted again at any time: what is done is not done again.\n\
         #SBATCH --job-name=attune\n\
         #SBATCH --array=0-{last}{at_once}\n\
         #SBATCH --cpus-per-task={threads}\n\
         #SBATCH --mem={memory}M\n\
         #SBATCH --time={hours}:00:00\n\
         #SBATCH --requeue\n\
         #SBATCH --output=/dev/null\n\
         sessions=({ids})\n\
         each={each}\n\
         first=$((SLURM_ARRAY_TASK_ID * each))\n\
         failed=0\n\
         for id in \"${{sessions[@]:$first:$each}}\"; do\n\
         \x20 {program} scan {place} --session \"$id\" --threads {threads} --quiet\n\
         \x20 code=$?\n\
         \x20 # 3: done, but a part could not be; the study says which.\n\
         \x20 if [ $code != 0 ] && [ $code != 3 ]; then failed=$code; fi\n\
         done\n\
         exit $failed\n",
        count = ids.len(),
        last = tasks - 1,
        at_once = jobs.at_once.map(|number| format!("%{number}")).unwrap_or_default(),
        threads = jobs.threads,
        memory = jobs.memory_mb,
        hours = jobs.hours,
        ids = ids.join(" "),
        each = jobs.sessions_per_task.max(1),
        program = quoted(program),
        place = quoted(place),
    )
}
