//! Movements up and down: nods, shakes, lips that speak.

/// One movement from a turning point to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Swing {
    /// Frame of the turning point it starts from.
    pub from: usize,
    /// Frame of the turning point it ends at.
    pub to: usize,
    /// How far it goes, signed, in the channel's unit.
    pub by: f32,
}

/// All movements of at least `min_swing` between turning points, in order; smaller ones belong to the larger movement
/// around them. A frame without a value ends a movement and starts anew.
pub fn swings(values: &[f32], min_swing: f32) -> Vec<Swing> {
    let mut found = Vec::new();
    let mut start = 0;
    for end in 0..=values.len() {
        if values.get(end).is_none_or(|v| v.is_nan()) {
            found.extend(in_stretch(&values[start..end], start, min_swing));
            start = end + 1;
        }
    }
    found
}

fn in_stretch(values: &[f32], offset: usize, min_swing: f32) -> Vec<Swing> {
    let Some(&first) = values.first() else { return Vec::new() };
    // The last turning point, and the extreme since: it becomes one when the way back is long enough.
    let (mut turn, mut extreme) = ((0, first), (0, first));
    let (mut low, mut high) = ((0, first), (0, first));
    let mut rising: Option<bool> = None;
    let mut found = Vec::new();
    for (index, &value) in values.iter().enumerate() {
        match rising {
            None => {
                low = if value < low.1 { (index, value) } else { low };
                high = if value > high.1 { (index, value) } else { high };
                if value - low.1 >= min_swing {
                    (rising, turn, extreme) = (Some(true), low, (index, value));
                } else if high.1 - value >= min_swing {
                    (rising, turn, extreme) = (Some(false), high, (index, value));
                }
            }
            Some(up) => {
                let sign = if up { 1.0 } else { -1.0 };
                if sign * (value - extreme.1) >= 0.0 {
                    extreme = (index, value);
                } else if sign * (extreme.1 - value) >= min_swing {
                    found.push(Swing { from: offset + turn.0, to: offset + extreme.0, by: extreme.1 - turn.1 });
                    (rising, turn, extreme) = (Some(!up), extreme, (index, value));
                }
            }
        }
    }
    if rising.is_some() {
        found.push(Swing { from: offset + turn.0, to: offset + extreme.0, by: extreme.1 - turn.1 });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[f32], expect: &[(usize, usize, f32)]) {
        let found: Vec<_> = swings(values, 2.0).iter().map(|s| (s.from, s.to, s.by)).collect();
        assert_eq!(found, expect, "{values:?}");
    }

    #[test]
    fn up_and_down() {
        check(&[0.0, 2.0, 4.0, 2.0, 0.0, 3.0], &[(0, 2, 4.0), (2, 4, -4.0), (4, 5, 3.0)]);
    }

    #[test]
    fn trembling_belongs_to_the_larger_movement() {
        check(&[0.0, 1.0, 0.5, 2.0, 1.0, 4.0, 3.5], &[(0, 5, 4.0)]);
    }

    #[test]
    fn what_is_still_or_not_measured_does_not_move() {
        check(&[1.0; 5], &[]);
        check(&[], &[]);
        check(&[0.0, 1.5, f32::NAN, 3.0, 1.5], &[]);
    }
}
