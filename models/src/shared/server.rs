//! The server's side: a thread per connection, a thread per network that gathers batches, and a few per recogniser.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufReader, BufWriter};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use interview_schemas::ErrorCode;
use interview_schemas::perception::Span;

use crate::session::{ModelSession, Outputs};
use crate::transcriber::{PieceTranscript, SpeechPiece, TranscriptionHints};
use crate::{
    Device, ModelError, ModelStore, Runtime, SessionOptions, Transcriber, recogniser as recognisers,
};

use super::recogniser::pack;
use super::wire::{self, Owned, Reply, Request, Tensor};

/// How the shared process runs models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerOptions {
    /// The ONNX Runtime library, where it is not to be looked for.
    pub library: Option<PathBuf>,
    /// Where the models run.
    pub device: Device,
    /// Threads within one network; counts on the processor only.
    pub threads: usize,
    /// Pieces of speech that are transcribed side by side by each recogniser.
    pub recognisers: usize,
    /// Most rows in one batch; 1 switches batching off.
    pub most_rows: usize,
}

/// A server that has loaded ONNX Runtime and waits for clients.
pub struct Server {
    store: ModelStore,
    runtime: Runtime,
    options: ServerOptions,
    networks: Mutex<BTreeMap<String, Sender<Work>>>,
    recognisers: Mutex<BTreeMap<String, Sender<Speech>>>,
}

/// A request to a network.
struct Work {
    label: String,
    rows: usize,
    inputs: Vec<Tensor>,
    answer: SyncSender<Result<Vec<Tensor>, ModelError>>,
}

/// A request to a recogniser.
struct Speech {
    piece: SpeechPiece,
    hints: TranscriptionHints,
    answer: SyncSender<Result<PieceTranscript, ModelError>>,
}

impl Server {
    /// Loads ONNX Runtime and checks the device.
    ///
    /// # Errors
    /// [`ModelError`] when the library cannot be loaded or the device is not there.
    pub fn new(store: ModelStore, options: ServerOptions) -> Result<Self, ModelError> {
        let library = store.locate_runtime_library(options.library.as_deref())?;
        let runtime = Runtime::load(&library, options.device)?;
        Ok(Self {
            store,
            runtime,
            options,
            networks: Mutex::new(BTreeMap::new()),
            recognisers: Mutex::new(BTreeMap::new()),
        })
    }

    /// Serves clients for ever.
    ///
    /// # Errors
    /// When the socket cannot be listened to any more.
    pub fn serve(self, listener: &UnixListener) -> std::io::Result<()> {
        let server = Arc::new(self);
        loop {
            let (stream, _) = listener.accept()?;
            let server = Arc::clone(&server);
            std::thread::spawn(move || {
                // A client that is gone has no use for an answer; a request that is not understood has none.
                if let Err(error) = server.converse(stream) {
                    tracing::debug!(%error, "a client of the shared models is gone");
                }
            });
        }
    }

    fn converse(&self, stream: UnixStream) -> std::io::Result<()> {
        let mut input = BufReader::new(stream.try_clone()?);
        let mut output = BufWriter::new(stream);
        while let Some((request, tensors)) = wire::receive::<Request>(&mut input)? {
            let (reply, tensors) = self.answer(request, tensors).unwrap_or_else(|error| {
                (Reply::Failed { code: error.code(), message: error.to_string() }, Vec::new())
            });
            wire::send(&mut output, &reply, &tensors)?;
        }
        Ok(())
    }

    fn answer(&self, request: Request, tensors: Vec<Tensor>) -> Result<(Reply, Vec<Tensor>), ModelError> {
        match request {
            Request::Open { model } => self.network(&model).map(|_| (Reply::Open, Vec::new())),
            Request::Run { model, label, rows } => {
                check_rows(&model, rows, &tensors)?;
                let (answer, result) = sync_channel(1);
                let work = Work { label, rows, inputs: tensors, answer };
                let sent = self.network(&model)?.send(work).ok();
                let result = sent.and_then(|()| result.recv().ok());
                Ok((Reply::Outputs, result.ok_or_else(|| ended(&model))??))
            }
            Request::OpenRecogniser { model } => self.recogniser(&model).map(|_| (Reply::Open, Vec::new())),
            Request::Transcribe { model, speech, language, vocabulary } => {
                let samples = match tensors.into_iter().next().map(|tensor| tensor.numbers) {
                    Some(Owned::F32(samples)) => samples,
                    _ => return Err(ModelError::inference(&model, "speech without samples")),
                };
                let speech = speech.into_iter().map(|(start_s, end_s)| Span { start_s, end_s }).collect();
                let (answer, result) = sync_channel(1);
                let hints = TranscriptionHints { language, vocabulary };
                let work = Speech { piece: SpeechPiece { samples, speech }, hints, answer };
                let sent = self.recogniser(&model)?.send(work).ok();
                let result = sent.and_then(|()| result.recv().ok());
                Ok(pack(result.ok_or_else(|| ended(&model))??))
            }
        }
    }

    /// The thread of a network, started with the first request for it.
    fn network(&self, model: &str) -> Result<Sender<Work>, ModelError> {
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = networks.get(model) {
            return Ok(sender.clone());
        }
        let session =
            self.runtime.network(model, &self.store, SessionOptions { threads: self.options.threads })?;
        let (sender, requests) = channel();
        let most_rows = self.options.most_rows.max(1);
        start(move || run_network(session, &requests, most_rows));
        networks.insert(model.to_owned(), sender.clone());
        Ok(sender)
    }

    /// The threads of a recogniser, started with the first request for it.
    fn recogniser(&self, model: &str) -> Result<Sender<Speech>, ModelError> {
        let mut running = self.recognisers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = running.get(model) {
            return Ok(sender.clone());
        }
        let loaded = recognisers::load(model, &self.runtime, &self.store, self.options.recognisers.max(1))?;
        let (sender, requests) = channel();
        let requests = Arc::new(Mutex::new(requests));
        for recogniser in loaded {
            let requests = Arc::clone(&requests);
            start(move || run_recogniser(recogniser, &requests));
        }
        running.insert(model.to_owned(), sender.clone());
        Ok(sender)
    }
}

/// Starts a thread that holds a model. When it panics nobody knows what the model looks like: the process ends, the
/// worker starts it anew, and the clients ask again.
fn start(work: impl FnOnce() + Send + 'static) {
    std::thread::spawn(move || {
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err() {
            tracing::error!("a thread of the shared models panicked");
            std::process::exit(3);
        }
    });
}

fn run_recogniser(mut recogniser: Box<dyn Transcriber>, requests: &Mutex<Receiver<Speech>>) {
    loop {
        let next = requests.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Speech { piece, hints, answer }) = next else { return };
        // A client that is gone needs no transcript.
        let _ = answer.send(recogniser.transcribe(&piece, &hints));
    }
}

/// Runs what waits, as much of it in one batch as fits.
fn run_network(mut session: ModelSession, requests: &Receiver<Work>, most_rows: usize) {
    let mut waiting: VecDeque<Work> = VecDeque::new();
    loop {
        if waiting.is_empty() {
            match requests.recv() {
                Ok(work) => waiting.push_back(work),
                Err(_) => return,
            }
        }
        waiting.extend(requests.try_iter());
        let batch = gather(&mut waiting, most_rows);
        run_batch(&mut session, batch);
    }
}

/// Takes the first request and those that fit into one batch with it, in their order.
fn gather(waiting: &mut VecDeque<Work>, most_rows: usize) -> Vec<Work> {
    let mut batch: Vec<Work> = Vec::new();
    let mut rows = 0usize;
    let mut left = VecDeque::with_capacity(waiting.len());
    while let Some(work) = waiting.pop_front() {
        let fits = batch.first().is_none_or(|first| {
            rows.saturating_add(work.rows) <= most_rows && alike(&first.inputs, &work.inputs)
        });
        if fits {
            rows = rows.saturating_add(work.rows);
            batch.push(work);
        } else {
            left.push_back(work);
        }
    }
    *waiting = left;
    batch
}

/// Whether two requests differ in the number of their rows at most.
fn alike(one: &[Tensor], other: &[Tensor]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| {
            one.name == other.name
                && one.shape.get(1..) == other.shape.get(1..)
                && std::mem::discriminant(&one.numbers) == std::mem::discriminant(&other.numbers)
        })
}

fn run_batch(session: &mut ModelSession, batch: Vec<Work>) {
    let rows: Vec<usize> = batch.iter().map(|work| work.rows).collect();
    let label = batch.first().map(|work| work.label.clone()).unwrap_or_default();
    let (mut requests, answers): (Vec<_>, Vec<_>) =
        batch.into_iter().map(|work| (work.inputs, work.answer)).unzip();
    let together = if requests.len() == 1 { requests.swap_remove(0) } else { join(requests) };
    let inputs: Vec<_> = together.iter().filter_map(Tensor::input).collect();
    let total = rows.iter().sum();
    let results = session.run(&label, total, &inputs).map(Outputs::into_tensors);
    // A client that is gone needs no answer.
    match results.and_then(|outputs| split(&outputs, &rows)) {
        Ok(results) => {
            for (answer, result) in answers.iter().zip(results) {
                let _ = answer.send(Ok(result));
            }
        }
        Err(error) if answers.len() == 1 => {
            let _ = answers[0].send(Err(error));
        }
        // What fails in company may run alone: for want of memory, or because of one of them.
        Err(error) => {
            tracing::warn!(%error, requests = answers.len(), "a batch failed; its requests run one by one");
            for ((answer, inputs), count) in
                answers.iter().zip(split(&together, &rows).unwrap_or_default()).zip(rows)
            {
                let inputs: Vec<_> = inputs.iter().filter_map(Tensor::input).collect();
                let _ = answer.send(session.run(&label, count, &inputs).map(Outputs::into_tensors));
            }
        }
    }
}

/// Puts the rows of several requests behind each other.
fn join(requests: Vec<Vec<Tensor>>) -> Vec<Tensor> {
    let mut requests = requests.into_iter();
    let mut joined = requests.next().unwrap_or_default();
    for request in requests {
        for (tensor, more) in joined.iter_mut().zip(request) {
            match (&mut tensor.numbers, more.numbers) {
                (Owned::F32(numbers), Owned::F32(more)) => numbers.extend(more),
                (Owned::I64(numbers), Owned::I64(more)) => numbers.extend(more),
                (Owned::F64(numbers), Owned::F64(more)) => numbers.extend(more),
                // Requests of a batch are alike.
                _ => {}
            }
            if let (Some(rows), Some(more)) = (tensor.shape.first_mut(), more.shape.first()) {
                *rows = rows.saturating_add(*more);
            }
        }
    }
    joined
}

/// Gives every request its rows of each tensor.
fn split(tensors: &[Tensor], rows: &[usize]) -> Result<Vec<Vec<Tensor>>, ModelError> {
    let total: usize = rows.iter().sum();
    let mut results: Vec<Vec<Tensor>> = rows.iter().map(|_| Vec::with_capacity(tensors.len())).collect();
    for tensor in tensors {
        if tensor.shape.first() != Some(&total) {
            let reason = format!("tensor {} has shape {:?} for {total} rows", tensor.name, tensor.shape);
            return Err(ModelError::inference("batch", reason));
        }
        let parts = match &tensor.numbers {
            Owned::F32(numbers) => parts(numbers, total, rows).map(Owned::F32).collect::<Vec<_>>(),
            Owned::F64(numbers) => parts(numbers, total, rows).map(Owned::F64).collect(),
            Owned::I64(numbers) => parts(numbers, total, rows).map(Owned::I64).collect(),
        };
        for ((result, numbers), &count) in results.iter_mut().zip(parts).zip(rows) {
            let shape = std::iter::once(count).chain(tensor.shape.iter().skip(1).copied()).collect();
            result.push(Tensor { name: tensor.name.clone(), shape, numbers });
        }
    }
    Ok(results)
}

/// So many rows of the numbers each.
fn parts<T: Copy>(numbers: &[T], total: usize, rows: &[usize]) -> impl Iterator<Item = Vec<T>> {
    let width = numbers.len() / total.max(1);
    rows.iter().scan(numbers, move |rest, &count| {
        let (mine, others) = rest.split_at_checked(count * width)?;
        *rest = others;
        Some(mine.to_vec())
    })
}

/// Every input has the rows that the request states.
fn check_rows(model: &str, rows: usize, tensors: &[Tensor]) -> Result<(), ModelError> {
    let right = rows > 0
        && !tensors.is_empty()
        && tensors.iter().all(|tensor| tensor.shape.first() == Some(&rows) && tensor.input().is_some());
    if right { Ok(()) } else { Err(ModelError::inference(model, format!("a request without {rows} rows"))) }
}

fn ended(model: &str) -> ModelError {
    ModelError::Shared { code: ErrorCode::Resource, message: format!("the thread of {model} has ended") }
}
