//! Something to feed each network of `models/models.toml`.

use attune::model::Tensor;

/// Numbers that look like nothing in particular and are the same everywhere (a linear congruential generator; Knuth,
/// TAOCP 2, 3.3.4), from `low` to `high`.
pub fn noise(count: usize, low: f32, high: f32, seed: u64) -> Vec<f32> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            low + (high - low) * ((state >> 40) as f32 / (1u64 << 24) as f32)
        })
        .collect()
}

/// What one network is fed, and what is asked of it.
pub struct Case {
    /// Name, shape, lowest and highest number.
    input: (&'static str, Vec<usize>, f32, f32),
    pub outputs: &'static [&'static str],
}

impl Case {
    pub fn tensor(&self, seed: u64) -> Tensor {
        let (_, shape, low, high) = &self.input;
        Tensor { shape: shape.clone(), values: noise(shape.iter().product(), *low, *high, seed) }
    }

    /// What the speech network remembers, at the start of a recording.
    pub fn memory() -> Tensor {
        Tensor { shape: vec![1, 1, 128], values: vec![0.0; 128] }
    }

    pub fn inputs<'a>(&self, name: &str, tensor: &'a Tensor, memory: &'a Tensor) -> Vec<(&'static str, &'a Tensor)> {
        let mut inputs = vec![(self.input.0, tensor)];
        if name == "speech" {
            inputs.extend([("h", memory), ("c", memory)]);
        }
        inputs
    }
}

/// What to feed each network of the list; `None` for data.
pub fn case(name: &str) -> Option<Case> {
    Some(match name {
        "yunet" => Case {
            input: ("input", vec![1, 3, 640, 640], 0.0, 255.0),
            outputs: &["cls_8", "cls_32", "obj_8", "obj_16", "obj_32", "bbox_8", "bbox_16", "bbox_32", "kps_16"],
        },
        "face_landmarks" => Case {
            input: ("input_12", vec![1, 3, 256, 256], 0.0, 1.0),
            outputs: &["Identity", "Identity_1", "Identity_2"],
        },
        "face_blendshapes" => Case {
            input: ("serving_default_input_points_0", vec![1, 146, 2], 0.0, 256.0),
            outputs: &["StatefulPartitionedCall_0"],
        },
        "pose" => Case { input: ("input_1", vec![1, 3, 256, 256], 0.0, 1.0), outputs: &["Identity", "Identity_1"] },
        "segmentation" => Case { input: ("waveform", vec![2, 1, 160_000], -0.3, 0.3), outputs: &["scores"] },
        "speaker" => Case { input: ("feats", vec![2, 117, 80], -4.0, 4.0), outputs: &["embedding"] },
        // Its memory too, as zeros: the first second of a recording.
        "speech" => Case { input: ("input", vec![32, 576], -0.3, 0.3), outputs: &["speech_probs", "hn", "cn"] },
        "sounds" => Case { input: ("audio", vec![3, 1, 96, 64], -6.9, 2.0), outputs: &["class_scores"] },
        // Pieces of words by their numbers, which have no fractions.
        "sentences" => Case { input: ("ids", vec![2, 24], 1000.0, 30_000.0), outputs: &["meaning"] },
        "face_geometry" | "sentence_pieces" => return None,
        other => panic!("models.toml lists {other:?}: say here what to feed it"),
    })
}
