//! Numbers as tables show them.

/// Without the noise that sums leave in the last digits (79.25999999999999): fourteen digits, which hold every nanosecond of a
/// day. No minus before 0.
pub fn plain(number: f64) -> f64 {
    let plain: f64 = format!("{number:.13e}").parse().unwrap_or(number);
    plain + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_goes_and_digits_stay() {
        for (number, expect) in [
            (0.7 + 0.1, "0.8"),
            (-0.0, "0"),
            (-1e-20, "-0.00000000000000000001"),
            (0.1 + 0.2, "0.3"),
            (1_234.567_890_123, "1234.567890123"),
            (86_399.123_456_789, "86399.123456789"),
            (1.0 / 3.0, "0.33333333333333"),
            (f64::from(0.1_f32), "0.10000000149012"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(plain(number).to_string(), expect);
        }
    }
}
