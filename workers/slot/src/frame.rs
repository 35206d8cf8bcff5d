//! Frames: a length and that many bytes of JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest frame in bytes; a longer one ends the conversation.
pub const MAX_FRAME_BYTES: usize = 1 << 20;

/// Bytes of the length in front.
const HEAD_BYTES: usize = 4;

/// Why a frame cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The frame is longer than [`MAX_FRAME_BYTES`].
    #[error("a frame of {0} bytes; at most {MAX_FRAME_BYTES} are allowed")]
    TooLong(u64),
    /// The frame holds something else than the expected JSON.
    #[error("a frame that is not understood: {0}")]
    Json(#[from] serde_json::Error),
}

/// Writes a message as a frame.
///
/// # Errors
/// [`FrameError`] when it is too long or no JSON.
pub fn encode(message: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; HEAD_BYTES];
    serde_json::to_writer(&mut frame, message)?;
    let length = frame.len() - HEAD_BYTES;
    match u32::try_from(length) {
        Ok(head) if length <= MAX_FRAME_BYTES => {
            frame.splice(..HEAD_BYTES, head.to_le_bytes());
            Ok(frame)
        }
        _ => Err(FrameError::TooLong(length as u64)),
    }
}

/// Puts frames together from whatever pieces arrive.
#[derive(Debug, Default)]
pub struct FrameReader {
    waiting: Vec<u8>,
}

impl FrameReader {
    /// A reader at the beginning of a conversation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// The next whole message, `None` when more has to arrive first.
    ///
    /// # Errors
    /// [`FrameError`]: the conversation cannot be understood any more.
    pub fn next_message<T: DeserializeOwned>(&mut self) -> Result<Option<T>, FrameError> {
        let Some((head, rest)) = self.waiting.split_first_chunk::<HEAD_BYTES>() else { return Ok(None) };
        let announced = u32::from_le_bytes(*head);
        let length = usize::try_from(announced).unwrap_or(usize::MAX);
        if length > MAX_FRAME_BYTES {
            return Err(FrameError::TooLong(announced.into()));
        }
        let Some(body) = rest.get(..length) else { return Ok(None) };
        let message = serde_json::from_slice(body)?;
        self.waiting.drain(..HEAD_BYTES + length);
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Reply;

    fn replies() -> Vec<Reply> {
        vec![
            Reply::Ready { pipeline_version: "0.1.0".to_owned() },
            Reply::Alive,
            Reply::Progress { stage: "decode".to_owned(), done_s: 1.5, total_s: None },
            Reply::Failed { code: interview_schemas::ErrorCode::InvalidMedia, message: "答\n".to_owned() },
        ]
    }

    proptest! {
        #[test]
        fn messages_arrive_however_they_are_cut(cuts in prop::collection::vec(1usize..9, 1..20)) {
            let stream: Vec<u8> = replies().iter().flat_map(|reply| encode(reply).unwrap()).collect();
            let (mut reader, mut found, mut at) = (FrameReader::new(), Vec::new(), 0);
            for cut in cuts.into_iter().cycle() {
                let end = (at + cut).min(stream.len());
                reader.push(&stream[at..end]);
                while let Some(reply) = reader.next_message::<Reply>().unwrap() {
                    found.push(reply);
                }
                at = end;
                if at == stream.len() { break; }
            }
            prop_assert_eq!(found, replies());
        }

        #[test]
        fn no_stream_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut reader = FrameReader::new();
            reader.push(&bytes);
            while let Ok(Some(_)) = reader.next_message::<Reply>() {}
        }
    }

    #[test]
    fn a_long_frame_is_refused_before_it_is_read() {
        let mut reader = FrameReader::new();
        reader.push(&u32::MAX.to_le_bytes());
        assert!(matches!(reader.next_message::<Reply>(), Err(FrameError::TooLong(_))));
        let message =
            Reply::Failed { code: interview_schemas::ErrorCode::Internal, message: "x".repeat(2 << 20) };
        assert!(matches!(encode(&message), Err(FrameError::TooLong(_))));
    }
}
