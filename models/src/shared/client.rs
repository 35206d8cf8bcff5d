//! The client's side: a connection to the shared process that is made anew when that process had to start again.

use std::io::{self, BufReader, BufWriter};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::ModelError;
use crate::session::Input;
use interview_schemas::ErrorCode;

use super::wire::{self, Reply, Request, Tensor};

/// How long a process that ended may take to be there again, its models loaded.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two tries to reach it.
const PAUSE: Duration = Duration::from_millis(100);
/// How often one request is sent. A request that has ended the process twice ends it a third time.
const TRIES: u32 = 2;

/// A connection to the shared process; one thread owns one.
pub struct Connection {
    address: PathBuf,
    stream: Option<Stream>,
}

struct Stream {
    input: BufReader<UnixStream>,
    output: BufWriter<UnixStream>,
}

impl Connection {
    /// A connection to the process that listens at a socket; it is made when it is first needed.
    #[must_use]
    pub fn new(address: &Path) -> Self {
        Self { address: address.to_owned(), stream: None }
    }

    /// Has a network loaded.
    pub(crate) fn open(&mut self, model: &str) -> Result<(), ModelError> {
        self.ask(&Request::Open { model: model.to_owned() }, &[]).map(drop)
    }

    /// Has a recogniser loaded.
    pub(super) fn open_recogniser(&mut self, model: &str) -> Result<(), ModelError> {
        self.ask(&Request::OpenRecogniser { model: model.to_owned() }, &[]).map(drop)
    }

    /// Has a network run.
    pub(crate) fn run(
        &mut self,
        model: &str,
        label: &str,
        rows: usize,
        inputs: &[Input<'_>],
    ) -> Result<Vec<Tensor>, ModelError> {
        let request = Request::Run { model: model.to_owned(), label: label.to_owned(), rows };
        match self.ask(&request, inputs)? {
            (Reply::Outputs, tensors) => Ok(tensors),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// Sends a request and waits for its answer.
    pub(super) fn ask(
        &mut self,
        request: &Request,
        inputs: &[Input<'_>],
    ) -> Result<(Reply, Vec<Tensor>), ModelError> {
        let mut tries = 0;
        loop {
            let stream = self.stream()?;
            let answer = wire::send_inputs(&mut stream.output, request, inputs)
                .and_then(|()| wire::receive::<Reply>(&mut stream.input))
                .and_then(|answer| answer.ok_or_else(|| io::ErrorKind::UnexpectedEof.into()));
            match answer {
                Ok((Reply::Failed { code, message }, _)) => return Err(ModelError::Shared { code, message }),
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    self.stream = None;
                    tries += 1;
                    // What breaks the rules of the conversation does so again.
                    if tries >= TRIES || error.kind() == io::ErrorKind::InvalidData {
                        return Err(lost(format!("no answer after {tries} tries: {error}")));
                    }
                    tracing::warn!(%error, "the shared models gave no answer; asking again");
                }
            }
        }
    }

    fn stream(&mut self) -> Result<&mut Stream, ModelError> {
        let stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(&self.address)
                .map_err(|error| lost(format!("{} cannot be reached: {error}", self.address.display())))?,
        };
        Ok(self.stream.insert(stream))
    }
}

fn connect(address: &Path) -> io::Result<Stream> {
    let end = Instant::now() + PATIENCE;
    loop {
        match UnixStream::connect(address) {
            Ok(stream) => {
                let input = BufReader::new(stream.try_clone()?);
                return Ok(Stream { input, output: BufWriter::new(stream) });
            }
            Err(error) if Instant::now() >= end => return Err(error),
            Err(_) => std::thread::sleep(PAUSE),
        }
    }
}

/// The process is away; whoever tries the job again later may find it.
fn lost(message: String) -> ModelError {
    ModelError::Shared { code: ErrorCode::Resource, message }
}

pub(super) fn unexpected(reply: &Reply) -> ModelError {
    // By kind only: what was said has no place in an error, which is logged.
    let kind = match reply {
        Reply::Open => "a model that was opened",
        Reply::Outputs => "outputs of a network",
        Reply::Transcript(_) => "a transcript",
        Reply::Failed { .. } => "a failure",
    };
    let message = format!("an answer to another question: {kind}");
    ModelError::Shared { code: ErrorCode::Internal, message }
}
