//! PocketSphinx, a shared library found at run time: lays known words on sound. English only, as its acoustic model is.

#![allow(unsafe_code, reason = "calls of a C library; each says what it relies on")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};

use libloading::Library;

/// Frames per second of [`Heard`].
pub const FRAMES_PER_SEC: f64 = 100.0;

/// Where Debian's packages `libpocketsphinx3` and `pocketsphinx-en-us` put things.
const LIBRARIES: [&str; 2] = ["libsphinxbase.so.3", "libpocketsphinx.so.3"];
const MODELS: [&str; 2] = ["/usr/share/pocketsphinx/model/en-us", "/usr/local/share/pocketsphinx/model/en-us"];

/// Phones of the English model (CMU), for speech that is not in the text.
const PHONES: [&str; 39] = [
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH", "K",
    "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
];

/// Why the aligner cannot be used, or could not lay a stretch.
#[derive(Debug, thiserror::Error)]
pub enum SphinxError {
    /// Not installed.
    #[error(
        "PocketSphinx is not installed ({message}): scripts/setup.sh installs it (Debian packages libpocketsphinx3 and \
         pocketsphinx-en-us)"
    )]
    Missing {
        /// What the system said.
        message: String,
    },
    /// It does not do what it should.
    #[error("PocketSphinx failed ({message})")]
    Failed {
        /// At what.
        message: String,
    },
}

/// How much the grammar's log probabilities weigh beside the sound's: the library's own default.
const WEIGHT: f32 = 6.5;

/// How wide the search is and how dear it is to leave the text.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Probability, relative to the best path, below which a path is given up; and the same at the end of words.
    pub beam: f64,
    /// See above.
    pub word_beam: f64,
    /// Probability that a turn of the text was not said.
    pub skip_turn: f64,
    /// Probability that something is said between two turns that is not in the text.
    pub other_speech: f64,
    /// Probability that one sound of what is said besides follows another.
    pub other_phone: f64,
    /// Probability that the stretch of sound ends after any one word.
    pub end: f64,
}

/// A word of the text as the aligner heard it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Place in the list of words.
    pub word: usize,
    /// First frame.
    pub from: usize,
    /// Frame after the last.
    pub to: usize,
}

type Config = *mut c_void;
type Decoder = *mut c_void;

/// The functions used, as the headers of version 0.8 (5prealpha) declare them.
struct Api {
    ps_args: unsafe extern "C" fn() -> *const c_void,
    ps_init: unsafe extern "C" fn(Config) -> Decoder,
    ps_free: unsafe extern "C" fn(Decoder) -> c_int,
    ps_get_logmath: unsafe extern "C" fn(Decoder) -> *mut c_void,
    ps_add_word: unsafe extern "C" fn(Decoder, *const c_char, *const c_char, c_int) -> c_int,
    ps_lookup_word: unsafe extern "C" fn(Decoder, *const c_char) -> *mut c_char,
    ps_set_fsg: unsafe extern "C" fn(Decoder, *const c_char, *mut c_void) -> c_int,
    ps_set_search: unsafe extern "C" fn(Decoder, *const c_char) -> c_int,
    ps_unset_search: unsafe extern "C" fn(Decoder, *const c_char) -> c_int,
    ps_start_utt: unsafe extern "C" fn(Decoder) -> c_int,
    ps_process_raw: unsafe extern "C" fn(Decoder, *const i16, usize, c_int, c_int) -> c_int,
    ps_end_utt: unsafe extern "C" fn(Decoder) -> c_int,
    ps_seg_iter: unsafe extern "C" fn(Decoder) -> *mut c_void,
    ps_seg_next: unsafe extern "C" fn(*mut c_void) -> *mut c_void,
    ps_seg_word: unsafe extern "C" fn(*mut c_void) -> *const c_char,
    ps_seg_frames: unsafe extern "C" fn(*mut c_void, *mut c_int, *mut c_int),
    cmd_ln_init: unsafe extern "C" fn(Config, *const c_void, c_int, ...) -> Config,
    cmd_ln_free_r: unsafe extern "C" fn(Config) -> c_int,
    fsg_model_readfile: unsafe extern "C" fn(*const c_char, *mut c_void, f32) -> *mut c_void,
    fsg_model_free: unsafe extern "C" fn(*mut c_void) -> c_int,
    ckd_free: unsafe extern "C" fn(*mut c_void),
    /// Last, so that the functions are gone before the code is.
    _libraries: Vec<Library>,
}

impl Api {
    fn load() -> Result<Self, SphinxError> {
        let missing = |e: libloading::Error| SphinxError::Missing { message: e.to_string() };
        let mut libraries = Vec::new();
        for name in LIBRARIES {
            // SAFETY: a system library whose initialisers do nothing that other code relies on.
            libraries.push(unsafe { Library::new(name) }.map_err(missing)?);
        }
        let (base, sphinx) = (&libraries[0], &libraries[1]);
        macro_rules! get {
            ($library:expr, $name:literal) => {
                // SAFETY: the type of the field is that of the function in the library's headers.
                *unsafe { $library.get(concat!($name, "\0").as_bytes()) }.map_err(missing)?
            };
        }
        Ok(Self {
            ps_args: get!(sphinx, "ps_args"),
            ps_init: get!(sphinx, "ps_init"),
            ps_free: get!(sphinx, "ps_free"),
            ps_get_logmath: get!(sphinx, "ps_get_logmath"),
            ps_add_word: get!(sphinx, "ps_add_word"),
            ps_lookup_word: get!(sphinx, "ps_lookup_word"),
            ps_set_fsg: get!(sphinx, "ps_set_fsg"),
            ps_set_search: get!(sphinx, "ps_set_search"),
            ps_unset_search: get!(sphinx, "ps_unset_search"),
            ps_start_utt: get!(sphinx, "ps_start_utt"),
            ps_process_raw: get!(sphinx, "ps_process_raw"),
            ps_end_utt: get!(sphinx, "ps_end_utt"),
            ps_seg_iter: get!(sphinx, "ps_seg_iter"),
            ps_seg_next: get!(sphinx, "ps_seg_next"),
            ps_seg_word: get!(sphinx, "ps_seg_word"),
            ps_seg_frames: get!(sphinx, "ps_seg_frames"),
            cmd_ln_init: get!(base, "cmd_ln_init"),
            cmd_ln_free_r: get!(base, "cmd_ln_free_r"),
            fsg_model_readfile: get!(base, "fsg_model_readfile"),
            fsg_model_free: get!(base, "fsg_model_free"),
            ckd_free: get!(base, "ckd_free"),
            _libraries: libraries,
        })
    }
}

/// An aligner. Not for several threads at once: it holds one decoder.
pub struct Sphinx {
    api: Api,
    decoder: Decoder,
    search: Search,
    /// Words added so far, each for one place in some text.
    added: usize,
}

// SAFETY: the decoder keeps no thread-local state; `&mut self` keeps calls apart.
unsafe impl Send for Sphinx {}

impl Sphinx {
    /// Finds the library and its English model on this machine.
    ///
    /// # Errors
    /// [`SphinxError::Missing`] if one of them is not there.
    pub fn open(search: Search) -> Result<Self, SphinxError> {
        let folder = MODELS.map(PathBuf::from).into_iter().find(|folder| folder.join("en-us/mdef").is_file());
        let folder = folder.ok_or_else(|| SphinxError::Missing { message: "its English model is not there".into() })?;
        let api = Api::load()?;
        let decoder = open_decoder(&api, &folder, &search)?;
        let mut sphinx = Self { api, decoder, search, added: 0 };
        for phone in PHONES {
            sphinx.add(&other(phone), phone)?;
        }
        Ok(sphinx)
    }

    /// Pronunciations of a word in lower case; none if the dictionary does not know it.
    pub fn pronunciations(&mut self, word: &str) -> Vec<String> {
        let mut found = Vec::new();
        for number in 1..=4 {
            let name = if number == 1 { word.to_owned() } else { format!("{word}({number})") };
            let Ok(name) = CString::new(name) else { break };
            // SAFETY: the decoder lives; the name ends with a zero byte.
            let phones = unsafe { (self.api.ps_lookup_word)(self.decoder, name.as_ptr()) };
            if phones.is_null() {
                break;
            }
            // SAFETY: a string of the library's own, ended by a zero byte, which the caller has to free.
            unsafe {
                found.push(CStr::from_ptr(phones).to_string_lossy().into_owned());
                (self.api.ckd_free)(phones.cast());
            }
        }
        found
    }

    fn add(&mut self, word: &str, phones: &str) -> Result<(), SphinxError> {
        let failed = |message: String| SphinxError::Failed { message };
        let strings = (CString::new(word), CString::new(phones));
        let (Ok(name), Ok(phones)) = strings else { return Err(failed(format!("a word with a zero byte: {word:?}"))) };
        // SAFETY: the decoder lives; both strings end with a zero byte and are copied.
        let id = unsafe { (self.api.ps_add_word)(self.decoder, name.as_ptr(), phones.as_ptr(), 0) };
        if id < 0 { Err(failed(format!("it does not take the word {word:?}"))) } else { Ok(()) }
    }

    /// Lays words on sound (16,000 samples per second, one channel). `words` are pronunciations, at least one each; words of
    /// one turn have the same number in `turns`, which rises. Turns may be left out, something else may be said between
    /// them, and the sound may end before the words do. Gives the words that were heard, in order; none if nothing fits.
    ///
    /// # Errors
    /// [`SphinxError::Failed`].
    pub fn align(&mut self, sound: &[i16], words: &[Vec<String>], turns: &[usize]) -> Result<Vec<Heard>, SphinxError> {
        let first = self.added;
        for (place, pronunciations) in words.iter().enumerate() {
            for (number, phones) in pronunciations.iter().enumerate() {
                let name = match number {
                    0 => label(first + place),
                    _ => format!("{}({})", label(first + place), number + 1),
                };
                self.add(&name, phones)?;
            }
        }
        self.added += words.len();
        let failed = |message: &str| SphinxError::Failed { message: message.to_owned() };
        let io = |e: std::io::Error| SphinxError::Failed { message: format!("no room for a temporary file: {e}") };
        let mut file = tempfile::NamedTempFile::new().map_err(io)?;
        file.write_all(graph(first, turns, &self.search).as_bytes()).and_then(|()| file.flush()).map_err(io)?;
        let path = CString::new(file.path().to_string_lossy().as_bytes())
            .map_err(|_| failed("the folder for temporary files has a zero byte in its name"))?;
        let name = c"text";
        // SAFETY: the decoder lives through all calls; strings end with a zero byte; the grammar is read from a file that
        // is there, is retained by the decoder, and our own reference is given back; sound is read within its length.
        unsafe {
            let api = &self.api;
            let grammar = (api.fsg_model_readfile)(path.as_ptr(), (api.ps_get_logmath)(self.decoder), WEIGHT);
            if grammar.is_null() {
                return Err(failed("it does not read the text's grammar"));
            }
            let set = (api.ps_set_fsg)(self.decoder, name.as_ptr(), grammar);
            (api.fsg_model_free)(grammar);
            if set != 0 || (api.ps_set_search)(self.decoder, name.as_ptr()) != 0 {
                return Err(failed("it does not take the text's grammar"));
            }
            let heard = if (api.ps_start_utt)(self.decoder) == 0
                && (api.ps_process_raw)(self.decoder, sound.as_ptr(), sound.len(), 0, 1) >= 0
                && (api.ps_end_utt)(self.decoder) == 0
            {
                Ok(self.segments(first))
            } else {
                Err(failed("it does not take the sound"))
            };
            (self.api.ps_unset_search)(self.decoder, name.as_ptr());
            heard
        }
    }

    /// The words of the best path.
    fn segments(&self, first: usize) -> Vec<Heard> {
        let mut found = Vec::new();
        // SAFETY: the iterator belongs to the decoder, is stepped until it is null (which frees it), and its word is only
        // read before the next step.
        unsafe {
            let mut segment = (self.api.ps_seg_iter)(self.decoder);
            while !segment.is_null() {
                let word = (self.api.ps_seg_word)(segment);
                let (mut from, mut to) = (0, 0);
                (self.api.ps_seg_frames)(segment, &mut from, &mut to);
                if !word.is_null()
                    && let Some(place) = place(&CStr::from_ptr(word).to_string_lossy())
                    && let (Some(word), Ok(from), Ok(to)) =
                        (place.checked_sub(first), usize::try_from(from), usize::try_from(to))
                {
                    found.push(Heard { word, from, to: to + 1 });
                }
                segment = (self.api.ps_seg_next)(segment);
            }
        }
        found
    }
}

impl Drop for Sphinx {
    fn drop(&mut self) {
        // SAFETY: the only reference to the decoder.
        unsafe { (self.api.ps_free)(self.decoder) };
    }
}

fn open_decoder(api: &Api, folder: &Path, search: &Search) -> Result<Decoder, SphinxError> {
    let failed = |message: &str| SphinxError::Failed { message: message.to_owned() };
    let text = |text: String| CString::new(text).map_err(|_| failed("a setting has a zero byte"));
    let (hmm, dict) = (folder.join("en-us"), folder.join("cmudict-en-us.dict"));
    let settings = [
        (c"-hmm", text(hmm.to_string_lossy().into_owned())?),
        (c"-dict", text(dict.to_string_lossy().into_owned())?),
        (c"-beam", text(format!("{:e}", search.beam))?),
        (c"-pbeam", text(format!("{:e}", search.beam))?),
        (c"-wbeam", text(format!("{:e}", search.word_beam))?),
        (c"-bestpath", text("no".into())?),
        // It would leave long silences out of the sound, and times would be too early after them.
        (c"-remove_silence", text("no".into())?),
        (c"-logfn", text("/dev/null".into())?),
    ];
    let at = |place: usize| (settings[place].0.as_ptr(), settings[place].1.as_ptr());
    let end: *const c_char = null();
    // SAFETY: pairs of strings that live until the call returns, ended by a null pointer, as the function wants them; the
    // decoder retains the configuration, and our own reference is given back.
    unsafe {
        let [a, b, c, d, e, f, g, h] = [at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)];
        let config = (api.cmd_ln_init)(
            null_mut(),
            (api.ps_args)(),
            1,
            a.0,
            a.1,
            b.0,
            b.1,
            c.0,
            c.1,
            d.0,
            d.1,
            e.0,
            e.1,
            f.0,
            f.1,
            g.0,
            g.1,
            h.0,
            h.1,
            end,
        );
        if config.is_null() {
            return Err(failed("it does not take its settings"));
        }
        let decoder = (api.ps_init)(config);
        (api.cmd_ln_free_r)(config);
        if decoder.is_null() { Err(failed("it does not open its English model")) } else { Ok(decoder) }
    }
}

fn label(place: usize) -> String {
    format!("w{place}")
}

fn place(label: &str) -> Option<usize> {
    label.strip_prefix('w')?.split('(').next()?.parse().ok()
}

fn other(phone: &str) -> String {
    format!("zz{}", phone.to_lowercase())
}

/// The grammar: turns in order, each of them said or not, with other speech before, between and after them, and an end
/// after any word. States are numbered as they come; the last one is the end.
fn graph(first: usize, turns: &[usize], search: &Search) -> String {
    let mut arcs = String::new();
    let mut states = 1;
    let mut next = || {
        states += 1;
        states - 1
    };
    let mut arc =
        |from: usize, to: usize, p: f64, word: &str| _ = writeln!(arcs, "TRANSITION {from} {to} {p:e} {word}");
    let more = search.other_phone;
    let gap = |from: usize, next: &mut dyn FnMut() -> usize, arc: &mut dyn FnMut(usize, usize, f64, &str)| {
        let (inside, after) = (next(), next());
        arc(from, inside, search.other_speech, "");
        for phone in PHONES {
            arc(inside, inside, more / PHONES.len() as f64, &other(phone));
        }
        arc(inside, after, 1.0 - more, "");
        arc(from, after, 1.0 - search.other_speech, "");
        after
    };
    let mut ends = Vec::new();
    let mut at = gap(0, &mut next, &mut arc);
    let mut place = 0;
    while place < turns.len() {
        let start = at;
        let turn = turns[place];
        while turns.get(place) == Some(&turn) {
            let to = next();
            arc(at, to, 1.0, &label(first + place));
            ends.push(to);
            at = to;
            place += 1;
        }
        arc(start, at, search.skip_turn, "");
        at = gap(at, &mut next, &mut arc);
    }
    ends.push(at);
    let end = next();
    for from in ends {
        arc(from, end, search.end, "");
    }
    format!("FSG_BEGIN text\nNUM_STATES {}\nSTART_STATE 0\nFINAL_STATE {end}\n{arcs}FSG_END\n", end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEARCH: Search =
        Search { beam: 1e-60, word_beam: 1e-40, skip_turn: 1e-3, other_speech: 1e-4, other_phone: 0.3, end: 0.05 };

    #[test]
    fn every_word_and_every_way_out_is_in_the_grammar() {
        let text = graph(7, &[0, 0, 1], &SEARCH);
        for word in ["w7", "w8", "w9"] {
            assert_eq!(text.lines().filter(|line| line.ends_with(&format!(" {word}"))).count(), 1, "{text}");
        }
        let states: usize =
            text.lines().find_map(|line| line.strip_prefix("NUM_STATES ")).unwrap().trim().parse().unwrap();
        let arcs = text.lines().filter_map(|line| line.strip_prefix("TRANSITION "));
        for arc in arcs {
            let mut parts = arc.split(' ');
            let (from, to): (usize, usize) =
                (parts.next().unwrap().parse().unwrap(), parts.next().unwrap().parse().unwrap());
            assert!(from <= to && to < states, "{arc}");
        }
        let skips = text.lines().filter(|line| line.trim_end().ends_with("1e-3")).count();
        assert_eq!(skips, 2, "each turn may be left out");
    }

    #[test]
    fn labels_say_their_place() {
        assert_eq!((place("w12"), place("w12(2)"), place("zzaa"), place("<sil>")), (Some(12), Some(12), None, None));
    }
}
