//! Joining the sides.

/// `alpha` · dense + (1 − `alpha`) · lexical: the one place where a score is made. Never -0.0.
#[inline(always)]
#[must_use]
pub fn fuse(alpha: f64, dense: f64, lexical: f64) -> f64 {
    alpha * dense + (1.0 - alpha) * lexical + 0.0
}

/// The alpha in force when one side may not exist: the other then has all the weight.
#[must_use]
pub fn alpha_in_force(alpha: f64, lexical: bool, dense: bool) -> f64 {
    match (lexical, dense) {
        (true, false) => 0.0,
        (false, true) => 1.0,
        _ => alpha,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_is_the_share_of_the_dense_side() {
        assert_eq!(fuse(1.0, 0.25, 0.75), 0.25);
        assert_eq!(fuse(0.0, 0.25, 0.75), 0.75);
        assert_eq!(fuse(0.5, 0.25, 0.75), 0.5);
        assert!(fuse(0.5, -0.0, -0.0).is_sign_positive());
    }

    #[test]
    fn a_side_that_does_not_exist_drops_out() {
        assert_eq!(alpha_in_force(0.3, true, true), 0.3);
        assert_eq!(alpha_in_force(0.3, true, false), 0.0);
        assert_eq!(alpha_in_force(0.3, false, true), 1.0);
        assert_eq!(alpha_in_force(0.3, false, false), 0.3);
    }
}
