//! What is looked for over more than one exchange: the cycle, its repair, and attachment-pattern moments.

use serde::Deserialize;

use super::cue::Pattern;
use crate::time::Secs;

/// The paper's cycle (DOMAIN C.6).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cycle {
    /// Markers that have to come together to be one face action, one list per action.
    pub face_actions: Vec<Vec<String>>,
    /// Longest gap between the markers of one action.
    pub together_secs: Secs,
    /// Cues that say that exploration did not happen.
    pub without_exploration: Vec<String>,
    /// Codes that say so.
    pub without_exploration_codes: Vec<String>,
    /// Cues that say so by voice and words alone, where the client's face was not seen.
    pub unseen_without_exploration: Vec<String>,
    /// Codes of a blocked exchange.
    pub blocked_codes: Vec<String>,
    /// Codes that the episode is made of, listed first and in this order where their rules hold.
    pub own_codes: Vec<String>,
    /// Remarks that stand between two repeats only if they are no cycle.
    pub face_remarks: Vec<Pattern>,
    /// Remarks that break a cycle.
    pub break_remarks: Vec<Pattern>,
    /// What the therapist's moves are read from.
    pub move_markers: Vec<Pattern>,
    /// Least number of repeats.
    pub least_repeats: usize,
    /// So many neighbouring repeats lie within this.
    pub within_secs: Secs,
    /// The break comes so soon after the last repeat.
    pub break_within_secs: Secs,
    /// The therapist's move is looked for so long after the last repeat, and until the next one after the others.
    pub move_within_secs: Secs,
    /// Stretch after the break in which it shows whether it helped.
    pub after_secs: Secs,
    /// Rate of the face action after, over the rate before, at most.
    pub face_rate_at_most: f64,
    /// Words of replies after, over the median of the blocked ones, at least.
    pub words_at_least: f64,
}

/// What came after an episode (DOMAIN C.3).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repair {
    /// What follows may start so long before the other is over.
    pub early_secs: Secs,
    /// The remark comes so soon after the episode.
    pub remark_within_secs: Secs,
    /// Signs are looked for in this stretch.
    pub after_secs: Secs,
    /// With less of the session left nothing is said.
    pub least_after_secs: Secs,
    /// So many signs = re-engaged.
    pub least_signs: usize,
    /// Reply words over the own median, at least.
    pub words_at_least: f64,
    /// Rate of `negative_face` after, over the rate in the episode, at most.
    pub face_rate_at_most: f64,
    /// Last part of the stretch in which nothing of `averted` may be.
    pub averted_free_secs: Secs,
    /// What addresses the episode.
    pub remarks: Vec<Pattern>,
    /// NEGFACE of DOMAIN 1.
    pub negative_face: Vec<String>,
    /// Words of distress or of the mind.
    pub distress_words: Vec<Pattern>,
    /// AVERT of DOMAIN 1.
    pub averted: Vec<Pattern>,
    /// The therapist's words taken up.
    pub taken_up: Vec<Pattern>,
}

/// Attachment-pattern moments (DOMAIN C.3).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    /// Weight of each sign in S.
    pub weight: f32,
    /// Longest stretch shown.
    pub value_cap_secs: Secs,
    /// The client's contribution shrinks.
    pub avoidant: Avoidant,
    /// The therapist's contribution shrinks.
    pub preoccupied: Preoccupied,
    /// Distress disclosed and looked at together.
    pub secure: Secure,
}

/// The client's contribution shrinks.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Avoidant {
    /// Kinds of prompts that name distress.
    pub distress_prompts: Vec<String>,
    /// Distress words inside the prompt or so long before make it one, too.
    pub distress_before_secs: Secs,
    /// Row of so many distress exchanges ..
    pub of: usize,
    /// .. of which so many have short replies.
    pub least_short: usize,
    /// Short = below this quantile of the person's own replies, 0 to 1.
    pub short_quantile: f64,
    /// Least number of replies for that quantile.
    pub least_replies: usize,
    /// Longest row.
    pub within_secs: Secs,
    /// One of these has to be inside.
    pub with: Vec<Pattern>,
}

/// The therapist's contribution shrinks.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preoccupied {
    /// Least length of one turn.
    pub turn_secs: Secs,
    /// Least share of all speaking, 0 to 1 ..
    pub share: f64,
    /// .. over this long.
    pub share_over_secs: Secs,
    /// Least share of that stretch in which the client speaks, 0 to 1.
    pub least_speaking: f64,
    /// One of these codes or of `with` has to be inside.
    pub with_codes: Vec<String>,
    /// One of these or of `with_codes` has to be inside.
    pub with: Vec<Pattern>,
}

/// Distress disclosed and looked at together.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secure {
    /// Codes that say so.
    pub codes: Vec<String>,
    /// Events that together say so.
    pub disclosed: Vec<Pattern>,
    /// What has to be there besides, all of it.
    pub with: Vec<Pattern>,
}
