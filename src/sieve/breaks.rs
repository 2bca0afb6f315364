//! Where the lines of a text end, found in bulk.
//!
//! Lines are of all lengths, so a loop that looks for the end of one line after the other is a loop whose end no processor
//! foresees. Here the places are collected block by block, without a branch that depends on them.

#![allow(clippy::indexing_slicing, reason = "a block has no more breaks than bytes, and a place is counted in it")]

use super::equal::equal;

/// Bytes that are looked through before what was found is given out: few enough to be still at hand then.
const BLOCK: usize = 4096;

/// Bytes compared at once.
const WIDTH: usize = 64;

/// Gives the place of each line break of a text, in order.
#[inline]
pub fn each_break(text: &[u8], mut found: impl FnMut(usize)) {
    let mut places = [0; BLOCK + 1];
    for (number, block) in text.chunks(BLOCK).enumerate() {
        let count = places_in(block, &mut places);
        for place in places.iter().take(count) {
            found(number * BLOCK + usize::from(*place));
        }
    }
}

/// Puts the places of the line breaks of a block into `places`; gives how many there are.
fn places_in(block: &[u8], places: &mut [u16; BLOCK + 1]) -> usize {
    let mut count = 0;
    let mut at = 0;
    let (chunks, rest) = block.as_chunks::<WIDTH>();
    for chunk in chunks {
        let mut breaks = equal(chunk, b'\n');
        // Written whether there is one or not, and counted if there is: nothing to foresee. With its highest bit set, the
        // number is never zero, for which the processor's own instruction would need a branch.
        places[count] = at + (breaks | 1 << 63).trailing_zeros() as u16;
        count += usize::from(breaks != 0);
        breaks &= breaks.wrapping_sub(1);
        while breaks != 0 {
            places[count] = at + breaks.trailing_zeros() as u16;
            count += 1;
            breaks &= breaks - 1;
        }
        at += WIDTH as u16;
    }
    for place in memchr::memchr_iter(b'\n', rest) {
        places[count] = at + place as u16;
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &[u8]) -> Vec<usize> {
        let mut all = Vec::new();
        each_break(text, |place| all.push(place));
        all
    }

    proptest! {
        #[test]
        fn each_break_is_given_once_and_in_order(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..3 * BLOCK)) {
            prop_assert_eq!(found(&bytes), memchr::memchr_iter(b'\n', &bytes).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_block_may_be_full_of_breaks_or_have_one_at_either_end() {
        for length in [0, 1, WIDTH - 1, WIDTH, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK] {
            assert_eq!(found(&vec![b'\n'; length]), (0..length).collect::<Vec<_>>());
            for place in [0, WIDTH - 1, WIDTH, BLOCK - 1, BLOCK, length.saturating_sub(1)] {
                let mut text = vec![b'x'; length];
                if let Some(byte) = text.get_mut(place) {
                    *byte = b'\n';
                    assert_eq!(found(&text), [place]);
                }
            }
        }
    }
}
