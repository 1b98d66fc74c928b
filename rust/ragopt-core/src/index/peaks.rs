//! What the best posting of a term in a window can be, whatever the mean length of the index.
//!
//! What a posting gives grows with its count and falls with its chunk's length. So among those of one count the one in
//! the class of the shortest lengths is the best, and no statistics move that.

use super::classes::Classes;
use super::postings::{LOCAL, ODD_CODE, WINDOW_BITS};
use super::term_postings::Form;

/// What is known of the postings of a window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peak {
    /// For each code the first class that a posting has; [`LAST`] also where none has the code.
    pub(crate) first: [u8; 4],
    /// So many postings of the windows before have the code [`ODD_CODE`].
    pub(crate) odd: u32,
    /// No posting has a larger count.
    pub(crate) most: u32,
}

/// The last class there can be: of what is in it nothing is better.
pub(crate) const LAST: u8 = u8::MAX;

/// The peaks of each window; none of whole ordinals.
pub(super) fn peaks(form: Form<'_>, odd: &[[u32; 2]], classes: &Classes) -> Box<[Peak]> {
    let Form::Places { starts, places } = form else {
        return Box::default();
    };
    let mut before = 0;
    let peak = |(window, range): (usize, &[u32])| {
        let (classes, mut peak) = (classes.window(window), Peak { first: [LAST; 4], odd: before, most: 0 });
        for &place in &places[range[0] as usize..range[1] as usize] {
            let code = place >> WINDOW_BITS;
            let first = &mut peak.first[usize::from(code)];
            *first = classes[usize::from(place & LOCAL)].min(*first);
            before += u32::from(u32::from(code) == ODD_CODE);
            peak.most = peak.most.max(u32::from(code) + 1);
        }
        let counts = odd[peak.odd as usize..before as usize].iter().map(|&[_, count]| count);
        peak.most = counts.fold(peak.most, u32::max);
        peak
    };
    starts.windows(2).enumerate().map(peak).collect()
}
