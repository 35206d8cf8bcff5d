//! The models and recordings of these tests.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use interview_models::moonshine::{MODEL, Moonshine};
use interview_models::silero::SileroVad;
use interview_models::transcriber::{PieceTranscript, Transcriber, TranscriptionHints};
use interview_models::{Device, Manifest, ModelStore, Runtime, recogniser};
use interview_pipeline::media::{CancelToken, DecodeOptions, MediaSink, VideoFrame, decode};
use interview_pipeline::perception::speech::{PlacedPiece, Placement, SpeechSegmenter};
use interview_pipeline::perception::transcript::assemble;
use interview_schemas::Language;
use interview_schemas::perception::{Span, Transcript};

/// The models on this machine: `INTERVIEW_MODELS`, or the user's cache.
pub(crate) fn store() -> ModelStore {
    let folder = std::env::var_os("INTERVIEW_MODELS").map(PathBuf::from).or_else(ModelStore::default_folder);
    ModelStore::new(folder.unwrap(), Manifest::built_in().unwrap())
}

/// ONNX Runtime on the processor, loaded once.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let library = store().file("onnxruntime", "library").unwrap_or_else(|error| panic!("{error}"));
        Runtime::load(&library, Device::Cpu).unwrap()
    })
}

/// Recognisers that share what instances of one process share.
pub(crate) fn recognisers(instances: usize) -> Vec<Moonshine> {
    Moonshine::load(runtime(), &store(), instances).unwrap_or_else(|error| panic!("{error}"))
}

/// The recognised words of a recording, with everything that stands behind them.
pub(crate) struct Heard {
    pub(crate) pieces: Vec<(Placement, PieceTranscript)>,
    pub(crate) transcript: Transcript,
    pub(crate) speech: Vec<Span>,
}

/// Listens with a recogniser that all tests share.
pub(crate) fn hear(samples: &[f32]) -> Heard {
    static RECOGNISER: OnceLock<Mutex<Vec<Moonshine>>> = OnceLock::new();
    let shared = RECOGNISER.get_or_init(|| Mutex::new(recognisers(1)));
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    hear_with(&mut shared, samples)
}

/// Hands the pieces of a recording to the recognisers in turn.
pub(crate) fn hear_with(recognisers: &mut [Moonshine], samples: &[f32]) -> Heard {
    let vad = SileroVad::load(runtime(), &store()).unwrap_or_else(|error| panic!("{error}"));
    let mut segmenter = SpeechSegmenter::new(vad, recogniser::piece_lengths(MODEL));
    let hints = TranscriptionHints { language: Language::En, vocabulary: Vec::new() };
    let mut pieces: Vec<PlacedPiece> =
        samples.chunks(4_000).flat_map(|chunk| segmenter.push(chunk).unwrap()).collect();
    pieces.extend(segmenter.finish().unwrap());
    let turns = recognisers.len();
    let pieces: Vec<(Placement, PieceTranscript)> = pieces
        .into_iter()
        .enumerate()
        .map(|(turn, piece)| {
            let transcript = recognisers[turn % turns].transcribe(&piece.piece, &hints).unwrap();
            (piece.placement, transcript)
        })
        .collect();
    let transcript = assemble(MODEL, Language::En, &pieces);
    Heard { pieces, transcript, speech: segmenter.take_speech_spans() }
}

/// A recording of the manifest.
pub(crate) fn sample(role: &str) -> Vec<f32> {
    sound(&store().file("speech-samples", role).unwrap_or_else(|error| panic!("{error}")))
}

/// A labelled recording; `None`, with a line on the terminal, where it is not there.
pub(crate) fn media(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("INTERVIEW_TEST_MEDIA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/media"), PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        Some(path)
    } else {
        println!("skipped: {} is not there; set INTERVIEW_TEST_MEDIA", path.display());
        None
    }
}

struct Collect(Vec<f32>);

impl MediaSink for Collect {
    fn audio(&mut self, samples: &[f32]) -> ControlFlow<()> {
        self.0.extend_from_slice(samples);
        ControlFlow::Continue(())
    }

    fn frame(&mut self, _frame: VideoFrame) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// The sound of a file: mono at 16 kHz.
pub(crate) fn sound(path: &Path) -> Vec<f32> {
    let mut collect = Collect(Vec::new());
    let options = DecodeOptions { want_video: false, ..DecodeOptions::default() };
    decode(path, &options, &CancelToken::new(), &mut collect).unwrap_or_else(|error| panic!("{error}"));
    collect.0
}

/// A sentence spoken by espeak-ng, with pauses of so many hundredths of a second between the words.
pub(crate) fn spoken(voice: &str, pause_cs: u32, text: &str) -> Vec<f32> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spoken.wav");
    let status = Command::new("espeak-ng")
        .args(["-v", voice, "-s", "150", "-g", &pause_cs.to_string(), "-w"])
        .arg(&path)
        .arg(text)
        .status()
        .expect("espeak-ng is needed: install it (`apt install espeak-ng`)");
    assert!(status.success(), "espeak-ng cannot speak {voice}");
    sound(&path)
}

/// Lower case words without punctuation; apostrophes stay.
pub(crate) fn plain_words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|letter: char| letter.is_whitespace() || letter == '-')
        .map(|word| {
            word.chars().filter(|letter| letter.is_alphanumeric() || *letter == '\'').collect::<String>()
        })
        .filter(|word| !word.is_empty())
        .collect()
}

/// The cheapest way from one text to another: for every word of `said` its partner in `heard` if they are
/// equal, and the number of words replaced, left out and added.
pub(crate) fn compare(said: &[String], heard: &[String]) -> (Vec<Option<usize>>, usize) {
    let (rows, columns) = (said.len() + 1, heard.len() + 1);
    let mut cost = vec![vec![0usize; columns]; rows];
    for row in 0..rows {
        for column in 0..columns {
            cost[row][column] = if row == 0 || column == 0 {
                row + column
            } else {
                let equal = usize::from(said[row - 1] != heard[column - 1]);
                (cost[row - 1][column - 1] + equal)
                    .min(cost[row - 1][column] + 1)
                    .min(cost[row][column - 1] + 1)
            };
        }
    }
    let mut partners = vec![None; said.len()];
    let (mut row, mut column) = (said.len(), heard.len());
    while row > 0 && column > 0 {
        let equal = said[row - 1] == heard[column - 1];
        if cost[row][column] == cost[row - 1][column - 1] + usize::from(!equal) {
            (row, column) = (row - 1, column - 1);
            if equal {
                partners[row] = Some(column);
            }
        } else if cost[row][column] == cost[row - 1][column] + 1 {
            row -= 1;
        } else {
            column -= 1;
        }
    }
    (partners, cost[said.len()][heard.len()])
}
