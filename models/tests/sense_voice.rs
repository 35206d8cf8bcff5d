//! SenseVoice: its front end against kaldi-native-fbank, and the adapter with a generated model whose words are
//! tones. `sense_voice/make_fixtures.py` makes what these tests read.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

use interview_models::sense_voice::SenseVoice;
use interview_models::sense_voice::fbank::{FEATURES, Fbank, low_frame_rate, normalise};
use interview_models::transcriber::{Guard, PieceTranscript, SpeechPiece, TranscriptionHints};
use interview_models::{Device, Manifest, ModelError, ModelStore, Runtime, Transcriber};
use interview_schemas::Language;
use interview_schemas::perception::Span;
use ndarray::Array1;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sense_voice").join(name)
}

fn reference() -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(fixture("fbank.json")).unwrap()).unwrap()
}

/// The sound that the reference numbers were made from: a rising tone in noise.
fn made_up_sound(samples: usize) -> Vec<f32> {
    let mut state = 1u64;
    (0..samples)
        .map(|index| {
            state = (state * 1_103_515_245 + 12_345) % (1 << 31);
            let noise = ((state >> 16) % 2_001) as f64 - 1_000.0;
            let t = index as f64 / 16_000.0;
            let tone = (8_000.0 * (TAU * (150.0 + 900.0 * t) * t).sin()).round();
            ((tone + noise) / 32_768.0) as f32
        })
        .collect()
}

fn assert_near<'a>(found: impl IntoIterator<Item = &'a f32>, expected: &serde_json::Value, name: &str) {
    let expected: Vec<f64> = serde_json::from_value(expected.clone()).unwrap();
    let found: Vec<f64> = found.into_iter().map(|&value| f64::from(value)).collect();
    assert_eq!(found.len(), expected.len(), "{name}");
    for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert!((found - expected).abs() < 2e-3, "{name} {index}: {found} instead of {expected}");
    }
}

#[test]
fn the_front_end_gives_the_numbers_of_kaldi_native_fbank() {
    let reference = reference();
    let samples = usize::try_from(reference["samples"].as_u64().unwrap()).unwrap();
    let energies = Fbank::default().compute(&made_up_sound(samples));
    assert_eq!(energies.nrows() as u64, reference["frames"].as_u64().unwrap());
    for (index, row) in reference["energies"].as_object().unwrap() {
        assert_near(energies.row(index.parse().unwrap()), row, "energies");
    }
    let silence = Fbank::default().compute(&[0.0; 400]);
    assert_near(silence.iter().take(1), &reference["silence"], "silence");

    let mut features = low_frame_rate(&energies);
    assert_eq!(features.nrows() as u64, reference["rows"].as_u64().unwrap());
    normalise(&mut features, &Array1::linspace(-12.0, -6.0, FEATURES), &Array1::linspace(0.1, 0.3, FEATURES));
    for (index, row) in reference["normalised"].as_object().unwrap() {
        assert_near(features.row(index.parse().unwrap()), row, "normalised");
    }
}

#[test]
fn sound_shorter_than_a_frame_has_no_features() {
    for samples in [0, 1, 399] {
        let energies = Fbank::default().compute(&vec![0.1; samples]);
        assert_eq!((energies.nrows(), low_frame_rate(&energies).nrows()), (0, 0));
    }
    assert_eq!(Fbank::frames(400), 1);
}

fn store() -> ModelStore {
    let folder = std::env::var_os("INTERVIEW_MODELS").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/interview/models"),
        PathBuf::from,
    );
    ModelStore::new(folder, Manifest::built_in().unwrap())
}

fn runtime() -> Runtime {
    let library = store().file("onnxruntime", "library").expect("run `interview models pull` first");
    Runtime::load(&library, Device::Cpu).unwrap()
}

fn load() -> SenseVoice {
    let mut loaded =
        SenseVoice::load_files(&runtime(), &fixture("model.onnx"), &fixture("tokens.txt"), 2).unwrap();
    loaded.remove(1)
}

/// The pitches that the generated model takes for words.
const NI_HZ: f64 = 400.0;
const HAO_HZ: f64 = 700.0;
const HELLO_HZ: f64 = 1_100.0;
const WORLD_HZ: f64 = 1_700.0;
const STOP_HZ: f64 = 2_500.0;
const JAPANESE_HZ: f64 = 3_800.0;
const MUSIC_HZ: f64 = 5_000.0;
const NOBODY_HZ: f64 = 6_800.0;

/// 0.3 s of silence, then tones of 0.18 s at so many pitches each, with silence of 0.12 s between and after.
fn tones(pitches_hz: &[&[f64]], loudness: f64) -> SpeechPiece {
    let loud: Vec<Vec<(f64, f64)>> =
        pitches_hz.iter().map(|together| together.iter().map(|&hz| (hz, loudness)).collect()).collect();
    mixed(&loud)
}

/// The same with a loudness for every pitch.
fn mixed(tones: &[Vec<(f64, f64)>]) -> SpeechPiece {
    let mut samples = vec![0.0f32; 4_800];
    for together in tones {
        for index in 0..2_880 {
            let t = f64::from(index) / 16_000.0;
            let sum: f64 = together.iter().map(|(hz, loudness)| loudness * (TAU * hz * t).sin()).sum();
            samples.push(sum as f32);
        }
        samples.extend([0.0; 1_920]);
    }
    let end_s = samples.len() as f64 / 16_000.0;
    SpeechPiece { samples, speech: vec![Span { start_s: 0.2, end_s }] }
}

fn transcribe(piece: &SpeechPiece, language: Language) -> PieceTranscript {
    let hints = TranscriptionHints { language, vocabulary: vec!["Kubernetes".to_owned()] };
    load().transcribe(piece, &hints).unwrap()
}

fn texts(transcript: &PieceTranscript) -> Vec<&str> {
    transcript.words.iter().map(|word| word.text.as_str()).collect()
}

#[test]
fn tones_become_words_with_times_and_punctuation() {
    let piece = tones(&[&[NI_HZ], &[HAO_HZ], &[STOP_HZ], &[HELLO_HZ], &[WORLD_HZ], &[WORLD_HZ]], 0.2);
    let transcript = transcribe(&piece, Language::Zh);
    assert_eq!(texts(&transcript), ["你", "好。", "hello", "world", "world"]);
    assert_eq!(transcript.text, "你好。 hello world world");
    assert_eq!((transcript.language, transcript.detected_language.as_deref()), (Language::Zh, Some("zh")));
    assert_eq!((transcript.tokens, transcript.guards.len()), (6, 0));
    assert!(transcript.confidence > 0.8 && transcript.confidence <= 1.0, "{transcript:?}");
    // A tone begins every 0.3 s, the full stop has no word of its own; the model looks at steps of 60 ms.
    for (word, start_s) in transcript.words.iter().zip([0.3, 0.6, 1.2, 1.5, 1.8]) {
        assert!((word.start_s - start_s).abs() <= 0.06, "{word:?} should begin at {start_s}");
        // At most 0.4 s, and 0.3 s more for the full stop.
        assert!(word.end_s > word.start_s && word.end_s - word.start_s <= 0.7, "{word:?}");
    }
    assert_eq!(transcribe(&piece, Language::Zh), transcript, "the same sound gives the same words");
}

#[test]
fn the_tag_of_the_language_is_read() {
    let hello = tones(&[&[HELLO_HZ], &[WORLD_HZ]], 0.2);
    let english = transcribe(&hello, Language::En);
    assert_eq!((english.language, english.detected_language.as_deref()), (Language::En, Some("en")));
    let mandarin = transcribe(&tones(&[&[NI_HZ], &[HAO_HZ]], 0.2), Language::Auto);
    assert_eq!((mandarin.language, mandarin.detected_language.as_deref()), (Language::Zh, Some("zh")));
    let japanese = transcribe(&tones(&[&[NI_HZ], &[JAPANESE_HZ], &[HAO_HZ]], 0.2), Language::Auto);
    assert_eq!(japanese.detected_language.as_deref(), Some("ja"));
}

#[test]
fn the_tag_of_the_emotion_reaches_nobody() {
    // The generated model always says HAPPY.
    let transcript = transcribe(&tones(&[&[HELLO_HZ]], 0.2), Language::En);
    assert!(!format!("{transcript:?}").to_lowercase().contains("happy"), "{transcript:?}");
}

#[test]
fn silence_and_sounds_that_are_no_speech_never_become_words() {
    let quiet = transcribe(&tones(&[&[]], 0.2), Language::En);
    assert!(quiet.words.is_empty() && quiet.guards.is_empty(), "{quiet:?}");
    let nobody = transcribe(&tones(&[&[HELLO_HZ], &[NOBODY_HZ]], 0.2), Language::En);
    assert_eq!((nobody.words.len(), nobody.guards.as_slice()), (0, &[Guard::NoSpeech][..]));
    assert_eq!(nobody.detected_language, None);
    // Music under clear words changes nothing; doubtful words under music are dropped.
    let song = transcribe(&tones(&[&[HELLO_HZ], &[MUSIC_HZ]], 0.2), Language::En);
    assert_eq!((texts(&song), song.guards.len()), (vec!["hello"], 0));
    // Four words at once, equally probable: a quarter each.
    let at_once = vec![(NI_HZ, 0.3), (HAO_HZ, 0.17), (HELLO_HZ, 0.105), (WORLD_HZ, 0.062)];
    let hum = transcribe(&mixed(&[at_once.clone(), vec![(MUSIC_HZ, 0.2)]]), Language::En);
    assert_eq!((hum.words.len(), hum.guards.as_slice()), (0, &[Guard::NoSpeech][..]), "{hum:?}");
    let babble = transcribe(&mixed(&[at_once]), Language::En);
    assert_eq!(
        (babble.words.len(), babble.guards.as_slice()),
        (0, &[Guard::LowProbability][..]),
        "{babble:?}"
    );
}

#[test]
fn odd_sound_does_no_harm() {
    let mut voice = load();
    let hints = TranscriptionHints::default();
    let spoken = |samples: Vec<f32>| SpeechPiece { samples, speech: vec![Span { start_s: 0.0, end_s: 0.5 }] };
    for samples in
        [vec![], vec![0.5; 300], vec![1.0; 1_600], vec![f32::MAX; 4_000], vec![f32::MIN_POSITIVE; 4_000]]
    {
        if let Ok(transcript) = voice.transcribe(&spoken(samples), &hints) {
            assert!(transcript.confidence.is_finite() && transcript.words.len() <= 3, "{transcript:?}");
        }
    }
    let error = voice.transcribe(&spoken(vec![0.0; 31 * 16_000]), &hints).unwrap_err().to_string();
    assert!(error.contains("too long"), "{error}");
}

#[test]
fn files_of_another_model_are_refused_with_the_reason() {
    let runtime = runtime();
    let load =
        |model: &Path, tokens: &Path| SenseVoice::load_files(&runtime, model, tokens, 1).err().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let written = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let tokens = std::fs::read_to_string(fixture("tokens.txt")).unwrap();
    let longer = written("longer.txt", &format!("{tokens}more 20\n"));
    let error = load(&fixture("model.onnx"), &longer);
    assert!(error.to_string().contains("vocab_size is 20 instead of 21"), "{error}");
    let error = load(&fixture("model.onnx"), &written("gap.txt", "a 0\nb 5\n"));
    assert!(error.to_string().contains("line 2"), "{error}");
    assert!(matches!(load(&fixture("model.onnx"), &folder.path().join("none")), ModelError::Io { .. }));
    let error = load(&written("model.onnx", "no model"), &fixture("tokens.txt"));
    assert!(matches!(error, ModelError::Inference { .. }), "{error}");
    // A model of sentences is loaded by ONNX Runtime but carries no such metadata.
    let silero = store().file("silero-vad", "model").expect("run `interview models pull` first");
    let error = load(&silero, &fixture("tokens.txt")).to_string();
    assert!(error.contains("metadata"), "{error}");
}
