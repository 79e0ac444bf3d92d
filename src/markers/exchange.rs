//! A prompt of the therapist with what the client made of it: the unit in which episodes are counted (DOMAIN 1, C.1).

use super::EventId;
use crate::time::Span;

/// One prompt and the reply to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// The therapist's turn.
    pub prompt: Span,
    /// The `txt.prompt` event it was taken from (the last exploring one if several were joined); `None` if the
    /// prompt was found by voice alone.
    pub prompt_event: Option<EventId>,
    /// Its kind, as `txt.prompt` has it; `None` if the prompt was found by voice alone.
    pub prompt_kind: Option<String>,
    /// Whether it invites the client to explore. Where the kind is not known every prompt counts, with lower quality.
    pub exploring: bool,
    /// From the client's first to last word after the prompt; `None` if the client said nothing.
    pub reply: Option<Span>,
    /// RESP of DOMAIN 1: from the prompt's end to the therapist's next real turn, at most 30 s.
    pub resp: Span,
    /// Words of the client's turns that begin in this exchange (0 = none); `None` without a transcript.
    pub reply_words: Option<u32>,
    /// Seconds the client spoke in the reply, holes left out; `None` if the client's voice was not measured.
    pub reply_speech_secs: Option<f64>,
    /// Seconds from the prompt's end to the reply's start; negative if the client began earlier. `None` without reply.
    pub latency_secs: Option<f64>,
    /// How sure all this is, 0 to 1: the prompt's confidence times the share of RESP in which the client's voice was
    /// measured.
    pub quality: f32,
}
