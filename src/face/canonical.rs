//! The canonical face: 468 points of an average head in centimetres, and how much each weighs in the head pose.
//!
//! From MediaPipe's `geometry_pipeline_metadata_landmarks.binarypb` (Apache-2.0), a protocol buffer: field 1 holds the
//! mesh (its field 3: vertices of five numbers x y z u v), field 2, repeated, a point and its weight.
//! x points to the person's own left, y up, z out of the face.

use nalgebra::Vector3;

use super::FaceError;

/// Points of the canonical mesh; the network's further ten are the irises.
pub const MESH_POINTS: usize = 468;

/// The canonical face.
#[derive(Clone, Debug, PartialEq)]
pub struct Canonical {
    /// Points that count for the head pose: index, place, weight. Weights add up to 1.
    pub rigid: Vec<(usize, Vector3<f64>, f64)>,
}

/// One field of a protocol buffer.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Reads the fields of one message; `None` in place of a field that runs over the end.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some(value);
            }
        }
        None
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// `Ok(None)` at the end.
    fn next(&mut self) -> Option<Option<(u64, Field<'a>)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let key = self.varint()?;
        let field = match key & 7 {
            0 => Field::Number(self.varint()?),
            1 => Field::Bytes(self.bytes(8)?),
            2 => {
                let count = usize::try_from(self.varint()?).ok()?;
                Field::Bytes(self.bytes(count)?)
            }
            5 => Field::Bytes(self.bytes(4)?),
            _ => return None,
        };
        Some(Some((key >> 3, field)))
    }
}

fn float(bytes: &[u8]) -> Option<f64> {
    let value = f32::from_le_bytes(bytes.try_into().ok()?);
    value.is_finite().then(|| f64::from(value))
}

fn read(bytes: &[u8]) -> Option<Canonical> {
    let mut vertices = Vec::new();
    let mut weights = Vec::new();
    let mut top = Fields(bytes);
    while let Some((number, field)) = top.next()? {
        match (number, field) {
            (1, Field::Bytes(mesh)) => {
                let mut mesh = Fields(mesh);
                while let Some((number, field)) = mesh.next()? {
                    if let (3, Field::Bytes(floats)) = (number, field) {
                        for four in floats.chunks(4) {
                            vertices.push(float(four)?);
                        }
                    }
                }
            }
            (2, Field::Bytes(weight)) => {
                let (mut index, mut value) = (0, None);
                let mut weight = Fields(weight);
                while let Some((number, field)) = weight.next()? {
                    match (number, field) {
                        (1, Field::Number(n)) => index = usize::try_from(n).ok()?,
                        (2, Field::Bytes(four)) => value = float(four),
                        _ => {}
                    }
                }
                weights.push((index, value.filter(|w| *w > 0.0)?));
            }
            _ => {}
        }
    }
    let sum: f64 = weights.iter().map(|(_, weight)| weight).sum();
    if vertices.len() != MESH_POINTS * 5 || weights.len() < 3 {
        return None;
    }
    let rigid = weights
        .into_iter()
        .map(|(index, weight)| {
            let at = vertices.get(index * 5..index * 5 + 3)?;
            Some((index, Vector3::new(at[0], at[1], at[2]), weight / sum))
        })
        .collect::<Option<_>>()?;
    Some(Canonical { rigid })
}

impl Canonical {
    /// From the bytes of `geometry_pipeline_metadata_landmarks.binarypb`.
    ///
    /// # Errors
    /// [`FaceError::Geometry`] if they hold something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FaceError> {
        read(bytes).ok_or(FaceError::Geometry)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::face) fn bytes() -> Vec<u8> {
        std::fs::read("models/geometry_pipeline_metadata_landmarks.binarypb").unwrap()
    }

    #[test]
    fn the_shipped_mesh_reads() {
        let canonical = Canonical::from_bytes(&bytes()).unwrap();
        assert_eq!(canonical.rigid.len(), 33);
        let sum: f64 = canonical.rigid.iter().map(|(_, _, weight)| weight).sum();
        assert!((sum - 1.0).abs() < 1e-9);
        // Point 33 is the outer corner of the person's right eye: x below zero.
        let (_, corner, _) = canonical.rigid.iter().find(|(index, ..)| *index == 33).unwrap();
        assert!(corner.x < -3.0 && corner.y > 0.0, "{corner}");
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let whole = bytes();
        for end in [0, 1, 2, 100, whole.len() / 2, whole.len() - 1] {
            assert!(Canonical::from_bytes(&whole[..end]).is_err(), "{end}");
        }
        // Every byte spoiled once must at least not panic.
        for at in (0..whole.len()).step_by(37) {
            let mut spoiled = whole.clone();
            spoiled[at] ^= 0xff;
            let _ = Canonical::from_bytes(&spoiled);
        }
    }
}
