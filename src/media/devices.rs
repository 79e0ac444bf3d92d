//! The microphones of this machine, through `cpal`.

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, Data, ErrorKind, FromSample, SizedSample, StreamConfig, SupportedStreamConfigRange};
use serde::Serialize;

use super::capture::{CaptureError, DeviceSettings, Inlet, Microphone, SampleFormat, Shape, Signals};

/// One microphone, or what the system offers as one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedDevice {
    /// Number in the list, from 1.
    pub number: usize,
    /// The system's words for it.
    pub name: String,
    /// The system's identifier, the same in every run where the system keeps it.
    pub id: String,
    /// Which part of the system offers it: ALSA, WASAPI, CoreAudio ...
    pub host: String,
    /// Whether it is taken when none is named.
    pub is_default: bool,
    /// Rate and channels it is opened with when none are named; `None` if it does not open now.
    pub usual: Option<Shape>,
    /// Lowest and highest sample rates of each range, in order.
    pub rates_hz: Vec<(u32, u32)>,
    /// Channel counts, in order.
    pub channels: Vec<u16>,
    /// Sample formats, in the system's words.
    pub formats: Vec<String>,
    /// Why it does not open now.
    pub problem: Option<String>,
}

/// A device and what it can do.
struct Found {
    device: cpal::Device,
    listed: ListedDevice,
    ranges: Vec<SupportedStreamConfigRange>,
}

/// How a recording is to be made; what is left out is as the device has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Samples per second.
    pub rate: Option<u32>,
    /// Channels.
    pub channels: Option<u16>,
}

/// All microphones, the default one first, then in the system's order.
///
/// # Errors
/// [`CaptureError::NoDevice`] if there is none.
pub fn list_devices(settings: &DeviceSettings) -> Result<Vec<ListedDevice>, CaptureError> {
    Ok(find(settings)?.into_iter().map(|found| found.listed).collect())
}

/// ALSA prints what it cannot open straight to the terminal; from here on its words of this thread go nowhere.
#[cfg(target_os = "linux")]
fn hush() -> Option<impl Sized> {
    alsa::Output::local_error_handler().ok()
}

/// Other systems do not print.
#[cfg(not(target_os = "linux"))]
fn hush() {}

/// An error in the system's words, without the full stop that the sentence around it does not want.
fn said(error: &cpal::Error) -> String {
    error.to_string().trim_end_matches('.').to_owned()
}

fn find(settings: &DeviceSettings) -> Result<Vec<Found>, CaptureError> {
    let _hushed = hush();
    let host = cpal::default_host();
    let default = host.default_input_device();
    let others = host.input_devices().map_err(|e| CaptureError::NoDevice { message: said(&e) })?;
    let mut found: Vec<Found> = Vec::new();
    let mut reason = "the system names none".to_owned();
    for (is_default, device) in default.into_iter().map(|d| (true, d)).chain(others.map(|d| (false, d))) {
        let id = identifier(&device);
        let hidden = settings.not_listed.iter().any(|beginning| id.starts_with(beginning.as_str()));
        if found.iter().any(|other| other.listed.id == id) || hidden && !is_default {
            continue;
        }
        let one = look(device, is_default, found.len() + 1, &host.id().to_string(), settings);
        match (&one.listed.problem, is_default) {
            // Some systems name a default without having one.
            (Some(problem), true) => reason.clone_from(problem),
            _ => found.push(one),
        }
    }
    match found.iter().any(|one| one.listed.problem.is_none()) {
        true => Ok(found),
        false => Err(CaptureError::NoDevice {
            message: found.into_iter().find_map(|one| one.listed.problem).unwrap_or(reason),
        }),
    }
}

fn identifier(device: &cpal::Device) -> String {
    device.id().map(|id| id.id().to_owned()).unwrap_or_else(|_| device.to_string())
}

fn look(device: cpal::Device, is_default: bool, number: usize, host: &str, settings: &DeviceSettings) -> Found {
    let (ranges, mut problem) = match device.supported_input_configs() {
        Ok(ranges) => (ranges.filter(|range| !range.sample_format().is_dsd()).collect(), None),
        Err(e) => (Vec::new(), Some(said(&e))),
    };
    let mut ranges: Vec<SupportedStreamConfigRange> = ranges;
    ranges.retain(|range| {
        range.channels() > 0
            && range.min_sample_rate() <= settings.highest_rate_hz
            && range.max_sample_rate() >= settings.lowest_rate_hz
    });
    if ranges.is_empty() && problem.is_none() {
        problem = Some("it offers no sample rate that can be used".into());
    }
    let within = |rate: u32| rate.clamp(settings.lowest_rate_hz, settings.highest_rate_hz);
    let mut rates: Vec<(u32, u32)> =
        ranges.iter().map(|r| (within(r.min_sample_rate()), within(r.max_sample_rate()))).collect();
    let mut channels: Vec<u16> = ranges.iter().map(SupportedStreamConfigRange::channels).collect();
    let mut formats: Vec<String> = Vec::new();
    for format in ranges.iter().map(|range| range.sample_format().to_string()) {
        if !formats.contains(&format) {
            formats.push(format);
        }
    }
    rates.sort_unstable();
    rates.dedup();
    channels.sort_unstable();
    channels.dedup();
    let listed = ListedDevice {
        number,
        name: device.to_string(),
        id: identifier(&device),
        host: host.to_owned(),
        is_default,
        usual: usual(&device, &ranges, settings),
        rates_hz: rates,
        channels,
        formats,
        problem,
    };
    Found { device, listed, ranges }
}

/// The system's own choice if it is one of the ranges, else two channels or the fewest at 48 kHz or the nearest to it.
fn usual(device: &cpal::Device, ranges: &[SupportedStreamConfigRange], settings: &DeviceSettings) -> Option<Shape> {
    let own = device.default_input_config().ok().map(|c| Shape { rate: c.sample_rate(), channels: c.channels() });
    let fits = |shape: &Shape| {
        (settings.lowest_rate_hz..=settings.highest_rate_hz).contains(&shape.rate)
            && ranges.iter().any(|range| holds(range, *shape))
    };
    own.filter(fits).or_else(|| {
        let range = ranges.iter().min_by_key(|range| range.channels().abs_diff(2))?;
        let rate = 48_000.clamp(range.min_sample_rate(), range.max_sample_rate());
        Some(Shape { rate, channels: range.channels() })
    })
}

fn holds(range: &SupportedStreamConfigRange, shape: Shape) -> bool {
    range.channels() == shape.channels && (range.min_sample_rate()..=range.max_sample_rate()).contains(&shape.rate)
}

/// A device that is ready to be opened.
pub struct DeviceMicrophone {
    device: cpal::Device,
    name: String,
    shape: Shape,
    format: cpal::SampleFormat,
}

/// Finds the microphone by its number in the list, its identifier, its name or a part of it that no other has (without
/// regard to case), and checks what is wished against what it offers. Without a name: the default one, or the first.
///
/// `near` finds the nearest of some names.
///
/// # Errors
/// [`CaptureError::NoDevice`], [`CaptureError::UnknownDevice`], [`CaptureError::Unsupported`].
pub fn choose_device(
    name: Option<&str>,
    wish: Wish,
    settings: &DeviceSettings,
    near: impl Fn(&str, &[&str]) -> Option<String>,
) -> Result<DeviceMicrophone, CaptureError> {
    let found = match name {
        None => first(find(settings)?)?,
        Some(name) => named(name, settings, near)?,
    };
    if let Some(message) = found.listed.problem {
        return Err(CaptureError::Device { message });
    }
    let usual = found.listed.usual.unwrap_or(Shape { rate: 48_000, channels: 1 });
    let channels = wish.channels.or_else(|| {
        // A rate that the usual number of channels does not have may be had with another number.
        let rate = wish.rate.unwrap_or(usual.rate);
        let with = |channels| found.ranges.iter().any(|range| holds(range, Shape { rate, channels }));
        let mut others = found.listed.channels.iter().copied();
        if with(usual.channels) { Some(usual.channels) } else { others.find(|&channels| with(channels)) }
    });
    let channels = channels.unwrap_or(usual.channels);
    let rate = wish.rate.unwrap_or_else(|| {
        let of_channels: Vec<_> = found.ranges.iter().filter(|range| range.channels() == channels).collect();
        let nearest =
            |range: &&SupportedStreamConfigRange| usual.rate.clamp(range.min_sample_rate(), range.max_sample_rate());
        of_channels.iter().map(nearest).min_by_key(|rate| rate.abs_diff(usual.rate)).unwrap_or(usual.rate)
    });
    let shape = Shape { rate, channels };
    let in_range = (settings.lowest_rate_hz..=settings.highest_rate_hz).contains(&rate);
    let formats =
        found.ranges.iter().filter(|range| holds(range, shape)).map(SupportedStreamConfigRange::sample_format);
    match formats.min_by_key(|&format| preference(format)).filter(|_| in_range) {
        Some(format) => Ok(DeviceMicrophone { device: found.device, name: found.listed.name, shape, format }),
        None => Err(CaptureError::Unsupported {
            asked: format!("{channels} channel(s) at {rate} Hz"),
            offers: offers(&found.listed),
            device: found.listed.name,
        }),
    }
}

fn first(found: Vec<Found>) -> Result<Found, CaptureError> {
    let none = || CaptureError::NoDevice { message: "the system names none".into() };
    found.into_iter().find(|one| one.listed.problem.is_none()).ok_or_else(none)
}

fn named(
    name: &str,
    settings: &DeviceSettings,
    near: impl Fn(&str, &[&str]) -> Option<String>,
) -> Result<Found, CaptureError> {
    let _hushed = hush();
    // What is not listed can still be named by its identifier.
    let host = cpal::default_host();
    let id = cpal::DeviceId::new(host.id(), name);
    let listed = find(settings);
    if !matches!(&listed, Ok(found) if found.iter().any(|one| one.listed.id == name))
        && let Some(device) = host.device_by_id(&id)
    {
        return Ok(look(device, false, 0, &host.id().to_string(), settings));
    }
    let found = listed?;
    let lower = name.to_lowercase();
    let ways: [&dyn Fn(&ListedDevice) -> bool; 4] = [
        &|one| one.number.to_string() == name,
        &|one| one.id == name,
        &|one| one.name.to_lowercase() == lower,
        &|one| one.name.to_lowercase().contains(&lower) || one.id.to_lowercase().contains(&lower),
    ];
    for fits in ways {
        let which: Vec<usize> = (0..found.len()).filter(|&at| fits(&found[at].listed)).collect();
        match which[..] {
            [] => {}
            [only] => return found.into_iter().nth(only).ok_or_else(|| unknown(name, "look again".into())),
            _ => {
                let several: Vec<_> = which.iter().map(|&at| described(&found[at].listed)).collect();
                return Err(unknown(
                    name,
                    format!("several have that in their name, say which: {}", several.join(", ")),
                ));
            }
        }
    }
    let names: Vec<&str> = found.iter().flat_map(|one| [one.listed.name.as_str(), one.listed.id.as_str()]).collect();
    let guess = near(name, &names).map(|near| format!("did you mean {near:?}? ")).unwrap_or_default();
    let all: Vec<_> = found.iter().map(|one| described(&one.listed)).collect();
    Err(unknown(name, format!("{guess}There are: {}", all.join(", "))))
}

fn unknown(name: &str, advice: String) -> CaptureError {
    CaptureError::UnknownDevice { name: name.to_owned(), advice }
}

fn described(device: &ListedDevice) -> String {
    format!("{} {:?}", device.number, device.name)
}

/// What a device offers, in words.
pub fn offers(device: &ListedDevice) -> String {
    let rates = device.rates_hz.iter().map(|&(low, high)| match low == high {
        true => low.to_string(),
        false => format!("{low} to {high}"),
    });
    let channels = match device.channels[..] {
        [] => "no channels".to_owned(),
        [only] => format!("{only} channel(s)"),
        [least, .., most] => format!("{least} to {most} channels"),
    };
    format!("{} Hz, {channels}", rates.collect::<Vec<_>>().join(", "))
}

/// The formats in the order in which they are taken: those that hold 24 bits as they come first.
fn preference(format: cpal::SampleFormat) -> usize {
    use cpal::SampleFormat as F;
    let order = [F::F32, F::I32, F::I24, F::F64, F::I16, F::U32, F::U24, F::U16, F::I64, F::U64, F::I8, F::U8];
    order.iter().position(|&other| other == format).unwrap_or(order.len())
}

impl DeviceMicrophone {
    /// The system's words for it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How its sound is best stored: 24 bit, unless it delivers no more than 16.
    pub fn best_format(&self) -> SampleFormat {
        use cpal::SampleFormat as F;
        match self.format {
            F::I8 | F::U8 | F::I16 | F::U16 => SampleFormat::Int16,
            _ => SampleFormat::Int24,
        }
    }

    fn stream<S>(&self, mut inlet: Inlet) -> Result<cpal::Stream, cpal::Error>
    where
        S: SizedSample,
        f32: FromSample<S>,
    {
        let config = StreamConfig {
            channels: self.shape.channels,
            sample_rate: self.shape.rate,
            buffer_size: BufferSize::Default,
        };
        let signals = inlet.signals();
        self.device.build_input_stream_raw(
            config,
            self.format,
            move |data: &Data, _: &cpal::InputCallbackInfo| {
                if let Some(samples) = data.as_slice::<S>() {
                    inlet.push(samples, <f32 as FromSample<S>>::from_sample_);
                }
            },
            move |error| tell(&signals, &error),
            Some(std::time::Duration::from_secs(1)),
        )
    }
}

/// Sorts a stream's errors: what was lost, what ends it, and what the sound itself will show.
fn tell(signals: &Signals, error: &cpal::Error) {
    match error.kind() {
        ErrorKind::Xrun => signals.lost(),
        ErrorKind::DeviceNotAvailable
        | ErrorKind::StreamInvalidated
        | ErrorKind::HostUnavailable
        | ErrorKind::PermissionDenied => signals.broken(said(error)),
        // Either sound goes on, or it does not: then the writer notices.
        _ => {}
    }
}

impl Microphone for DeviceMicrophone {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn start(&mut self, inlet: Inlet) -> Result<Box<dyn Send>, CaptureError> {
        use cpal::SampleFormat as F;
        let failed = |error: cpal::Error| CaptureError::Device { message: said(&error) };
        let _hushed = hush();
        let stream = match self.format {
            F::I8 => self.stream::<i8>(inlet),
            F::U8 => self.stream::<u8>(inlet),
            F::I16 => self.stream::<i16>(inlet),
            F::U16 => self.stream::<u16>(inlet),
            F::I24 => self.stream::<cpal::I24>(inlet),
            F::U24 => self.stream::<cpal::U24>(inlet),
            F::I32 => self.stream::<i32>(inlet),
            F::U32 => self.stream::<u32>(inlet),
            F::I64 => self.stream::<i64>(inlet),
            F::U64 => self.stream::<u64>(inlet),
            F::F32 => self.stream::<f32>(inlet),
            F::F64 => self.stream::<f64>(inlet),
            other => return Err(CaptureError::Device { message: format!("samples of the kind {other}") }),
        }
        .map_err(failed)?;
        stream.play().map_err(failed)?;
        Ok(Box::new(stream))
    }
}
