//! The adapter end to end with generated models: random weights, real shapes.

use std::io::Write;

use interview_schemas::perception::Span;

use super::testing::tiny_model;
use super::*;

fn model_file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn load(seed: u64) -> Whisper {
    let file = model_file(&tiny_model(seed));
    Whisper::load_file(file.path(), "whisper-tiny", &[Language::En, Language::Zh], 1).unwrap().remove(0)
}

/// A buzzing voice of so many seconds.
fn piece(seconds: f64) -> SpeechPiece {
    let samples = (0..(seconds * 16_000.0) as usize)
        .map(|at| {
            let t = at as f32 / 16_000.0;
            0.2 * (t * 700.0).sin() * (1.0 + (t * 20.0).sin()) + 0.1 * (t * 3_000.0).sin()
        })
        .collect();
    SpeechPiece { samples, speech: vec![Span { start_s: 0.1, end_s: seconds - 0.1 }] }
}

fn hints(language: Language) -> TranscriptionHints {
    TranscriptionHints {
        language,
        vocabulary: vec!["Kubernetes".to_owned(), "产品\0经理".to_owned(), String::new()],
    }
}

#[test]
fn a_generated_model_runs_within_its_bounds_and_the_same_way_twice() {
    let mut whisper = load(1);
    assert!(whisper.multilingual);
    let piece = piece(1.0);
    let mut transcripts = Vec::new();
    for language in [Language::En, Language::Auto, Language::En] {
        let transcript = whisper.transcribe(&piece, &hints(language)).unwrap();
        assert_ne!(transcript.language, Language::Auto);
        assert_eq!(transcript.detected_language.is_some(), language == Language::Auto);
        assert!(transcript.tokens <= MOST_PASSES * token_cap(1.0) as usize);
        // Random weights choose among 50,000 tokens at random: either no attempt is acceptable, and the
        // words are dropped with the reason, or the words are probable and lie within the speech.
        if transcript.words.is_empty() {
            assert!(!transcript.guards.is_empty());
        } else {
            assert!(transcript.average_log_probability >= LEAST_LOG_PROBABILITY);
        }
        for word in &transcript.words {
            assert!(word.start_s >= 0.1 && word.end_s <= 0.93, "{word:?}");
        }
        transcripts.push(transcript);
    }
    assert_eq!(transcripts[0], transcripts[2], "the same piece, the same transcript");
}

#[test]
fn every_attempt_keeps_the_token_cap() {
    let mut whisper = load(2);
    let samples = piece(1.5).samples;
    let prompt = whisper.prompt(Language::Zh, &hints(Language::Zh).vocabulary);
    assert!(!prompt.is_empty());
    let mut texts = 0;
    for (prompt, temperature) in [(&prompt[..], 0.0), (&[], 0.0), (&[], 0.8)] {
        let attempt = whisper.attempt(&samples, Language::Zh, prompt, temperature).unwrap();
        assert!(attempt.tokens.len() <= token_cap(1.5) as usize + 1, "{}", attempt.tokens.len());
        assert!((0.0..=1.0).contains(&attempt.no_speech_probability));
        texts += usize::from(!attempt.tokens.is_empty());
    }
    assert!(texts > 0, "random weights write something");
}

#[test]
fn without_speech_there_are_no_words() {
    let mut whisper = load(1);
    let silent = SpeechPiece { samples: vec![0.0; 32_000], speech: Vec::new() };
    for language in [Language::En, Language::Zh, Language::Auto] {
        let transcript = whisper.transcribe(&silent, &hints(language)).unwrap();
        assert!(transcript.words.is_empty() && transcript.text.is_empty());
    }
    let mut short = piece(1.0);
    short.samples.truncate(800);
    assert!(whisper.transcribe(&short, &hints(Language::En)).unwrap().words.is_empty());
    assert!(whisper.transcribe(&piece(31.0), &hints(Language::En)).is_err());
}

#[test]
fn damaged_and_foreign_files_are_refused() {
    let whole = tiny_model(1);
    let load = |bytes: &[u8]| {
        let file = model_file(bytes);
        Whisper::load_file(file.path(), "whisper-tiny", &[Language::En], 1).map(drop)
    };
    load(&whole).unwrap();
    let cut = load(&whole[..whole.len() - 10]).unwrap_err().to_string();
    assert!(cut.contains("cut off within tensor") && cut.contains("interview models"), "{cut}");
    assert!(load(b"GGUF this is another format").unwrap_err().to_string().contains("no GGML file"));
    assert!(load(&[]).is_err());
    // Whole, but with a tensor that whisper.cpp does not know.
    let mut foreign = whole;
    let name = b"decoder.ln.bias";
    let at = foreign.windows(name.len()).position(|window| window == name).unwrap();
    foreign[at..at + name.len()].copy_from_slice(b"decoder.ln.bios");
    assert!(load(&foreign).is_err());
}

#[test]
fn repetition_is_recognised_in_every_script() {
    let token = |text: &str, id| Token {
        id,
        bytes: text.as_bytes().to_vec(),
        log_probability: -0.1,
        start_s: 0.0,
        end_s: 0.1,
    };
    let text = |text: &str| -> Vec<Token> {
        text.chars().map(|letter| token(&letter.to_string(), letter as i32)).collect()
    };
    assert!(repeats_itself(&text(&"谢谢大家".repeat(8))));
    assert!(repeats_itself(&text(&"thank you for watching this. and so ".repeat(6))));
    assert!(!repeats_itself(&text("广州市房地产中介协会分析，甚至出现交易几乎停滞的情况。")));
    assert!(!repeats_itself(&text(
        "ask not what your country can do for you, ask what you can do for your country"
    )));
}

#[test]
fn what_is_left_after_an_early_end_is_found() {
    let piece = SpeechPiece {
        samples: vec![0.0; 16_000 * 20],
        speech: vec![Span { start_s: 0.0, end_s: 8.0 }, Span { start_s: 10.0, end_s: 18.0 }],
    };
    assert_eq!(remainder(&piece, 8.0), Some(9.9));
    assert_eq!(remainder(&piece, 17.0), None);
    assert_eq!(remainder(&piece, 30.0), None);
}
