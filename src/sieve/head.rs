//! How a text begins, told by its first eight bytes in one comparison.

/// The first eight bytes of a text, the first in the lowest bits; zeros where it is shorter.
#[derive(Clone, Copy)]
pub(crate) struct Head(u64);

impl Head {
    #[inline]
    pub(crate) fn of(text: &[u8]) -> Self {
        Self(match text.first_chunk::<8>() {
            Some(head) => u64::from_le_bytes(*head),
            None => text.iter().rev().fold(0, |head, byte| head << 8 | u64::from(*byte)),
        })
    }
}

/// What a text may begin with, as far as eight bytes tell.
#[derive(Clone, Copy)]
pub(crate) struct Opening {
    head: Head,
    /// Which bits of them count.
    mask: u64,
}

impl Opening {
    pub(crate) fn of(begin: &[u8]) -> Self {
        let behind = 64 - 8 * begin.len().min(8) as u32;
        Self { head: Head::of(begin), mask: u64::MAX.checked_shr(behind).unwrap_or(0) }
    }

    /// Whether a text with that head begins so.
    #[inline]
    pub(crate) fn is_of(self, head: Head) -> bool {
        (head.0 ^ self.head.0) & self.mask == 0
    }
}
