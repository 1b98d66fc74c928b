//! Thresholds on scores as thresholds on sums of bounds.
//!
//! With affine maps a score is S = α·(c − s)/d + (1 − α)·(g − t)/l of cosine c and gain g. Times d/α:
//!
//! ```text
//! S ≥ T   ⟺   c + λ·g ≥ T·d/α + s + λ·t,      λ = (1 − α)·d/(α·l);
//! ```
//!
//! where the lexical map is a constant v, λ = 0 and the last term is −(1 − α)·v·d/α. So the bounds of
//! the sides are added up in units of the cosine and compared with one number a threshold.
//!
//! Slack: the score is computed in f64 by seven roundings, the right side by as many, each at most
//! 2^-53 of a partial result; in units of the cosine no partial result exceeds
//! M = |T|·d/α + |s| + 2 + λ·(G + |t|) + (1 − α)·|v|·d/α, G the largest gain, so 2^-48·M is more than
//! they make. The sum of bounds is made in f32 by a product and a sum, with λ rounded up
//! and c + λ·g ≤ 2 + λ·G: 2^-22 of that is more than they lose. What results is rounded down.

use super::up;
use crate::score::normalizer::Map;

/// How bounds are added up and compared, for one question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Units {
    /// λ
    gain: f64,
    /// d/α
    scale: f64,
    offset: f64,
    /// M less its first term, and the slack of f32.
    size: f64,
    loss: f64,
}

/// Beyond this a weight is no number to add up with cosines.
const LARGEST: f64 = 1e30;

impl Units {
    /// For scores that are cosines.
    pub(super) const COSINE: Self = Self { gain: 0.0, scale: 1.0, offset: 0.0, size: 2.0, loss: 0.0 };

    /// For scores made by `alpha` (above 0) and these maps, no bound of a gain being below 0 or above `most`. None where
    /// the dense side tells no chunk from another, or where numbers get out of hand.
    pub(super) fn of(alpha: f64, dense: &Map, lexical: &Map, most: f64) -> Option<Self> {
        let &Map::Affine { shift, scale } = dense else {
            return None;
        };
        let scale = scale / alpha;
        let (gain, offset, size) = match *lexical {
            Map::Affine { shift: low, scale: spread } => {
                let gain = (1.0 - alpha) * scale / spread;
                (gain, shift + gain * low, shift.abs() + gain * (most + low.abs()))
            }
            Map::Constant(value) => {
                let fixed = (1.0 - alpha) * value * scale;
                (0.0, shift - fixed, shift.abs() + fixed.abs())
            }
            Map::Ranked { .. } => return None,
        };
        let loss = (2.0 + gain * most) / f64::from(1u32 << 22);
        let sane = scale < LARGEST && size < LARGEST && gain < LARGEST && offset.abs() < LARGEST;
        sane.then_some(Self { gain, scale, offset, size: size + 2.0, loss })
    }

    /// What a step of a gain weighs in units of the cosine, not below, where `steps` make a gain of 1.
    pub(super) fn step(&self, steps: f64) -> f32 {
        if self.gain == 0.0 { 0.0 } else { up(self.gain / steps) }
    }

    /// No sum of bounds below this belongs to a score of `threshold` or more.
    pub(super) fn cut(&self, threshold: f64) -> f32 {
        let rounding = (threshold.abs() * self.scale + self.size) / (1u64 << 48) as f64;
        let cut = threshold * self.scale + self.offset - rounding - self.loss;
        if cut.is_nan() { f32::NEG_INFINITY } else { (cut as f32).next_down() }
    }
}
