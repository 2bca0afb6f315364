//! How a text begins, told by its first sixteen bytes in one comparison.

/// Bytes that are compared at once.
pub(crate) const HEAD: usize = 16;

/// The first bytes of a text, the first in the lowest bits; zeros where it is shorter.
#[derive(Clone, Copy)]
pub(crate) struct Head(u128);

impl Head {
    #[inline]
    pub(crate) fn of(text: &[u8]) -> Self {
        Self(match text.first_chunk() {
            Some(head) => u128::from_le_bytes(*head),
            None => text.iter().rev().fold(0, |head, byte| head << 8 | u128::from(*byte)),
        })
    }
}

/// What a text may begin with, as far as its head tells.
#[derive(Clone, Copy)]
pub(crate) struct Opening {
    head: Head,
    /// Which bits of them count.
    mask: u128,
}

impl Opening {
    pub(crate) fn of(begin: &[u8]) -> Self {
        let behind = u128::BITS - 8 * begin.len().min(HEAD) as u32;
        Self { head: Head::of(begin), mask: u128::MAX.checked_shr(behind).unwrap_or(0) }
    }

    /// Whether a text with that head begins so.
    #[inline]
    pub(crate) fn is_of(self, head: Head) -> bool {
        (head.0 ^ self.head.0) & self.mask == 0
    }
}
