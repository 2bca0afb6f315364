//! Which bytes of a few are a certain one, without a branch that depends on it.

use wide::u8x16;

/// A bit for each byte of `text` that is `byte`, the first in the lowest; at most 64 bytes, a multiple of sixteen.
#[inline]
pub(super) fn equal<const BYTES: usize>(text: &[u8; BYTES], byte: u8) -> u64 {
    const { assert!(BYTES <= 64 && BYTES.is_multiple_of(16)) };
    let wanted = u8x16::splat(byte);
    let (sixteens, _) = text.as_chunks::<16>();
    sixteens
        .iter()
        .rev()
        .fold(0, |bits, sixteen| bits << 16 | u64::from(u8x16::new(*sixteen).simd_eq(wanted).to_bitmask()))
}
