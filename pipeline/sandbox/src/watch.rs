//! Reads from a pipe with a patience: how long a child may be silent, and how long it may take in all.

use std::fs::File;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How often the caller's wish to cancel is looked at while waiting.
const GLANCE: Duration = Duration::from_millis(50);

/// Why reading stopped; carried inside of an [`io::Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Impatience {
    /// Nothing came for too long.
    #[error("no sign of life for {0} s")]
    Silent(u64),
    /// Everything together took too long.
    #[error("not done after {0} s")]
    Overdue(u64),
    /// The caller cancelled.
    #[error("cancelled")]
    Cancelled,
}

/// A pipe that is read with a patience.
pub(crate) struct Watched<'a> {
    pub(crate) pipe: &'a File,
    pub(crate) silence: Duration,
    pub(crate) deadline: Duration,
    /// Time spent in here so far.
    pub(crate) spent: Duration,
    pub(crate) cancelled: &'a dyn Fn() -> bool,
}

impl Watched<'_> {
    /// Waits until something can be read, or the other end is closed.
    fn wait(&mut self) -> Result<(), Impatience> {
        let started = Instant::now();
        let before = self.spent;
        let mut glance = Duration::ZERO;
        loop {
            let mut descriptors = [PollFd::new(self.pipe, PollFlags::IN)];
            let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(glance.subsec_nanos()) };
            let ready = match poll(&mut descriptors, Some(&timeout)) {
                Ok(count) => count > 0,
                Err(rustix::io::Errno::INTR) => false,
                // Reading will say what is wrong.
                Err(_) => true,
            };
            let waited = started.elapsed();
            self.spent = before.saturating_add(waited);
            if (self.cancelled)() {
                return Err(Impatience::Cancelled);
            }
            if self.spent > self.deadline {
                return Err(Impatience::Overdue(self.deadline.as_secs()));
            }
            if ready {
                return Ok(());
            }
            if waited > self.silence {
                return Err(Impatience::Silent(self.silence.as_secs()));
            }
            glance = GLANCE;
        }
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait().map_err(io::Error::other)?;
        let started = Instant::now();
        let read = self.pipe.read(buffer);
        self.spent = self.spent.saturating_add(started.elapsed());
        read
    }
}
