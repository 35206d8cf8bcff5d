//! Damage on order: refusals, broken, stalled and dripping answers, wrong bytes.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};

use super::{BoxError, Door};

/// What is done to an answer.
#[derive(Debug, Clone)]
pub enum Action {
    /// Refuses with this HTTP status and S3 error code.
    Refuse(u16, &'static str),
    /// Closes the connection without an answer.
    Close,
    /// Breaks the connection after this many bytes of the body.
    CutAfter(usize),
    /// Sends nothing more after this many bytes of the body, and leaves the connection open.
    StallAfter(usize),
    /// Sends this many bytes of the body per second.
    Drip(usize),
    /// Turns over the bits of the first byte of the body.
    Corrupt,
    /// Replaces a file after this many bytes of the body, then breaks the connection.
    ReplaceAfter(usize, PathBuf, Vec<u8>),
    /// Does what is asked, and waits before it says so.
    AnswerLate(Duration),
}

/// An order: what is to happen to which requests.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The HTTP method, such as `GET`.
    pub method: &'static str,
    /// A part of bucket and key.
    pub path: String,
    /// How many requests are to suffer; the order is gone afterwards.
    pub times: usize,
    /// What happens to them.
    pub action: Action,
}

impl Fault {
    /// An order for the next request of this method to a key that contains `path`.
    #[must_use]
    pub fn once(method: &'static str, path: &str, action: Action) -> Self {
        Self { method, path: path.to_owned(), times: 1, action }
    }

    /// The same for the next `times` requests.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }
}

/// The action for a request, taken from its order.
pub(crate) fn take(faults: &mut Vec<Fault>, method: &str, path: &str) -> Option<Action> {
    let index = faults.iter().position(|fault| fault.method == method && path.contains(&fault.path))?;
    let fault = faults.get_mut(index)?;
    let action = fault.action.clone();
    fault.times = fault.times.saturating_sub(1);
    if fault.times == 0 {
        faults.remove(index);
    }
    Some(action)
}

impl Action {
    pub(crate) async fn perform(
        self,
        door: &Door,
        request: http::Request<Incoming>,
    ) -> Result<http::Response<s3s::Body>, BoxError> {
        match self {
            Self::Refuse(status, code) => {
                let body = format!(
                    "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>on order</Message></Error>"
                );
                Ok(http::Response::builder()
                    .status(status)
                    .header(CONTENT_TYPE, "application/xml")
                    .body(s3s::Body::from(body))?)
            }
            Self::Close => Err("closed on order".into()),
            Self::AnswerLate(time) => {
                let answer = door.pass(request).await;
                tokio::time::sleep(time).await;
                answer
            }
            spoils => {
                let (head, body) = door.pass(request).await?.into_parts();
                let body = BodyExt::collect(body).await?.to_bytes();
                Ok(http::Response::from_parts(head, spoils.spoil(body)))
            }
        }
    }

    /// The body that goes out in place of the right one.
    fn spoil(self, body: Bytes) -> s3s::Body {
        // What was sent before goes out first.
        let cut = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Err(BoxError::from("cut on order"))
        };
        match self {
            Self::CutAfter(bytes) => {
                let first = body.slice(..bytes.min(body.len()));
                streamed(stream::iter([Ok(first)]).chain(stream::once(cut)))
            }
            Self::StallAfter(bytes) => {
                let first = body.slice(..bytes.min(body.len()));
                streamed(stream::iter([Ok(first)]).chain(stream::pending()))
            }
            Self::Drip(bytes_per_s) => {
                let drops: Vec<Bytes> = body.chunks(bytes_per_s.max(1)).map(Bytes::copy_from_slice).collect();
                streamed(stream::iter(drops).then(|drop| async move {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    Ok(drop)
                }))
            }
            Self::Corrupt => {
                let mut bytes = body.to_vec();
                if let Some(first) = bytes.first_mut() {
                    *first = !*first;
                }
                s3s::Body::from(bytes)
            }
            Self::ReplaceAfter(bytes, path, other) => {
                let first = body.slice(..bytes.min(body.len()));
                let replace = async move {
                    std::fs::write(path, other)?;
                    cut.await
                };
                streamed(stream::iter([Ok(first)]).chain(stream::once(replace)))
            }
            Self::Refuse(..) | Self::Close | Self::AnswerLate(_) => s3s::Body::from(body),
        }
    }
}

fn streamed(chunks: impl stream::Stream<Item = Result<Bytes, BoxError>> + Send + 'static) -> s3s::Body {
    s3s::Body::http_body_unsync(StreamBody::new(chunks.map(|chunk| chunk.map(Frame::data))))
}
