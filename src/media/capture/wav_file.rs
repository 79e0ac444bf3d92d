//! A WAV file that is playable at every moment while it grows.
//!
//! `hound` writes the sizes into the header at the end or on `flush`, cannot take back half a sample after a full disk, and
//! ends at 4 GB. Here the whole header, 80 to 104 bytes, is written in one piece after the sound it speaks of: a file cut
//! off at any moment holds at least what its header says, and readers ignore what comes after.
//!
//! Beyond 4 GB (4 hours of stereo at 48 kHz and 24 bit) the same file becomes RF64 (EBU Tech 3306): room for its `ds64`
//! chunk is kept from the beginning as `JUNK`. One file stays one recording, and libav reads it; `attune scan` would take
//! a second file for a second microphone.

use std::io::{self, Seek, SeekFrom, Write};

use super::Shape;

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleFormat {
    /// 16 bit whole numbers.
    Int16,
    /// 24 bit whole numbers.
    Int24,
    /// 32 bit floating point.
    Float,
}

impl SampleFormat {
    /// Bytes of one sample.
    pub fn bytes(self) -> u16 {
        match self {
            Self::Int16 => 2,
            Self::Int24 => 3,
            Self::Float => 4,
        }
    }
}

/// Where the bytes go: a file, or a test.
pub trait Disk: Write + Seek + Send {
    /// Makes sure that what was written survives a loss of power.
    ///
    /// # Errors
    /// What the system says.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts off everything from this place on.
    ///
    /// # Errors
    /// What the system says.
    fn cut(&mut self, bytes: u64) -> io::Result<()>;
}

impl Disk for std::fs::File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.set_len(bytes)
    }
}

/// The largest number of bytes that a plain WAV file's 32 bit sizes can say.
pub(super) const LARGEST_RIFF: u64 = u32::MAX as u64;
/// Bytes that wait in memory before they are written.
const PIECE: usize = 1 << 16;

/// A growing WAV file.
pub struct SafeWav<D: Disk> {
    disk: D,
    shape: Shape,
    format: SampleFormat,
    largest_riff: u64,
    /// Not yet written.
    waiting: Vec<u8>,
    /// Bytes of sound on the disk.
    written: u64,
    /// Bytes of sound that the header speaks of.
    promised: u64,
}

impl<D: Disk> SafeWav<D> {
    /// Begins a file: header first.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(disk: D, shape: Shape, format: SampleFormat) -> io::Result<Self> {
        Self::with_largest_riff(disk, shape, format, LARGEST_RIFF)
    }

    /// The same, becoming RF64 beyond so many bytes.
    pub(super) fn with_largest_riff(disk: D, shape: Shape, format: SampleFormat, largest: u64) -> io::Result<Self> {
        let waiting = Vec::with_capacity(2 * PIECE);
        let mut wav = Self { disk, shape, format, largest_riff: largest, waiting, written: 0, promised: 0 };
        wav.write_header()?;
        wav.disk.sync()?;
        Ok(wav)
    }

    /// What goes in.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    fn frame_bytes(&self) -> u64 {
        u64::from(self.format.bytes()) * u64::from(self.shape.channels.max(1))
    }

    /// Bytes that a second of sound takes.
    pub fn bytes_per_sec(&self) -> u64 {
        self.frame_bytes() * u64::from(self.shape.rate)
    }

    /// Samples per channel that the file holds for sure: those that the header speaks of.
    pub fn safe_frames(&self) -> u64 {
        self.promised / self.frame_bytes()
    }

    /// Takes interleaved samples, full scale 1; beyond it whole numbers stop at the end of their scale.
    ///
    /// # Errors
    /// What the system says; call [`SafeWav::rescue`] then.
    pub fn write(&mut self, interleaved: &[f32]) -> io::Result<()> {
        for &sample in interleaved {
            // A broken driver's NaN is no sound.
            let sample = if sample.is_finite() { sample } else { 0.0 };
            match self.format {
                // `as` stops at the ends of the scale.
                SampleFormat::Int16 => {
                    self.waiting.extend_from_slice(&((sample * 32_768.0).round() as i16).to_le_bytes())
                }
                SampleFormat::Int24 => {
                    let whole = ((sample * 8_388_608.0).round() as i32).clamp(-8_388_608, 8_388_607);
                    self.waiting.extend_from_slice(&whole.to_le_bytes()[..3]);
                }
                SampleFormat::Float => self.waiting.extend_from_slice(&sample.to_le_bytes()),
            }
            if self.waiting.len() >= PIECE {
                self.write_out()?;
            }
        }
        Ok(())
    }

    /// Writes the waiting bytes; after an error what did get out is known.
    fn write_out(&mut self) -> io::Result<()> {
        let mut out = 0;
        let result = loop {
            let Some(rest) = self.waiting.get(out..).filter(|rest| !rest.is_empty()) else { break Ok(()) };
            match self.disk.write(rest) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => out += count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => break Err(e),
            }
        };
        self.waiting.drain(..out);
        self.written += out as u64;
        result
    }

    /// Writes all sound, then the header that speaks of it, and makes both survive a loss of power.
    ///
    /// # Errors
    /// What the system says; call [`SafeWav::rescue`] then.
    pub fn commit(&mut self) -> io::Result<()> {
        self.write_out()?;
        self.promised = self.written - self.written % self.frame_bytes();
        self.write_header()?;
        self.disk.sync()
    }

    /// After an error: leaves whole samples only and a header that speaks of them. Samples per channel kept.
    pub fn rescue(&mut self) -> u64 {
        self.waiting.clear();
        let whole = self.written - self.written % self.frame_bytes();
        let before = std::mem::replace(&mut self.promised, whole);
        let length = self.header().len() as u64;
        // Each is tried even if another fails: the header lies in bytes that the file already has.
        if self.write_header().is_err() {
            self.promised = before;
        }
        _ = self.disk.cut(length + self.promised);
        _ = self.disk.sync();
        self.safe_frames()
    }

    /// Ends the file. Samples per channel that it holds.
    ///
    /// # Errors
    /// What the system says; [`SafeWav::rescue`] then keeps what is there.
    pub fn finish(&mut self) -> io::Result<u64> {
        self.write_out()?;
        self.promised = self.written - self.written % self.frame_bytes();
        if !self.promised.is_multiple_of(2) {
            // Chunks have even lengths; a reader that stops at the header's size never sees this byte.
            self.disk.write_all(&[0])?;
        }
        self.write_header()?;
        self.disk.sync()?;
        Ok(self.safe_frames())
    }

    fn write_header(&mut self) -> io::Result<()> {
        let header = self.header();
        self.disk.seek(SeekFrom::Start(0))?;
        self.disk.write_all(&header)?;
        self.disk.seek(SeekFrom::Start(header.len() as u64 + self.written))?;
        Ok(())
    }

    /// The header for what is promised. Its length never changes.
    fn header(&self) -> Vec<u8> {
        let Shape { rate, channels } = self.shape;
        let float = self.format == SampleFormat::Float;
        // More than two channels are separate microphones and not places of loudspeakers: WAVE_FORMAT_EXTENSIBLE with an
        // empty mask says so.
        let extensible = channels > 2;
        let mut after = Vec::new();
        let code: u16 = if float { 3 } else { 1 };
        let format_bytes: u32 = if extensible { 40 } else { 16 };
        after.extend_from_slice(b"fmt ");
        after.extend_from_slice(&format_bytes.to_le_bytes());
        after.extend_from_slice(&if extensible { 0xFFFE } else { code }.to_le_bytes());
        after.extend_from_slice(&channels.to_le_bytes());
        after.extend_from_slice(&rate.to_le_bytes());
        after.extend_from_slice(&(u32::try_from(self.bytes_per_sec()).unwrap_or(u32::MAX)).to_le_bytes());
        after.extend_from_slice(&(u16::try_from(self.frame_bytes()).unwrap_or(u16::MAX)).to_le_bytes());
        after.extend_from_slice(&(8 * self.format.bytes()).to_le_bytes());
        if extensible {
            after.extend_from_slice(&22u16.to_le_bytes());
            after.extend_from_slice(&(8 * self.format.bytes()).to_le_bytes());
            after.extend_from_slice(&0u32.to_le_bytes());
            after.extend_from_slice(&code.to_le_bytes());
            // The rest of the identifier that every format of this kind has.
            after.extend_from_slice(&[0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
        }
        after.extend_from_slice(b"data");

        let length = 12 + 36 + after.len() as u64 + 4;
        let riff = length - 8 + self.promised + self.promised % 2;
        let large = riff > self.largest_riff;
        let short = |size: u64| u32::try_from(size).ok().filter(|_| !large).unwrap_or(u32::MAX).to_le_bytes();
        let mut header = Vec::with_capacity(length as usize);
        header.extend_from_slice(if large { b"RF64" } else { b"RIFF" });
        header.extend_from_slice(&short(riff));
        header.extend_from_slice(b"WAVE");
        header.extend_from_slice(if large { b"ds64" } else { b"JUNK" });
        header.extend_from_slice(&28u32.to_le_bytes());
        for size in [riff, self.promised, self.safe_frames()] {
            header.extend_from_slice(&if large { size } else { 0 }.to_le_bytes());
        }
        header.extend_from_slice(&0u32.to_le_bytes());
        header.extend_from_slice(&after);
        header.extend_from_slice(&short(self.promised));
        header
    }
}
