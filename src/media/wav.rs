//! WAV files through `hound`, also damaged ones.
//!
//! A recorder that lost power leaves a header that promises nothing or too much. The sizes in the header are therefore
//! corrected to what the file holds before `hound` sees them.

use std::fs::File;
use std::io::{BufReader, Chain, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use hound::{SampleFormat, WavReader};

use crate::media::assemble::Assembler;
use crate::media::settings::MediaSettings;
use crate::media::{Damage, MediaError, SampleBlock, SoundSource, add_missing};
use crate::time::{SessionTime, Span};

/// `fmt ` chunks are 16 to 40 bytes; what stands before the samples (comments, cue points) rarely exceeds this.
const LONGEST_HEADER: u64 = 16 * 1024 * 1024;
/// Samples per channel read at once.
const PIECE: usize = 4096;

type Input = Chain<Cursor<Vec<u8>>, BufReader<std::io::Take<File>>>;

/// What the header says and what the file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WavFacts {
    pub(super) spec: hound::WavSpec,
    /// Samples per channel that are there.
    pub(super) present: u64,
    /// Samples per channel that the header promises; `None` if it promises nothing useful.
    pub(super) promised: Option<u64>,
}

/// Whether these first bytes are those of a WAV file that [`WavSound`] reads (`hound`'s formats, below 4 GB).
pub(super) fn is_wav(first_bytes: &[u8]) -> bool {
    first_bytes.starts_with(b"RIFF") && first_bytes.get(8..12) == Some(b"WAVE")
}

/// Sound of a WAV file.
pub struct WavSound {
    file: String,
    reader: WavReader<Input>,
    facts: WavFacts,
    assembler: Assembler,
    read: u64,
    damage: Damage,
    at_end: bool,
    zero: SessionTime,
    report_early: f64,
}

impl WavSound {
    /// Opens a WAV file whose first sample was at `offset` on the session clock.
    ///
    /// # Errors
    /// [`MediaError::Unreadable`], [`MediaError::Unusable`].
    pub fn open(path: &Path, offset: SessionTime, settings: &MediaSettings) -> Result<Self, MediaError> {
        let (reader, facts) = open(path)?;
        let spec = facts.spec;
        super::check_sound_shape(spec.sample_rate, spec.channels, &settings.sound, path)?;
        Ok(Self {
            file: path.display().to_string(),
            reader,
            facts,
            assembler: Assembler::new(&settings.sound, offset, spec.sample_rate, usize::from(spec.channels))?,
            read: 0,
            damage: Damage::default(),
            at_end: false,
            zero: offset,
            report_early: settings.time.ends_early_secs.0.as_secs_f64(),
        })
    }

    fn feed(&mut self) -> Result<(), MediaError> {
        let channels = usize::from(self.facts.spec.channels);
        let left = self.facts.present.saturating_sub(self.read);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE);
        let samples = if count == 0 { Vec::new() } else { self.piece(channels, count) };
        let got = samples.first().map_or(0, Vec::len);
        if got > 0 {
            let at = i128::from(self.read) * 1_000_000_000 / i128::from(self.facts.spec.sample_rate);
            let at = i64::try_from(at).unwrap_or(i64::MAX);
            self.assembler.push(at, self.facts.spec.sample_rate, samples, &mut self.damage)?;
            self.read += got as u64;
        }
        if got < PIECE {
            self.end()?;
        }
        Ok(())
    }

    /// Up to `count` samples of each channel; fewer where the file ends or does not read on.
    fn piece(&mut self, channels: usize, count: usize) -> Vec<Vec<f32>> {
        let mut out = vec![Vec::with_capacity(count); channels];
        let total = channels * count;
        let broken = match self.facts.spec.sample_format {
            SampleFormat::Float => spread(self.reader.samples::<f32>().take(total), &mut out, 1.0),
            SampleFormat::Int => {
                let full_scale = (2.0_f32).powi(i32::from(self.facts.spec.bits_per_sample) - 1);
                let samples = self.reader.samples::<i32>().take(total);
                spread(samples.map(|sample| sample.map(|value| value as f32)), &mut out, 1.0 / full_scale)
            }
        };
        self.damage.broken_packets += u64::from(broken);
        out
    }

    fn end(&mut self) -> Result<(), MediaError> {
        self.at_end = true;
        self.assembler.finish();
        let rate = f64::from(self.facts.spec.sample_rate);
        let promised = self.facts.promised.unwrap_or(self.facts.present) as f64 / rate;
        let got = self.read as f64 / rate;
        if promised - got >= self.report_early {
            let edge = |secs| self.zero.shifted(SessionTime::from_secs_f64(secs));
            add_missing(&mut self.damage, Span::new(edge(got), edge(promised)));
        }
        Ok(())
    }
}

/// Deals samples out to channels; cuts all channels to one length. Whether a sample could not be read.
fn spread(samples: impl Iterator<Item = hound::Result<f32>>, out: &mut [Vec<f32>], factor: f32) -> bool {
    let channels = out.len();
    let mut broken = false;
    for (index, sample) in samples.enumerate() {
        match sample {
            // A damaged float may be NaN or infinite, which no later stage should meet.
            Ok(value) if value.is_finite() => out[index % channels].push(value * factor),
            Ok(_) => out[index % channels].push(0.0),
            Err(_) => {
                broken = true;
                break;
            }
        }
    }
    let shortest = out.iter().map(Vec::len).min().unwrap_or(0);
    out.iter_mut().for_each(|channel| channel.truncate(shortest));
    broken
}

impl SoundSource for WavSound {
    fn channels(&self) -> usize {
        self.assembler.channels()
    }

    fn expected_secs(&self) -> Option<f64> {
        Some(self.facts.present as f64 / f64::from(self.facts.spec.sample_rate))
    }

    fn next_block(&mut self) -> Result<Option<SampleBlock>, MediaError> {
        loop {
            if let Some(block) = self.assembler.take()? {
                return Ok(Some(block));
            }
            if self.at_end {
                return Ok(None);
            }
            self.feed()?;
        }
    }

    fn damage(&self) -> &Damage {
        &self.damage
    }
}

impl std::fmt::Debug for WavSound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WavSound").field("facts", &self.facts).field("file", &self.file).finish_non_exhaustive()
    }
}

/// What a WAV file holds.
pub(super) fn facts(path: &Path) -> Result<WavFacts, MediaError> {
    open(path).map(|(_, facts)| facts)
}

fn open(path: &Path) -> Result<(WavReader<Input>, WavFacts), MediaError> {
    let file_name = || path.display().to_string();
    let unreadable = |source| MediaError::Unreadable { file: file_name(), source };
    let unusable = |what: String| MediaError::Unusable {
        what,
        advice: "check that the recording opens in a player, or export it again as 16 bit WAV",
        file: file_name(),
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    let header = Header::read(&mut file, size).map_err(unreadable)?;
    let header = header.ok_or_else(|| unusable("the WAV header has no format or no sound in it".into()))?;
    let frame = u64::from(header.bytes_per_frame);
    if frame == 0 {
        return Err(unusable("the WAV header says that a sample has no bytes".into()));
    }
    let there = size.saturating_sub(header.data_at);
    let (bytes, promised) = match header.data_bytes {
        0 | 0xFFFF_FFFF => (there, None),
        promised => (there.min(u64::from(promised)), Some(u64::from(promised) / frame)),
    };
    let bytes = (bytes - bytes % frame).min(u64::from(u32::MAX) / frame * frame);
    let mut start = header.bytes;
    let sizes = [(4, start.len() as u64 - 8 + bytes), (start.len() - 4, bytes)];
    for (at, value) in sizes {
        let value = u32::try_from(value).unwrap_or(u32::MAX);
        start[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    file.seek(SeekFrom::Start(header.data_at)).map_err(unreadable)?;
    let input = Cursor::new(start).chain(BufReader::with_capacity(1 << 16, file.take(bytes)));
    let reader = WavReader::new(input).map_err(|e| match e {
        hound::Error::IoError(source) => unreadable(source),
        other => unusable(format!("the WAV file does not read ({other})")),
    })?;
    let spec = reader.spec();
    Ok((reader, WavFacts { spec, present: bytes / frame, promised }))
}

/// The part of a file before its samples.
struct Header {
    /// `RIFF`, `WAVE`, the format and the head of the `data` chunk; nothing else.
    bytes: Vec<u8>,
    bytes_per_frame: u16,
    data_at: u64,
    data_bytes: u32,
}

impl Header {
    /// Walks through the chunks; `None` if there is no format or no data.
    fn read(file: &mut File, size: u64) -> std::io::Result<Option<Self>> {
        let mut bytes = b"RIFF\0\0\0\0WAVE".to_vec();
        let mut bytes_per_frame = None;
        let mut at = 12;
        while at + 8 <= size.min(LONGEST_HEADER) {
            let mut head = [0; 8];
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(&mut head)?;
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
            match &head[..4] {
                b"data" => {
                    let Some(bytes_per_frame) = bytes_per_frame else { return Ok(None) };
                    bytes.extend_from_slice(&head);
                    return Ok(Some(Self { bytes, bytes_per_frame, data_at: at + 8, data_bytes: length }));
                }
                b"fmt " if (16..=64).contains(&length) && at + 8 + u64::from(length) <= size => {
                    let mut format = vec![0; length as usize];
                    file.read_exact(&mut format)?;
                    bytes_per_frame = Some(u16::from_le_bytes([format[12], format[13]]));
                    bytes.truncate(12);
                    bytes.extend_from_slice(&head);
                    bytes.extend_from_slice(&format);
                    if length % 2 == 1 {
                        bytes.push(0);
                    }
                }
                _ => (),
            }
            // Chunks begin at even places.
            at += 8 + u64::from(length) + u64::from(length % 2);
        }
        Ok(None)
    }
}
