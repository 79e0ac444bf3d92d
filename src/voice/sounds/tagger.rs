//! What each second of a piece sounds like: the network on patches of 0.96 s, close together where it matters.

use crate::model::{ModelError, Network, Tensor};

use super::super::settings::Sounds;
use super::lane::{BEFORE, PIECE_ROWS, Piece, ROW};
use super::mel::{BANDS, Bands, HOP, Mel};
use super::rhythm::{FLOOR, WINDOW, logarithms, repeats};
use super::{CLASSES, KINDS, NETWORK_CLASSES};

/// Frames of one patch.
const PATCH_FRAMES: usize = 96;
/// Samples of one patch.
const PATCH: usize = (PATCH_FRAMES - 1) * HOP + super::mel::FRAME;
/// Rows between neighbouring patches where they lie closest: 0.16 s.
pub(super) const PATCH_ROWS: usize = 2;
/// Patches of one piece where they lie closest.
const PIECE_PATCHES: i64 = (PIECE_ROWS / PATCH_ROWS) as i64;
/// Patches of the neighbouring piece that a piece may look at as well.
const REACH: i64 = 2;
/// Most patches given to the network at once; of no influence on the numbers but the last bits.
const BATCH: usize = 16;

/// What one patch sounds like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::voice) struct Patch {
    /// Counted from the recording's start, every [`PATCH_ROWS`] rows: its middle is row `number * PATCH_ROWS`.
    pub number: usize,
    /// Probability of each of [`KINDS`].
    pub kinds: [f32; CLASSES],
}

/// What one piece sounds like.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::voice) struct Tagged {
    /// In order of number.
    pub patches: Vec<Patch>,
    /// How much syllables repeat, 0 to 1, one number per row.
    pub rhythm: Vec<f32>,
}

/// The network of one thread.
pub(in crate::voice) struct Tagger {
    network: Network,
    mel: Mel,
    settings: Sounds,
}

/// Amplitude of so many dB.
fn amplitude(db: f32) -> f32 {
    10f32.powf(db / 20.0)
}

/// Root mean square; 0 of nothing.
fn rms(samples: &[f32]) -> f32 {
    let squares: f64 = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    (squares / samples.len().max(1) as f64).sqrt() as f32
}

impl Tagger {
    pub(in crate::voice) fn new(network: Network, settings: &Sounds) -> Self {
        Self { network, mel: Mel::new(), settings: settings.clone() }
    }

    /// The network's file, for the result's origin.
    pub(in crate::voice) fn file(&self) -> &crate::origin::ModelFile {
        self.network.file()
    }

    /// Looks at one piece. The same piece gives the same numbers, whatever came before.
    pub(in crate::voice) fn tag(&mut self, piece: &Piece) -> Result<Tagged, ModelError> {
        let frames = self.mel.frames(&piece.samples);
        let rhythm = self.rhythm(&piece.samples, &frames);
        let every = self.settings.every();
        let first = piece.index as i64 * PIECE_PATCHES;
        let coarse: Vec<i64> = (0..PIECE_PATCHES).filter(|patch| (first + patch) % every == 0).collect();
        let mut found = self.score(piece, &frames, &coarse)?;

        let repeats_near = |patch: i64| {
            let row = usize::try_from(patch).unwrap_or(0) * PATCH_ROWS;
            let rows = row.saturating_sub(every as usize)..(row + every as usize + 1).min(rhythm.len());
            rhythm[rows].iter().any(|&r| r >= self.settings.look_closer_rhythm)
        };
        let interesting = |(patch, kinds): &(i64, [f32; CLASSES])| {
            let [laughter, crying, ..] = *kinds;
            (laughter.max(crying) >= self.settings.look_closer_from || repeats_near(*patch)).then_some(*patch)
        };
        let mut closer: Vec<i64> = found
            .iter()
            .filter_map(interesting)
            .flat_map(|patch| (1 - every..every).map(move |by| patch + by))
            .filter(|patch| (-REACH..PIECE_PATCHES).contains(patch) && first + patch >= 0)
            .filter(|patch| (first + patch) % every != 0)
            .collect();
        closer.sort_unstable();
        closer.dedup();
        found.extend(self.score(piece, &frames, &closer)?);
        found.sort_by_key(|(patch, _)| *patch);
        let number = |patch: i64| usize::try_from(first + patch).unwrap_or(0);
        let patches = found.into_iter().map(|(patch, kinds)| Patch { number: number(patch), kinds }).collect();
        Ok(Tagged { patches, rhythm })
    }

    /// What brings a stretch of this level to the level the network hears best, without making silence loud.
    fn gain(&self, rms: f32) -> f32 {
        (amplitude(self.settings.level_dbfs) / rms.max(1e-9)).min(amplitude(self.settings.most_gain_db))
    }

    /// Probabilities of these patches, counted from the piece's first; silent ones are nothing of all.
    fn score(
        &mut self,
        piece: &Piece,
        frames: &[Bands],
        patches: &[i64],
    ) -> Result<Vec<(i64, [f32; CLASSES])>, ModelError> {
        let silent = amplitude(self.settings.silent_dbfs);
        let mut inputs: Vec<(i64, Vec<f32>)> = Vec::new();
        let mut found = Vec::with_capacity(patches.len());
        for &patch in patches {
            // Frame of the patch's start: its middle frame is the middle of its row.
            let rows = patch * PATCH_ROWS as i64 * (ROW / HOP) as i64 + (BEFORE / HOP) as i64;
            let Ok(from) = usize::try_from(rows + 4 - PATCH_FRAMES as i64 / 2) else { continue };
            let Some(samples) = piece.samples.get(from * HOP..from * HOP + PATCH) else { continue };
            let level = rms(samples);
            if level <= silent {
                found.push((patch, [0.0; CLASSES]));
                continue;
            }
            let gain = self.gain(level);
            let values = frames[from..from + PATCH_FRAMES].iter().flatten().map(|m| (m * gain + FLOOR).ln()).collect();
            inputs.push((patch, values));
        }
        for batch in inputs.chunks(BATCH) {
            let values = batch.iter().flat_map(|(_, values)| values.iter().copied()).collect();
            let input = Tensor { shape: vec![batch.len(), 1, PATCH_FRAMES, BANDS], values };
            let output = self.network.run(&[("audio", &input)], &["class_scores"])?;
            let scores = output.first().map(|tensor| tensor.values.as_slice()).unwrap_or_default();
            found.extend(
                batch.iter().zip(scores.chunks_exact(NETWORK_CLASSES)).map(|((patch, _), s)| (*patch, kinds(s))),
            );
        }
        Ok(found)
    }

    /// How much syllables repeat around each row of the piece.
    fn rhythm(&self, samples: &[f32], frames: &[Bands]) -> Vec<f32> {
        // Sums of squares up to each frame, for the level around each.
        let mut sums = vec![0.0f64];
        for hop in samples.chunks(HOP) {
            let squares: f64 = hop.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
            sums.push(sums.last().copied().unwrap_or_default() + squares);
        }
        let gain: Vec<f32> = (0..frames.len())
            .map(|frame| {
                let (from, to) = (frame.saturating_sub(WINDOW / 2), (frame + WINDOW / 2).min(sums.len() - 1));
                self.gain(((sums[to] - sums[from]) / ((to - from) * HOP) as f64).max(0.0).sqrt() as f32)
            })
            .collect();
        let logarithms = logarithms(frames, &gain);
        (0..PIECE_ROWS)
            .map(|row| {
                let from = (BEFORE + row * ROW) / HOP + 4 - WINDOW / 2;
                logarithms.get(from..from + WINDOW).map_or(0.0, repeats)
            })
            .collect()
    }
}

/// The largest probability among the network's classes of each kind; nonsense from the network is 0.
fn kinds(scores: &[f32]) -> [f32; CLASSES] {
    let probability = |class: usize| 1.0 / (1.0 + (-scores.get(class).copied().unwrap_or(f32::NEG_INFINITY)).exp());
    std::array::from_fn(|kind| KINDS[kind].1.iter().map(|&class| probability(class)).fold(0.0, f32::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_its_likeliest_class() {
        let mut scores = vec![-20.0; NETWORK_CLASSES];
        scores[15] = 0.0;
        scores[17] = -1.0;
        let kinds = kinds(&scores);
        assert!((kinds[0] - 0.5).abs() < 1e-6 && kinds[1..].iter().all(|&p| p < 1e-6), "{kinds:?}");
    }

    #[test]
    fn nonsense_from_the_network_is_nothing() {
        assert!(kinds(&[f32::NAN; NETWORK_CLASSES]).iter().all(|&p| p < 1e-6));
        assert!(kinds(&[]).iter().all(|&p| p < 1e-6));
    }

    #[test]
    fn every_class_is_one_of_the_networks_and_of_one_kind() {
        let mut all: Vec<usize> = KINDS.iter().flat_map(|(_, classes)| classes.iter().copied()).collect();
        assert!(all.iter().all(|&class| class < NETWORK_CLASSES));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
