//! What is shown and said while a session is recorded: its settings, and the live view of who could be heard when.
//!
//! The live view describes and does not judge: speech, silence, overlap and their lengths. It never keeps the recording
//! waiting; what it has no time for is shown as not looked at.

mod lanes;
mod listen;
mod settings;

pub use self::lanes::{Cell, Lanes, Shares};
pub use self::listen::{By, LiveView, View, Wish, listen};
pub use self::settings::{Consent, LiveSettings, Screen, Settings, SettingsError};
