//! An export: a folder with what was asked for, written beside its place and put there when it is whole.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::table::Table;
use super::{
    Format, Material, Profile, Settings, ShareError, chat, elan, elan_series, parquet_files, qdpx, subtitles, tables,
    textgrid, timeline,
};
use crate::codebook::Codebook;
use crate::export::{self, Codes};

/// Says that a folder is an export; a later one may take its place.
pub const MARK: &str = "attune-export.json";

/// What to write and with what.
pub struct Package<'a> {
    /// What the export is called.
    pub name: &'a str,
    /// The folder.
    pub out: &'a Path,
    /// Formats in any order.
    pub formats: &'a [Format],
    /// How much may be seen: that of every material.
    pub profile: Profile,
    /// Settings.
    pub settings: &'a Settings,
    /// The codebook.
    pub codebook: &'a Codebook,
    /// People who code: each gets a tier in ELAN.
    pub coders: &'a [String],
    /// What the report says of codes, and how it draws.
    pub report: (&'a Codes, &'a export::Settings),
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// Sessions.
    pub sessions: usize,
    /// Files by their path inside the folder, with their lengths in bytes.
    pub files: Vec<(PathBuf, u64)>,
    /// What was left out, in sentences.
    pub notes: Vec<String>,
}

impl Package<'_> {
    fn wants(&self, format: Format) -> bool {
        self.formats.contains(&format)
    }

    /// Whether any of the formats reads tracks.
    pub fn needs_tracks(&self) -> bool {
        [Format::Wide, Format::Parquet, Format::Elan, Format::Report].iter().any(|format| self.wants(*format))
    }
}

/// Writes an export of these sessions, one after the other.
///
/// # Errors
/// The first error that `materials` gives, or a [`ShareError`]; what was in the folder before is then still there.
pub fn write_all<E: From<ShareError>>(
    package: &Package<'_>,
    materials: impl Iterator<Item = Result<Material, E>>,
) -> Result<Written, E> {
    make_sure_it_is_ours(package.out)?;
    let parent = package.out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|e| ShareError::writing(parent, e))?;
    let draft = tempfile::Builder::new()
        .prefix(".attune-export")
        .tempdir_in(parent)
        .map_err(|e| ShareError::writing(parent, e))?;
    let mut writer = Writer {
        package,
        folder: draft.path(),
        csv: BTreeMap::new(),
        project: package.wants(Format::Qdpx).then(|| qdpx::Project::new(package.codebook, package.coders)),
        written: Written::default(),
    };
    for material in materials {
        writer.add(&material?)?;
    }
    let written = writer.finish()?;
    settle(draft, package.out)?;
    Ok(written)
}

/// An empty or new folder, or an earlier export.
fn make_sure_it_is_ours(folder: &Path) -> Result<(), ShareError> {
    if folder.join(MARK).is_file() || !folder.exists() {
        return Ok(());
    }
    let entries = fs::read_dir(folder).map_err(|e| ShareError::writing(folder, e))?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect();
    names.sort();
    match names.into_iter().next() {
        None => Ok(()),
        Some(first) => Err(ShareError::NotOurs { first, folder: folder.to_owned() }),
    }
}

/// Puts the whole export into its place.
fn settle(draft: tempfile::TempDir, out: &Path) -> Result<(), ShareError> {
    let fail = |e| ShareError::writing(out, e);
    // A temporary folder is for its maker alone; an export has the rights of any new folder.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(draft.path(), fs::Permissions::from_mode(0o755)).map_err(fail)?;
    }
    if out.exists() {
        fs::remove_dir_all(out).map_err(fail)?;
    }
    fs::rename(draft.keep(), out).map_err(fail)
}

struct Writer<'a> {
    package: &'a Package<'a>,
    folder: &'a Path,
    /// Tables over all sessions.
    csv: BTreeMap<&'static str, BufWriter<File>>,
    project: Option<qdpx::Project<'a>>,
    written: Written,
}

impl Writer<'_> {
    fn create(&self, name: &str) -> Result<BufWriter<File>, ShareError> {
        let path = self.folder.join(name);
        let place = || self.package.out.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|e| ShareError::writing(&place(), e))?;
        }
        File::create(&path).map(BufWriter::new).map_err(|e| ShareError::writing(&place(), e))
    }

    /// Writes one file whole.
    fn file(
        &self,
        name: &str,
        write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
    ) -> Result<(), ShareError> {
        let mut to = self.create(name)?;
        write(&mut to).and_then(|()| to.flush()).map_err(|e| ShareError::writing(&self.package.out.join(name), e))
    }

    fn text(&self, name: &str, text: &str) -> Result<(), ShareError> {
        self.file(name, |to| to.write_all(text.as_bytes()))
    }

    fn table(&self, folder: &str, stem: &str, table: &Table) -> Result<(), ShareError> {
        self.file(&format!("{folder}/{stem}.csv"), |to| table.write_csv(true, to))?;
        self.file(&format!("{folder}/{stem}.columns.csv"), |to| table.write_columns(to))
    }

    fn add(&mut self, material: &Material) -> Result<(), ShareError> {
        let package = self.package;
        let id = material.about.id.as_str();
        let wants = |format| package.wants(format);
        let tables = match [Format::Csv, Format::Parquet, Format::Json].into_iter().any(wants) {
            true => tables::all(material),
            false => Vec::new(),
        };
        let with_timeline = [Format::Wide, Format::Parquet, Format::Elan].into_iter().any(wants);
        let timeline = with_timeline.then(|| timeline::table(material, package.settings));
        if wants(Format::Csv) {
            for table in &tables {
                self.append(table)?;
            }
        }
        if wants(Format::Json) {
            let all: serde_json::Map<_, _> =
                tables.iter().map(|table| (table.name.to_owned(), table.to_json())).collect();
            self.text(&format!("json/{id}.json"), &format!("{:#}\n", serde_json::Value::Object(all)))?;
        }
        if let Some(timeline) = timeline.as_ref().filter(|_| wants(Format::Wide)) {
            self.table("timeline", id, timeline)?;
        }
        if wants(Format::Parquet) {
            for table in tables.iter().chain(&timeline) {
                let name = format!("parquet/{0}/session={id}/{0}.parquet", table.name);
                self.file(&name, |to| parquet_files::write(table, to))?;
                let columns = format!("parquet/{}.columns.csv", table.name);
                self.file(&columns, |to| table.write_columns(to))?;
            }
            if material.may_show_frames() {
                let name = format!("parquet/tracks/session={id}/tracks.parquet");
                self.file(&name, |to| export::tracks::write(&material.session.tracks, to))?;
            }
        }
        if wants(Format::Elan) {
            let series = timeline.as_ref().and_then(|table| elan_series::series(material, table, package.settings));
            let document = elan::document(material, package.codebook, package.coders, series.is_some());
            let [eaf, csv, config] = elan::names(id);
            self.text(&format!("elan/{eaf}"), &document)?;
            if let Some((numbers, how)) = series {
                self.text(&format!("elan/{csv}"), &numbers)?;
                self.text(&format!("elan/{config}"), &how)?;
            }
        }
        if wants(Format::Praat) {
            self.text(&format!("praat/{id}.TextGrid"), &textgrid::document(material))?;
        }
        if wants(Format::WebVtt) {
            self.text(&format!("webvtt/{id}.vtt"), &subtitles::webvtt(material))?;
            if !material.blind {
                self.text(&format!("webvtt/{id}.candidates.vtt"), &subtitles::chapters(material))?;
            }
        }
        if wants(Format::Rttm) {
            self.text(&format!("rttm/{id}.rttm"), &subtitles::rttm(material))?;
        }
        if wants(Format::Chat) && !(material.session.turns.is_empty() && material.session.notes.is_empty()) {
            let language = material.session.transcript.as_ref().and_then(|t| t.language.as_deref()).unwrap_or("und");
            self.text(&format!("chat/{id}.cha"), &chat::document(material, language))?;
        }
        if let Some(project) = &mut self.project {
            project.add(material);
        }
        if wants(Format::Report) && package.profile != Profile::Open {
            let (codes, settings) = package.report;
            self.text(&format!("report/{id}.html"), &export::report::page(&material.session, codes, settings))?;
        }
        self.written.sessions += 1;
        Ok(())
    }

    /// Rows of one session below those before it.
    fn append(&mut self, table: &Table) -> Result<(), ShareError> {
        let name = format!("csv/{}.csv", table.name);
        let first = !self.csv.contains_key(table.name);
        if first {
            self.csv.insert(table.name, self.create(&name)?);
            self.file(&format!("csv/{}.columns.csv", table.name), |to| table.write_columns(to))?;
        }
        let place = self.package.out.join(&name);
        match self.csv.get_mut(table.name) {
            Some(to) => table.write_csv(first, to).map_err(|e| ShareError::writing(&place, e)),
            None => Ok(()),
        }
    }

    fn finish(mut self) -> Result<Written, ShareError> {
        for (name, mut file) in std::mem::take(&mut self.csv) {
            file.flush().map_err(|e| ShareError::writing(&self.package.out.join(format!("csv/{name}.csv")), e))?;
        }
        let package = self.package;
        if let Some(project) = self.project.take() {
            let bytes = project.finish(package.name).map_err(|e| ShareError::writing(package.out, e))?;
            self.file(&format!("qdpx/{}.qdpx", package.name), |to| to.write_all(&bytes))?;
        }
        if package.profile == Profile::Open && package.wants(Format::Report) {
            self.written.notes.push("the report holds words, so the open profile has none".into());
        }
        self.text("README.md", &readme(package, self.written.sessions))?;
        let formats: Vec<_> = package.formats.iter().map(|format| format.name()).collect();
        let mark = json!({
            "attune_export": 1,
            "engine": env!("CARGO_PKG_VERSION"),
            "profile": package.profile.name(),
            "formats": formats,
            "sessions": self.written.sessions,
        });
        self.text(MARK, &format!("{mark:#}\n"))?;
        list(self.folder, self.folder, &mut self.written.files).map_err(|e| ShareError::writing(package.out, e))?;
        Ok(self.written)
    }
}

fn list(folder: &Path, root: &Path, files: &mut Vec<(PathBuf, u64)>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            list(&path, root, files)?;
        } else {
            files.push((path.strip_prefix(root).unwrap_or(&path).to_owned(), fs::metadata(&path)?.len()));
        }
    }
    Ok(())
}

/// What lies in the folder, and what it is not for.
fn readme(package: &Package<'_>, sessions: usize) -> String {
    let seen = match package.profile {
        Profile::Open => {
            "events, codes, candidates and means over whole seconds; times count from the session's start. No words, no \
                          frame-by-frame track, no landmarks, no pitch"
        }
        Profile::Restricted => {
            "words, sentences and frame-by-frame tracks. No recordings and no names of files. Words and faces over time can point \
                                to a person: keep it as you keep transcripts"
        }
        Profile::Media => {
            "words, frame-by-frame tracks and links to the recordings: keep it as you keep the recordings"
        }
    };
    let mut text = format!(
        "# Export of {sessions} session(s) by Attune {}\n\nProfile **{}**: {seen}.\n\n",
        env!("CARGO_PKG_VERSION"),
        package.profile.name()
    );
    let lines: [(Format, &str); 11] = [
        (
            Format::Csv,
            "`csv/`: a table for each kind of thing, all sessions below each other; beside each its columns (`*.columns.csv`)",
        ),
        (Format::Wide, "`timeline/`: a row per second"),
        (Format::Parquet, "`parquet/`: the same tables, a folder for each session (`session=S001`)"),
        (Format::Json, "`json/`: the same tables, a file for each session"),
        (Format::Elan, "`elan/`: ELAN documents with time series"),
        (Format::Praat, "`praat/`: TextGrids"),
        (Format::WebVtt, "`webvtt/`: subtitles, and candidates as chapters"),
        (Format::Rttm, "`rttm/`: who speaks when"),
        (Format::Chat, "`chat/`: CHAT transcripts"),
        (Format::Qdpx, "`qdpx/`: a REFI-QDA project"),
        (Format::Report, "`report/`: reports to read and print (a browser's print makes a PDF)"),
    ];
    let is_there = |format| package.wants(format) && !(format == Format::Report && package.profile == Profile::Open);
    for (_, line) in lines.iter().filter(|(format, _)| is_there(*format)) {
        text += &format!("- {line}\n");
    }
    text + "\nEmpty cells were not measured, which is not the same as absent. Candidates are places to look at: no number here is a \
            probability but `likelihood`, where decisions of coders have filled it, and nothing labels a person. Not for diagnosis, for appraising therapists, for live alerts or for detecting lies.\n"
}
