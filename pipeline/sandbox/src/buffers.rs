//! Memory of pictures, used again and again: a picture costs one copy and no fresh pages.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

/// Buffers that are kept at most; as many pictures as wait to be looked at, and a few.
const MOST_KEPT: usize = 8;

/// Gives out buffers and takes them back; all clones are one store.
#[derive(Debug, Clone, Default)]
pub struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

impl Buffers {
    /// A buffer of `length` bytes; what it holds is left over from earlier pictures.
    #[must_use]
    pub fn take(&self, length: usize) -> Pixels {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        bytes.resize(length, 0);
        Pixels { bytes, home: self.clone() }
    }
}

/// The bytes of one picture; given back when dropped.
#[derive(Debug)]
pub struct Pixels {
    bytes: Vec<u8>,
    home: Buffers,
}

impl Pixels {
    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl Deref for Pixels {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Pixels {
    fn drop(&mut self) {
        let mut kept = self.home.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST_KEPT {
            kept.push(std::mem::take(&mut self.bytes));
        }
    }
}
