//! Tables in which a byte finds its place.

/// A value for each byte.
pub(crate) struct ByByte<T>(Box<[T; 256]>);

impl<T: Default> Default for ByByte<T> {
    fn default() -> Self {
        Self(Box::new(std::array::from_fn(|_| T::default())))
    }
}

#[expect(clippy::indexing_slicing, reason = "a byte is less than 256")]
impl<T> ByByte<T> {
    /// The value of a byte.
    #[inline]
    pub(crate) fn of(&self, byte: u8) -> &T {
        &self.0[usize::from(byte)]
    }

    /// The same, to be changed.
    pub(crate) fn of_mut(&mut self, byte: u8) -> &mut T {
        &mut self.0[usize::from(byte)]
    }

    /// Those of all bytes.
    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut()
    }
}
