//! The way in: one message with the options, and the open recording as a descriptor.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// Most bytes of the options.
const MOST_OPTIONS: usize = 64 * 1024;

/// Sends the options and the recording.
///
/// # Errors
/// When the options are too long or the child is gone.
pub(crate) fn send(socket: BorrowedFd<'_>, options: &[u8], recording: &File) -> io::Result<()> {
    if options.is_empty() || options.len() > MOST_OPTIONS {
        return Err(io::Error::other(format!("decode options of {} bytes", options.len())));
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let descriptors = [recording.as_fd()];
    if !ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(io::Error::other("no room for a descriptor"));
    }
    // A message socket takes all or nothing.
    sendmsg(socket, &[IoSlice::new(options)], &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Waits for the request. `None` when the parent is gone or wants nothing.
///
/// # Errors
/// When the message is no request, or receiving failed.
pub fn receive(socket: impl AsFd) -> io::Result<Option<(Vec<u8>, File)>> {
    let mut options = vec![0; MOST_OPTIONS];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        let mut parts = [IoSliceMut::new(&mut options)];
        match recvmsg(&socket, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
            Err(rustix::io::Errno::INTR) => {}
            other => break other?,
        }
    };
    if received.bytes == 0 {
        return Ok(None);
    }
    if received.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
        return Err(io::Error::other("a request that is too long"));
    }
    options.truncate(received.bytes);
    let mut descriptors = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    let recording: Option<OwnedFd> = descriptors.next().and_then(|mut rights| rights.next());
    let recording = recording.ok_or_else(|| io::Error::other("a request without a recording"))?;
    Ok(Some((options, File::from(recording))))
}
