//! Learning from coders' decisions, and telling what a ranking is worth (DOMAIN C.5, C.8).
//!
//! Decisions re-fit the weights of the evidence families and turn scores into probabilities, once there are enough of
//! them; the result is a file of its own, and nothing uses it unless it is given by name.

mod calibrate;
mod clips;
mod decisions;
mod evaluate;
mod fit;
mod learned;
mod look;
mod measures;
mod settings;
mod teach;

pub use self::calibrate::{Calibration, Reliability};
pub use self::clips::{Clip, longest_silence_first, ranked};
pub use self::decisions::{Decision, DecisionError, Known, Verdict, joined, read as read_decisions, read_truth};
pub use self::evaluate::{Evaluation, Interval, METHODS, Row, evaluate};
pub use self::fit::{Belief, Example, Fit, logistic};
pub use self::learned::{Learned, LearnedError, LearnedFrom};
pub use self::look::{Case, Context, Material, of_made};
pub use self::measures::{area_under_curve, average_precision};
pub use self::settings::LearnSettings;
pub use self::teach::{Step, Taught, TeachError, teach};
