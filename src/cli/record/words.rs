//! What is said about a recording, in words and as JSON.

use std::path::Path;

use attune::media::capture::{End, Moment, Recorded, SampleFormat, Shape, What};
use attune::record::{By, Settings, View};
use serde_json::json;

use super::Facts;

/// Moments that a summary names one by one.
const NAMED: usize = 12;

/// Hours, minutes, seconds.
pub fn clock(secs: f64) -> String {
    let secs = secs.max(0.0) as u64;
    format!("{:02}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60)
}

/// dB full scale, a dash for silence.
pub fn db(dbfs: f32) -> String {
    // -0.0 is no number for people.
    if dbfs <= -99.95 { "-".to_owned() } else { format!("{:.1}", dbfs.min(99.0) + 0.0).replace("-0.0", "0.0") }
}

fn shape_words(shape: Shape, format: SampleFormat) -> String {
    let format = match format {
        SampleFormat::Int16 => "16 bit",
        SampleFormat::Int24 => "24 bit",
        SampleFormat::Float => "32 bit floating point",
    };
    let channels = if shape.channels == 1 { "1 channel".to_owned() } else { format!("{} channels", shape.channels) };
    format!("{} Hz, {channels}, {format}", shape.rate)
}

pub fn start(microphone: &str, shape: Shape, format: SampleFormat, path: &Path, minutes: Option<f64>) -> String {
    let until = minutes.map_or_else(|| "until Ctrl-C".to_owned(), |m| format!("for {m} min, or until Ctrl-C"));
    format!("recording from {microphone}, {}, {until}: {}", shape_words(shape, format), path.display())
}

pub fn moment(moment: &Moment) -> String {
    let at = clock(moment.at_secs);
    match &moment.what {
        What::Clipped { channel } => {
            format!("{at} channel {} is clipped: turn its level down, or move the microphone away", channel + 1)
        }
        What::Silent { channel } => {
            format!("{at} channel {} gives no sound: is it muted, or the wrong input?", channel + 1)
        }
        What::HeardAgain { channel } => format!("{at} channel {} gives sound again", channel + 1),
        What::Lost { secs } => {
            format!("{at} the system lost about {secs:.2} s of sound; silence stands in its place")
        }
        What::Overrun { secs } => {
            format!("{at} this machine was too slow for {secs:.2} s of sound; silence stands in its place")
        }
        What::Gone { message } => format!("{at} the microphone went away ({message}); trying to open it again"),
        What::Back { secs } => format!("{at} the microphone is back; about {secs:.1} s of silence stand in the gap"),
        What::LowSpace { minutes } => {
            format!("{at} the disk has room for {minutes:.0} more minutes only: make room while this runs")
        }
    }
}

pub fn end(end: &End) -> String {
    match end {
        End::Asked => "it was ended before any sound came".into(),
        End::Length => "the planned length was reached".into(),
        End::SourceEnded => "there is no more sound".into(),
        End::DeviceGone { message } => {
            format!("the microphone went away and did not come back ({message}): plug it in and start a new file")
        }
        End::NotWritten { message } => {
            format!("the file could not be written on ({message}): make room on the disk, or use another")
        }
        End::NoClock => "the device delivers sound faster than time passes, so it is no microphone: choose another \
                         (attune record --list-devices)"
            .into(),
    }
}

/// What did not go as it should, in a sentence; `None` if all went well.
pub fn trouble(recorded: &Recorded) -> Option<String> {
    match &recorded.end {
        End::Asked | End::Length | End::SourceEnded => (recorded.tally.dropouts + recorded.tally.gone > 0)
            .then(|| format!("{:.2} s of sound were lost, see above", recorded.tally.filled_secs)),
        early => Some(format!("the recording ended early, and what there was until then is kept: {}", end(early))),
    }
}

/// Parts of the time, in words.
pub fn shares(view: &View) -> String {
    let shares = view.shares;
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let so_far = clock(shares.secs);
    match view.by {
        By::Network => format!(
            "one speaks {}, several {}, nobody {} of {so_far}",
            percent(shares.one),
            percent(shares.overlap),
            percent(shares.silence)
        ),
        By::Levels => format!(
            "speech {}, silence {} of {so_far} (by loudness alone)",
            percent(shares.one + shares.overlap),
            percent(shares.silence)
        ),
    }
}

pub fn summary(
    recorded: &Recorded,
    facts: &Facts<'_>,
    hash: Result<&str, String>,
    view: Option<&View>,
    settings: &Settings,
) -> String {
    let Facts { path, shape, format, .. } = *facts;
    let secs = shape.secs(recorded.frames);
    let mut text = format!("recorded {} ({secs:.2} s), {}\n", clock(secs), shape_words(shape, format));
    let mut line = |name: &str, what: String| text += &format!("  {name:<9} {what}\n");
    let levels = &settings.levels;
    for (channel, &peak) in recorded.peak_dbfs.iter().enumerate() {
        let advice = match peak {
            _ if peak <= levels.silent_dbfs => "  no sound: was it muted, or the wrong input?",
            _ if peak < levels.good_from_dbfs => "  faint: turn the level up next time",
            _ if peak > levels.good_to_dbfs => "  near the end of the scale: turn the level down next time",
            _ => "",
        };
        line("peak", format!("channel {}: {} dB{advice}", channel + 1, db(peak)));
    }
    let tally = &recorded.tally;
    let clipped = if tally.clipped == 1 { "1 moment".into() } else { format!("{} moments", tally.clipped) };
    let times: Vec<String> = tally
        .moments
        .iter()
        .filter_map(|moment| match moment.what {
            What::Clipped { channel } => Some(format!("{} (channel {})", clock(moment.at_secs), channel + 1)),
            _ => None,
        })
        .take(NAMED)
        .collect();
    let more = if tally.clipped > times.len() as u64 { " ..." } else { "" };
    line("clipped", if times.is_empty() { clipped } else { format!("{clipped}: {}{more}", times.join(", ")) });
    line(
        "lost",
        match (tally.dropouts, tally.gone) {
            (0, 0) => "nothing".into(),
            (dropouts, gone) => format!(
                "{:.2} s in {dropouts} dropouts and {gone} times without microphone; silence stands in their place",
                tally.filled_secs
            ),
        },
    );
    let others = tally.moments.iter().filter(|m| !matches!(m.what, What::Clipped { .. } | What::HeardAgain { .. }));
    for moment in others.take(NAMED) {
        line("", self::moment(moment));
    }
    if recorded.clock_apart_secs > settings.device.told_clock_secs.0.as_secs_f64() {
        line(
            "clock",
            format!(
                "{:.2} s more passed than the sound counts: the system may have lost sound without saying so",
                recorded.clock_apart_secs
            ),
        );
    }
    if let Some(view) = view {
        line("heard", shares(view));
    }
    line("file", path.display().to_string());
    line("sha256", hash.map_or_else(|e| format!("could not be computed ({e})"), str::to_owned));
    text
}

pub fn summary_json(
    recorded: &Recorded,
    facts: &Facts<'_>,
    hash: Option<&str>,
    view: Option<&View>,
) -> serde_json::Value {
    let Facts { path, shape, format, microphone } = *facts;
    json!({
        "file": path,
        "sha256": hash,
        "length_s": shape.secs(recorded.frames),
        "rate_hz": shape.rate,
        "channels": shape.channels,
        "format": format,
        "microphone": microphone,
        "end": recorded.end,
        "trouble": trouble(recorded),
        "peak_dbfs": recorded.peak_dbfs,
        "clipped": recorded.tally.clipped,
        "dropouts": recorded.tally.dropouts,
        "gone": recorded.tally.gone,
        "filled_s": recorded.tally.filled_secs,
        "clock_apart_s": recorded.clock_apart_secs,
        "most_of_buffer": recorded.most_waiting,
        "moments": recorded.tally.moments,
        "heard": view.map(|view| json!({
            "by": if view.by == By::Network { "network" } else { "levels" },
            "one": view.shares.one,
            "overlap": if view.by == By::Network { json!(view.shares.overlap) } else { json!(null) },
            "silence": view.shares.silence,
            "looked_at_s": view.shares.secs,
        })),
    })
}

#[cfg(feature = "live")]
pub fn devices(listed: &[attune::media::devices::ListedDevice]) -> String {
    let mut text = String::new();
    for device in listed {
        let mark = if device.is_default { "  (default)" } else { "" };
        text += &format!("{:>3}  {}{mark}\n", device.number, device.name);
        text += &format!("     {}: {}\n", device.host, device.id);
        match &device.problem {
            Some(problem) => text += &format!("     does not open now: {problem}\n"),
            None => {
                let offers = attune::media::devices::offers(device);
                text += &format!("     {offers}; formats {}\n", device.formats.join(", "));
            }
        }
        if let Some(usual) = device.usual {
            text += &format!("     usually {} Hz, {} channel(s)\n", usual.rate, usual.channels);
        }
    }
    text + "\nrecord with: attune record FILE.wav --device NUMBER\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_levels_read_well() {
        assert_eq!(clock(3725.9), "01:02:05");
        assert_eq!(clock(-1.0), "00:00:00");
        assert_eq!((db(-0.04).as_str(), db(-12.345).as_str(), db(-120.0).as_str()), ("0.0", "-12.3", "-"));
    }
}
