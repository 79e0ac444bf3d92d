//! The few things of libav that `ffmpeg-next` has no safe function for.

#![allow(unsafe_code, reason = "fields of libav's structs that ffmpeg-next does not wrap; one line each")]

use ffmpeg::ffi::{AVDiscard, AVDurationEstimationMethod};
use ffmpeg_next as ffmpeg;

/// Lets the demuxer skip all streams but `wanted`, without reading their packets where the container allows.
pub(super) fn keep_only(input: &mut ffmpeg::format::context::Input, wanted: usize) {
    for index in 0..input.nb_streams() as usize {
        if index != wanted
            && let Some(mut stream) = input.stream_mut(index)
        {
            // SAFETY: `stream` borrows the open context mutably, so its AVStream is alive and nobody else uses it;
            // `discard` is a plain field meant to be set by the caller (avformat.h).
            unsafe { (*stream.as_mut_ptr()).discard = AVDiscard::AVDISCARD_ALL };
        }
    }
}

/// Whether libav computed the length from the bit rate, which is a guess.
pub(super) fn length_is_guessed(input: &ffmpeg::format::context::Input) -> bool {
    // SAFETY: `input` owns an open AVFormatContext; the field is a plain enum that libav fills while opening.
    unsafe { (*input.as_ptr()).duration_estimation_method == AVDurationEstimationMethod::AVFMT_DURATION_FROM_BITRATE }
}

/// Colour conversion and scaling; one at a time, from any thread.
pub(super) struct Scaler(pub(super) ffmpeg::software::scaling::Context);

// SAFETY: an SwsContext is plain memory without ties to a thread; it is only used through `&mut self`.
unsafe impl Send for Scaler {}
