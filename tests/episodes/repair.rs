//! Repair.

use super::*;

#[test]
fn repair_is_a_remark_and_a_client_who_comes_back() {
    assert_eq!(one_and_then(true, true), Outcome::Resolved);
    assert_eq!(one_and_then(false, true), Outcome::SpontaneousRecovery);
    // The face rate drops by itself when nothing is said any more; one sign is not enough.
    assert_eq!(one_and_then(true, false), Outcome::Unresolved);
    assert_eq!(one_and_then(false, false), Outcome::NeverAddressed);
}
