//! WAV files of every kind, whole and damaged.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what broke by panicking")]

use std::path::Path;

use attune::media::{MediaSettings, SOUND_RATE, SoundSource, WavSound, open_sound, probe};
use attune::time::SessionTime;
use hound::{SampleFormat, WavSpec, WavWriter};

fn settings() -> MediaSettings {
    toml::from_str(&std::fs::read_to_string("config/media.toml").unwrap()).unwrap()
}

/// Channel `c` is a slow sine of its own height, starting at 0.
fn value(channel: u16, index: u32, rate: u32) -> f64 {
    let height = 0.9 / f64::from(channel + 1);
    height * (f64::from(index) / f64::from(rate) * 5.0 * std::f64::consts::TAU).sin()
}

fn write(path: &Path, spec: WavSpec, secs: u32) {
    let mut writer = WavWriter::create(path, spec).unwrap();
    for index in 0..secs * spec.sample_rate {
        for channel in 0..spec.channels {
            let value = value(channel, index, spec.sample_rate);
            match spec.sample_format {
                SampleFormat::Float => writer.write_sample(value as f32).unwrap(),
                SampleFormat::Int => {
                    let full_scale = f64::from(2.0_f32).powi(i32::from(spec.bits_per_sample) - 1);
                    writer.write_sample((value * full_scale) as i32).unwrap();
                }
            }
        }
    }
    writer.finalize().unwrap();
}

fn hear(sound: &mut dyn SoundSource) -> Vec<Vec<f32>> {
    let mut channels = vec![Vec::new(); sound.channels()];
    while let Some(block) = sound.next_block().unwrap() {
        channels.iter_mut().zip(block.samples.rows()).for_each(|(to, from)| to.extend(from.iter()));
    }
    channels
}

/// The middle of each channel is the sine that was written, at its place, within `limit`.
fn check(channels: &[Vec<f32>], secs: u32, limit: f64) {
    for (number, channel) in (0..).zip(channels) {
        assert_eq!(channel.len(), (secs * SOUND_RATE) as usize);
        for (index, heard) in channel.iter().enumerate().take(channel.len() - 1000).skip(1000) {
            let error = f64::from(*heard) - value(number, index as u32, SOUND_RATE);
            assert!(error.abs() < limit, "channel {number}, sample {index}: off by {error}");
        }
    }
}

#[test]
fn every_depth_and_number_of_channels_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.wav");
    for (bits_per_sample, sample_format, limit) in [
        (8, SampleFormat::Int, 0.009),
        (16, SampleFormat::Int, 1e-4),
        (24, SampleFormat::Int, 1e-5),
        (32, SampleFormat::Int, 1e-5),
        (32, SampleFormat::Float, 1e-5),
    ] {
        for channels in [1, 2, 4, 8] {
            write(&path, WavSpec { channels, sample_rate: 16_000, bits_per_sample, sample_format }, 1);
            let mut sound = open_sound(&path, SessionTime::ZERO, &settings()).unwrap();
            let heard = hear(&mut *sound);
            assert_eq!(heard.len(), usize::from(channels));
            check(&heard, 1, limit);
            assert_eq!(*sound.damage(), Default::default());
        }
    }
}

#[test]
fn every_rate_comes_back_at_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.wav");
    for sample_rate in [8000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000] {
        write(&path, WavSpec { channels: 2, sample_rate, bits_per_sample: 16, sample_format: SampleFormat::Int }, 2);
        check(&hear(&mut WavSound::open(&path, SessionTime::ZERO, &settings()).unwrap()), 2, 2e-3);
    }
}

const STEREO: WavSpec =
    WavSpec { channels: 2, sample_rate: 48_000, bits_per_sample: 16, sample_format: SampleFormat::Int };

/// Two seconds of stereo with the file changed by `damage`; gives seconds heard and seconds said to be missing.
fn damaged(damage: impl Fn(&mut Vec<u8>)) -> (f64, f64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.wav");
    write(&path, STEREO, 2);
    let mut bytes = std::fs::read(&path).unwrap();
    damage(&mut bytes);
    std::fs::write(&path, bytes).unwrap();
    let mut sound = open_sound(&path, SessionTime::ZERO, &settings()).unwrap();
    let heard = hear(&mut *sound);
    let missing = sound.damage().missing.iter().map(|span| span.secs_f64()).sum();
    (heard[0].len() as f64 / f64::from(SOUND_RATE), missing)
}

#[test]
fn a_file_cut_off_gives_what_it_has() {
    let (heard, missing) = damaged(|bytes| bytes.truncate(44 + 4 * 24_000 + 3));
    assert!((heard - 0.5).abs() < 0.001, "{heard}");
    assert!((missing - 1.5).abs() < 0.001, "{missing}");
}

#[test]
fn a_header_that_was_never_finished_is_no_obstacle() {
    for size in [0_u32, u32::MAX] {
        let (heard, missing) = damaged(|bytes| {
            bytes[4..8].copy_from_slice(&size.to_le_bytes());
            bytes[40..44].copy_from_slice(&size.to_le_bytes());
        });
        assert!((heard - 2.0).abs() < 0.001 && missing.abs() < 1e-9, "{heard} {missing}");
    }
}

#[test]
fn other_chunks_are_stepped_over() {
    let (heard, _) = damaged(|bytes| {
        let note = [b"note".as_slice(), &5_u32.to_le_bytes(), b"hello\0"].concat();
        bytes.splice(36..36, note);
    });
    assert!((heard - 2.0).abs() < 0.001);
}

#[test]
fn hostile_headers_are_errors_and_no_panics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.wav");
    write(&path, STEREO, 1);
    let bytes = std::fs::read(&path).unwrap();
    let cases: &[(usize, &[u8])] = &[
        (22, &[0, 0]),                   // no channels
        (22, &[0xFF, 0xFF]),             // 65535 channels
        (24, &[0, 0, 0, 0]),             // no rate
        (24, &[0xFF, 0xFF, 0xFF, 0xFF]), // 4 GHz
        (32, &[0, 0]),                   // no bytes per sample
        (34, &[0, 0]),                   // no bits
        (34, &[0xFF, 0xFF]),             // 65535 bits
        (20, &[0x55, 0x55]),             // unknown format
        (16, &[0xFF, 0xFF, 0xFF, 0x7F]), // a format of 2 GB
    ];
    for (at, change) in cases {
        let mut bytes = bytes.clone();
        bytes[*at..at + change.len()].copy_from_slice(change);
        std::fs::write(&path, bytes).unwrap();
        // libav may know better than the header; what counts is an answer.
        if let Ok(mut sound) = open_sound(&path, SessionTime::ZERO, &settings()) {
            while let Ok(Some(_)) = sound.next_block() {}
        }
        let wav = WavSound::open(&path, SessionTime::ZERO, &settings());
        assert!(wav.is_err(), "byte {at}");
    }
    for length in 0..60 {
        std::fs::write(&path, &bytes[..length]).unwrap();
        if let Ok(mut sound) = WavSound::open(&path, SessionTime::ZERO, &settings()) {
            while let Ok(Some(_)) = sound.next_block() {}
        }
    }
}

#[test]
fn floats_that_are_no_numbers_become_silence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.wav");
    let spec = WavSpec { channels: 1, sample_rate: 16_000, bits_per_sample: 32, sample_format: SampleFormat::Float };
    let mut writer = WavWriter::create(&path, spec).unwrap();
    for value in [0.5, f32::NAN, f32::INFINITY, -0.5] {
        writer.write_sample(value).unwrap();
    }
    writer.finalize().unwrap();
    let heard = hear(&mut *open_sound(&path, SessionTime::ZERO, &settings()).unwrap());
    assert_eq!(heard, [[0.5, 0.0, 0.0, -0.5]]);
}

#[test]
fn a_probe_says_what_is_inside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no-ending");
    write(&path, STEREO, 3);
    assert_eq!(probe(&path, &settings()).unwrap().describe(), "0:03, sound pcm_s16 48000 Hz stereo");
}
