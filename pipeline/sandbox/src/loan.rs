//! Pictures on loan: the pipe takes the pages a picture lies in, so that the only copy is the one the parent makes.
//!
//! Until the parent has read them the pages must stay as they are. A pipe holds a fixed number of pages, each in a
//! place of its own; once as many have followed as there are places, the earlier ones have been read. Until then
//! their owner is kept.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};

use rustix::io::Errno;
use rustix::pipe::{IoSliceRaw, SpliceFlags, fcntl_getpipe_size, vmsplice};

/// Bytes below which a copy costs less than the work on pages.
const LEAST_BYTES: usize = 16 * 1024;

/// What the pipe has borrowed, and from whom; a `T` owns bytes that nobody writes to while it is kept.
#[derive(Debug)]
pub struct Loans<T> {
    /// Places in the pipe; 0 where pages cannot be lent.
    places: u64,
    page_bytes: usize,
    /// Pages lent so far.
    lent: u64,
    /// Owners, with the number of pages lent when the last of theirs was.
    kept: VecDeque<(u64, T)>,
}

impl<T> Loans<T> {
    /// Loans to this pipe. To be called before the sandbox is entered, for it asks the pipe for its size.
    #[must_use]
    pub fn new(pipe: &File) -> Self {
        let page_bytes = rustix::param::page_size().max(1);
        // What is no pipe has no places: everything is written to it.
        let places = fcntl_getpipe_size(pipe).map_or(0, |bytes| bytes.div_ceil(page_bytes) as u64);
        Self { places, page_bytes, lent: 0, kept: VecDeque::new() }
    }

    /// Hands over the pieces that `split` finds in `owner`, which must stay as they are.
    ///
    /// # Errors
    /// When the reader is gone.
    pub fn hand_over(
        &mut self,
        pipe: &mut File,
        owner: T,
        split: impl FnOnce(&T) -> io::Result<Vec<&[u8]>>,
    ) -> io::Result<()> {
        let before = self.lent;
        for piece in split(&owner)? {
            let lent = if piece.len() < LEAST_BYTES { 0 } else { self.lend(pipe, piece)? };
            pipe.write_all(piece.get(lent..).unwrap_or_default())?;
        }
        if self.lent > before {
            self.kept.push_back((self.lent, owner));
        }
        let read = self.lent.saturating_sub(self.places);
        while self.kept.front().is_some_and(|(until, _)| *until <= read) {
            self.kept.pop_front();
        }
        Ok(())
    }

    /// Lends bytes and says how many: all of them where the system can, else none.
    fn lend(&mut self, pipe: &File, bytes: &[u8]) -> io::Result<usize> {
        let mut done = 0;
        while self.places > 0 && done < bytes.len() {
            let rest = &bytes[done..];
            // SAFETY: the descriptor is the writing end of a pipe, so the bytes are read and never written; no
            // pages are given away.
            match unsafe { vmsplice(pipe, &[IoSliceRaw::from_slice(rest)], SpliceFlags::empty()) } {
                Ok(count) => {
                    let count = count.min(rest.len());
                    self.lent = self.lent.saturating_add(pages(rest, count, self.page_bytes));
                    done += count;
                }
                Err(Errno::INTR) => {}
                // A system without loans, such as gVisor: from here on everything is copied.
                Err(Errno::NOSYS | Errno::INVAL | Errno::BADF | Errno::PERM | Errno::ACCESS) => {
                    self.places = 0
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(done)
    }

    /// How many owners are kept.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.kept.len()
    }
}

impl<T> Drop for Loans<T> {
    /// Leaves what is kept as it is, for the pipe may still hold it: the process that lends is about to end, and its
    /// pages live on until they are read.
    fn drop(&mut self) {
        std::mem::forget(std::mem::take(&mut self.kept));
    }
}

/// Pages that the first `count` bytes lie in.
fn pages(bytes: &[u8], count: usize, page_bytes: usize) -> u64 {
    let Some(last) = count.checked_sub(1) else { return 0 };
    let first = bytes.as_ptr() as usize;
    (first.saturating_add(last) / page_bytes - first / page_bytes + 1) as u64
}
