//! The whole way from a made microphone to the file.

use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use super::*;

pub(super) fn settings() -> CaptureSettings {
    #[derive(serde::Deserialize)]
    struct Whole {
        file: FileSettings,
        device: DeviceSettings,
        levels: LevelSettings,
    }
    let Whole { file, device, levels } = toml::from_str(include_str!("../../../config/record.toml")).unwrap();
    CaptureSettings { file, device, levels }
}

/// A disk in memory with so much room, that can be looked into while it is written.
#[derive(Clone, Default)]
struct Memory {
    bytes: Arc<Mutex<Cursor<Vec<u8>>>>,
    room: Option<usize>,
}

impl Memory {
    fn with<T>(&self, act: impl FnOnce(&mut Cursor<Vec<u8>>) -> T) -> T {
        act(&mut self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn copy(&self) -> Vec<u8> {
        self.with(|bytes| bytes.get_ref().clone())
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room;
        self.with(|file| {
            let end = file.position() as usize + bytes.len();
            let over = room.map_or(0, |room| end.saturating_sub(room)).min(bytes.len());
            match bytes.len() - over {
                0 if over > 0 => Err(io::ErrorKind::StorageFull.into()),
                fits => file.write(&bytes[..fits]),
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Memory {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.with(|file| file.seek(to))
    }
}

impl Disk for Memory {
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.with(|file| {
            file.get_mut().truncate(bytes as usize);
            file.seek(SeekFrom::End(0)).map(|_| ())
        })
    }
}

/// What a made microphone does, one after the other.
#[derive(Clone, Copy)]
enum Act {
    /// Delivers the next so many samples of the ramp.
    Sound(u32),
    /// Delivers as many into a ring that has no room for them: they are dropped.
    Flood(u32),
    /// The driver says that something was lost, and this much is missing from the ramp.
    Lose(u32),
    /// Time passes, in milliseconds.
    Wait(u64),
    /// The device breaks; the next start goes on after this.
    Break,
    /// A start that fails.
    Refuse,
}

/// A microphone that delivers a ramp (sample n of the ramp is n / 2^23) without waiting for time to pass.
struct Made {
    shape: Shape,
    acts: Vec<Act>,
    at: usize,
    next: u32,
}

fn made(acts: &[Act]) -> Made {
    Made { shape: Shape { rate: 1000, channels: 1 }, acts: acts.to_vec(), at: 0, next: 0 }
}

impl Microphone for Made {
    fn shape(&self) -> Shape {
        self.shape
    }

    /// Delivers everything up to the next break at once; the samples wait in the ring.
    fn start(&mut self, mut inlet: Inlet) -> Result<Box<dyn Send>, CaptureError> {
        let signals = inlet.signals();
        while let Some(&act) = self.acts.get(self.at) {
            self.at += 1;
            match act {
                Act::Sound(count) => {
                    for block in (self.next..self.next + count).collect::<Vec<_>>().chunks(10) {
                        inlet.push(block, |n| n as f32 / 8_388_608.0);
                    }
                    self.next += count;
                }
                Act::Flood(count) => {
                    inlet.push(&vec![0u32; count as usize], |_| 1.0);
                    self.next += count;
                }
                Act::Lose(count) => {
                    signals.lost();
                    self.next += count;
                }
                Act::Wait(millis) => std::thread::sleep(std::time::Duration::from_millis(millis)),
                Act::Break => {
                    signals.broken("unplugged".into());
                    return Ok(Box::new(()));
                }
                Act::Refuse => return Err(CaptureError::Device { message: "not there".into() }),
            }
        }
        signals.ended();
        Ok(Box::new(()))
    }
}

struct Done {
    recorded: Recorded,
    /// The whole numbers in the file.
    samples: Vec<i32>,
}

fn run(mut microphone: Made, settings: &CaptureSettings, room: Option<usize>, most: Option<u64>) -> Done {
    let disk = Memory { room, ..Memory::default() };
    let wav = SafeWav::new(disk.clone(), microphone.shape(), SampleFormat::Int24).unwrap();
    let (stop, panel) = (AtomicBool::new(false), Mutex::new(Panel::default()));
    let plan = Plan { most_frames: most, free_bytes: &|| Some(1 << 40), stop: &stop, panel: &panel, tap: None };
    let recorded = record(&mut microphone, wav, settings, plan).unwrap();
    let samples = read(&disk.copy());
    assert_eq!(samples.len() as u64, recorded.frames);
    assert_eq!(panel.lock().unwrap().state, State::Done);
    Done { recorded, samples }
}

/// Reads a file as any reader does, by what its header says.
fn read(bytes: &[u8]) -> Vec<i32> {
    let mut reader = hound::WavReader::new(Cursor::new(bytes)).unwrap();
    reader.samples::<i32>().map(Result::unwrap).collect()
}

fn ramp(samples: &[i32], from: i32) {
    for (index, &sample) in samples.iter().enumerate() {
        assert_eq!(sample, from + index as i32, "sample {index}");
    }
}

#[test]
fn what_goes_in_is_in_the_file() {
    let done = run(made(&[Act::Sound(5003)]), &settings(), None, None);
    assert_eq!(done.recorded.end, End::SourceEnded);
    assert_eq!((done.samples.len(), done.recorded.tally.count), (5003, 0));
    ramp(&done.samples, 0);
}

#[test]
fn the_planned_length_is_kept_to_the_sample() {
    let done = run(made(&[Act::Sound(5000)]), &settings(), None, Some(1234));
    assert_eq!((done.recorded.end, done.samples.len()), (End::Length, 1234));
}

#[test]
fn an_overrun_is_counted_and_filled_with_silence_of_its_length() {
    let mut settings = settings();
    // The made microphone delivers a minute at once.
    settings.device.most_ahead_secs = crate::time::Secs(std::time::Duration::from_secs(1000));
    let done = run(made(&[Act::Sound(100), Act::Flood(50_000), Act::Sound(100)]), &settings, None, Some(50_300));
    assert_eq!(done.recorded.end, End::SourceEnded);
    assert_eq!(done.samples.len(), 50_200);
    ramp(&done.samples[..100], 0);
    assert!(done.samples[100..50_100].iter().all(|&s| s == 0));
    ramp(&done.samples[50_100..], 50_100);
    let tally = done.recorded.tally;
    assert_eq!((tally.dropouts, tally.filled_secs), (1, 50.0));
    assert_eq!(tally.moments[0], Moment { at_secs: 0.1, what: What::Overrun { secs: 50.0 } });
}

#[test]
fn what_a_driver_loses_is_filled_by_the_clock() {
    let acts = [Act::Sound(10), Act::Wait(300), Act::Lose(300), Act::Sound(100)];
    let done = run(made(&acts), &settings(), None, None);
    let tally = &done.recorded.tally;
    assert_eq!(tally.dropouts, 1);
    // 300 ms passed while 10 ms of the next block came: 290 ms are missing, and a busy machine may sleep longer.
    assert!((0.28..2.0).contains(&tally.filled_secs), "{}", tally.filled_secs);
    ramp(&done.samples[..10], 0);
    ramp(&done.samples[done.samples.len() - 100..], 310);
}

#[test]
fn a_device_that_comes_back_leaves_silence_and_one_that_does_not_leaves_what_there_was() {
    let mut settings = settings();
    settings.device.reopen_every_secs = crate::time::Secs(std::time::Duration::from_millis(50));
    let acts = [Act::Sound(200), Act::Break, Act::Refuse, Act::Refuse, Act::Sound(100)];
    let done = run(made(&acts), &settings, None, None);
    assert_eq!(done.recorded.end, End::SourceEnded);
    let tally = &done.recorded.tally;
    assert_eq!(tally.gone, 1);
    assert_eq!(tally.moments[0], Moment { at_secs: 0.2, what: What::Gone { message: "unplugged".into() } });
    assert!(matches!(tally.moments[1].what, What::Back { secs } if secs > 0.05), "{tally:?}");
    ramp(&done.samples[..200], 0);
    ramp(&done.samples[done.samples.len() - 100..], 200);
    assert!(done.samples[200..done.samples.len() - 100].iter().all(|&s| s == 0));

    settings.device.reopen_secs = crate::time::Secs(std::time::Duration::from_millis(120));
    let refusing = [&[Act::Sound(200), Act::Break][..], &[Act::Refuse; 50]].concat();
    let done = run(made(&refusing), &settings, None, None);
    assert_eq!(done.recorded.end, End::DeviceGone { message: "unplugged".into() });
    assert_eq!(done.samples.len(), 200);
}

#[test]
fn a_device_that_falls_silent_without_a_word_counts_as_gone() {
    /// Delivers once and never again.
    struct Mute;
    impl Microphone for Mute {
        fn shape(&self) -> Shape {
            Shape { rate: 1000, channels: 1 }
        }
        fn start(&mut self, mut inlet: Inlet) -> Result<Box<dyn Send>, CaptureError> {
            inlet.push(&[0.5; 100], |s: f32| s);
            Ok(Box::new(()))
        }
    }
    let mut settings = settings();
    settings.device.stall_secs = crate::time::Secs(std::time::Duration::from_millis(60));
    let (stop, panel) = (AtomicBool::new(false), Mutex::new(Panel::default()));
    let disk = Memory::default();
    let wav = SafeWav::new(disk, Mute.shape(), SampleFormat::Int16).unwrap();
    let plan = Plan { most_frames: Some(350), free_bytes: &|| None, stop: &stop, panel: &panel, tap: None };
    let recorded = record(&mut Mute, wav, &settings, plan).unwrap();
    assert!(recorded.tally.gone >= 1 && recorded.end == End::Length, "{recorded:?}");
}

#[test]
fn a_full_disk_ends_the_recording_and_keeps_what_fitted() {
    // The header of a mono file is 80 bytes: room for 333 and a third samples of 3 bytes.
    let done = run(made(&[Act::Sound(40_000 / 2)]), &settings(), Some(80 + 1000), None);
    assert!(matches!(done.recorded.end, End::NotWritten { .. }), "{:?}", done.recorded.end);
    assert_eq!(done.samples.len(), 333);
    ramp(&done.samples, 0);
}

#[test]
fn a_stand_in_without_a_clock_does_not_fill_the_disk() {
    struct Null;
    impl Microphone for Null {
        fn shape(&self) -> Shape {
            Shape { rate: 1000, channels: 1 }
        }
        fn start(&mut self, mut inlet: Inlet) -> Result<Box<dyn Send>, CaptureError> {
            let stop = Arc::new(AtomicBool::new(false));
            struct Stop(Arc<AtomicBool>);
            impl Drop for Stop {
                fn drop(&mut self) {
                    self.0.store(true, std::sync::atomic::Ordering::Relaxed);
                }
            }
            let stopped = Arc::clone(&stop);
            std::thread::spawn(move || {
                while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
                    inlet.push(&[0.0; 100], |s: f32| s);
                }
            });
            Ok(Box::new(Stop(stop)))
        }
    }
    let (stop, panel) = (AtomicBool::new(false), Mutex::new(Panel::default()));
    let wav = SafeWav::new(Memory::default(), Null.shape(), SampleFormat::Int16).unwrap();
    let plan = Plan { most_frames: None, free_bytes: &|| None, stop: &stop, panel: &panel, tap: None };
    let recorded = record(&mut Null, wav, &settings(), plan).unwrap();
    assert_eq!(recorded.end, End::NoClock);
}

#[test]
fn low_space_is_told_once_and_not_when_the_plan_fits() {
    let low = |most| {
        let wav = SafeWav::new(Memory::default(), Shape { rate: 1000, channels: 1 }, SampleFormat::Int16).unwrap();
        let (stop, panel) = (AtomicBool::new(false), Mutex::new(Panel::default()));
        // Room for one minute.
        let plan = Plan { most_frames: most, free_bytes: &|| Some(120_000), stop: &stop, panel: &panel, tap: None };
        record(&mut made(&[Act::Sound(3000)]), wav, &settings(), plan).unwrap().tally
    };
    assert_eq!(low(None).moments, [Moment { at_secs: 0.01, what: What::LowSpace { minutes: 1.0 } }]);
    assert!(low(Some(2900)).moments.is_empty());
}

#[test]
fn the_tap_gets_copies_and_never_holds_the_recording_up() {
    let (tap, pieces) = std::sync::mpsc::sync_channel(3);
    let (stop, panel) = (AtomicBool::new(false), Mutex::new(Panel::default()));
    let disk = Memory::default();
    let wav = SafeWav::new(disk.clone(), Shape { rate: 1000, channels: 1 }, SampleFormat::Int24).unwrap();
    let plan = Plan { most_frames: None, free_bytes: &|| None, stop: &stop, panel: &panel, tap: Some(tap) };
    record(&mut made(&[Act::Sound(1000)]), wav, &settings(), plan).unwrap();
    let pieces: Vec<Piece> = pieces.iter().collect();
    assert_eq!(pieces.iter().map(|piece| piece.start_frame).collect::<Vec<_>>(), [0, 50, 100]);
    assert_eq!(read(&disk.copy()).len(), 1000);
}

/// Every moment's file is whole: a copy after each write reads, and holds what was committed.
#[test]
fn the_file_reads_at_every_moment() {
    for (format, channels) in [(SampleFormat::Int16, 1), (SampleFormat::Int24, 2), (SampleFormat::Int24, 3)] {
        let disk = Memory::default();
        let shape = Shape { rate: 8000, channels };
        let mut wav = SafeWav::new(disk.clone(), shape, format).unwrap();
        assert!(read(&disk.copy()).is_empty());
        let mut safe = 0;
        for second in 0..40 {
            let block: Vec<f32> = (0..1000 * u32::from(channels)).map(|n| (n % 100) as f32 / 200.0).collect();
            wav.write(&block).unwrap();
            assert_eq!(read(&disk.copy()).len() as u64, safe);
            if second % 3 == 0 {
                wav.commit().unwrap();
                safe = (second + 1) * 1000 * u64::from(channels);
            }
            assert_eq!(read(&disk.copy()).len() as u64, safe);
        }
        assert_eq!(wav.finish().unwrap(), 40_000);
        let spec = hound::WavReader::new(Cursor::new(disk.copy())).unwrap().spec();
        assert_eq!((spec.channels, spec.bits_per_sample, spec.sample_rate), (channels, 8 * format.bytes(), 8000));
    }
}

#[test]
fn samples_keep_their_values_and_stop_at_the_ends_of_the_scale() {
    let shape = Shape { rate: 8000, channels: 1 };
    let check = |format, expect: [i32; 7]| {
        let disk = Memory::default();
        let mut wav = SafeWav::new(disk.clone(), shape, format).unwrap();
        wav.write(&[0.0, 0.5, -1.0, 1.0, 7.0, -7.0, f32::NAN]).unwrap();
        wav.finish().unwrap();
        assert_eq!(disk.copy().len() % 2, 0);
        assert_eq!(read(&disk.copy()), expect);
    };
    check(SampleFormat::Int16, [0, 16_384, -32_768, 32_767, 32_767, -32_768, 0]);
    check(SampleFormat::Int24, [0, 4_194_304, -8_388_608, 8_388_607, 8_388_607, -8_388_608, 0]);
    let disk = Memory::default();
    let mut wav = SafeWav::new(disk.clone(), shape, SampleFormat::Float).unwrap();
    wav.write(&[0.25, -1.5]).unwrap();
    wav.finish().unwrap();
    let mut reader = hound::WavReader::new(Cursor::new(disk.copy())).unwrap();
    assert_eq!(reader.samples::<f32>().map(Result::unwrap).collect::<Vec<_>>(), [0.25, -1.5]);
}

/// With a small limit in place of 4 GB.
#[test]
fn a_file_too_large_for_its_sizes_becomes_rf64() {
    let disk = Memory::default();
    let shape = Shape { rate: 16_000, channels: 1 };
    let mut wav = SafeWav::with_largest_riff(disk.clone(), shape, SampleFormat::Int16, 10_000).unwrap();
    let sound: Vec<f32> = (0..16_000).map(|n| (n as f32 * 0.1).sin() / 2.0).collect();
    wav.write(&sound[..4000]).unwrap();
    wav.commit().unwrap();
    assert_eq!(&disk.copy()[..4], b"RIFF");
    wav.write(&sound[4000..]).unwrap();
    wav.finish().unwrap();
    let bytes = disk.copy();
    let wide = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    assert_eq!((&bytes[..4], &bytes[12..16], &bytes[4..8]), (&b"RF64"[..], &b"ds64"[..], &[0xFF; 4][..]));
    assert_eq!((wide(20), wide(28), wide(36)), (bytes.len() as u64 - 8, 32_000, 16_000));

    #[cfg(feature = "video")]
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.wav");
        std::fs::write(&path, &bytes).unwrap();
        let zero = crate::time::SessionTime::from_secs_f64(0.0);
        let settings = crate::media::settings::for_tests();
        let mut sound = crate::media::open_sound(&path, zero, &settings).unwrap();
        let mut count = 0;
        while let Some(block) = sound.next_block().unwrap() {
            count += block.samples.ncols();
        }
        assert_eq!(count, 16_000);
    }
}

#[test]
fn a_file_that_is_there_is_left_alone_and_a_free_name_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.wav");
    create_file(&path).unwrap();
    std::fs::write(&path, "mine").unwrap();
    std::fs::write(folder.path().join("talk-2.wav"), "mine too").unwrap();
    let said = create_file(&path).unwrap_err().to_string();
    assert!(said.contains("talk-3.wav"), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    assert!(create_file(&folder.path().join("no/talk.wav")).unwrap_err().to_string().contains("make it first"));
    assert!(create_file(&folder.path().join("talk.mp3")).unwrap_err().to_string().contains(".wav"));
}

#[test]
fn settings_out_of_range_are_named() {
    assert_eq!(settings().check(), Ok(()));
    let mut wrong = settings();
    wrong.file.flush_secs = crate::time::Secs(std::time::Duration::from_secs(5));
    assert_eq!(wrong.check(), Err(("file.flush_secs", "0.05 to 1")));
}
