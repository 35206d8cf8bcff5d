//! The adapter end to end with generated models: random weights, real shapes.

use std::io::Write;

use interview_schemas::perception::Span;

use super::testing::{Thought, scripted_model, tiny_model};
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

/// Control tokens of a multilingual model of 99 languages, as whisper.cpp numbers them.
const END: usize = 50_257;
const ENGLISH: usize = 50_259;
const MANDARIN: usize = 50_260;
const JAPANESE: usize = 50_266;
const NO_SPEECH: usize = 50_362;
/// A logit that leaves no doubt.
const SURE: f32 = 32.0;
/// Position at which the first token of the text is chosen.
const FIRST: usize = 2;

fn scripted(thoughts: &[Thought]) -> Whisper {
    let file = model_file(&scripted_model(thoughts));
    Whisper::load_file(file.path(), "whisper-tiny", &[Language::En, Language::Zh], 1).unwrap().remove(0)
}

/// So many different tokens, each the beginning of a word.
fn text_tokens(count: usize) -> Vec<usize> {
    (0..).map(|index| 1_000 + 2 * index).filter(|id| id % 7 != 0).take(count).collect()
}

fn sure(token: usize) -> Thought {
    vec![(token, SURE)]
}

/// Nothing before the text, then these thoughts.
fn text(thoughts: impl IntoIterator<Item = Thought>) -> Vec<Thought> {
    std::iter::repeat_n(sure(ENGLISH), FIRST).chain(thoughts).collect()
}

fn plain(language: Language) -> TranscriptionHints {
    TranscriptionHints { language, vocabulary: Vec::new() }
}

#[test]
fn what_the_model_is_sure_of_becomes_words_with_times() {
    let tokens = text_tokens(5);
    let ends = tokens.iter().copied().chain([END]).map(sure);
    let transcript = scripted(&text(ends)).transcribe(&piece(2.0), &plain(Language::En)).unwrap();
    assert_eq!((transcript.words.len(), transcript.tokens), (5, 5), "{transcript:?}");
    assert!(transcript.guards.is_empty() && transcript.confidence > 0.99, "{transcript:?}");
    let starts: Vec<f64> = transcript.words.iter().map(|word| word.start_s).collect();
    assert!(starts.is_sorted() && starts[0] >= 0.1 && starts[4] <= 1.9, "{starts:?}");
}

#[test]
fn the_language_is_the_one_the_model_hears() {
    for (heard, code, language) in [
        (ENGLISH, "en", Language::En),
        (MANDARIN, "zh", Language::Zh),
        // A language that is not transcribed is named, so that the transcript can be refused.
        (JAPANESE, "ja", Language::En),
    ] {
        let mut thoughts = vec![vec![(heard, SURE), (ENGLISH, 2.0)], sure(heard)];
        thoughts.extend(text_tokens(3).into_iter().chain([END]).map(sure));
        let transcript = scripted(&thoughts).transcribe(&piece(1.5), &plain(Language::Auto)).unwrap();
        assert_eq!((transcript.detected_language.as_deref(), transcript.language), (Some(code), language));
    }
}

#[test]
fn the_vocabulary_goes_before_the_text() {
    // Every position thinks of another token: the text tells at which position it began.
    let tokens = text_tokens(30);
    let mut whisper = scripted(&text(tokens.iter().copied().map(sure)));
    let hints = TranscriptionHints { language: Language::En, vocabulary: vec!["bada".to_owned()] };
    let prompt = whisper.prompt(Language::En, &hints.vocabulary);
    assert!((1..20).contains(&prompt.len()), "{}", prompt.len());
    let samples = piece(1.0).samples;
    let first = |whisper: &mut Whisper, prompt: &[c_int]| {
        usize::try_from(whisper.attempt(&samples, Language::En, prompt, 0.0).unwrap().tokens[0].id).unwrap()
    };
    assert_eq!(first(&mut whisper, &[]), tokens[0]);
    // The prompt and the token in front of it.
    assert_eq!(first(&mut whisper, &prompt), tokens[prompt.len() + 1]);
}

#[test]
fn a_doubtful_attempt_is_made_again_at_a_higher_temperature() {
    // At temperature 0 the best token has a probability of 0.05; divided by 0.2 the same logits leave no doubt.
    let doubtful = |token: usize| vec![(token, 8.0)];
    let thoughts = text(text_tokens(4).into_iter().map(doubtful).chain([sure(END)]));
    let mut whisper = scripted(&thoughts);
    let samples = piece(1.0).samples;
    let cold = whisper.attempt(&samples, Language::En, &[], 0.0).unwrap();
    assert!(mean_log_probability(&cold.tokens) < LEAST_LOG_PROBABILITY);
    let transcript = whisper.transcribe(&piece(1.0), &plain(Language::En)).unwrap();
    assert!(transcript.guards.is_empty() && transcript.words.len() == 4, "{transcript:?}");
    assert!(transcript.average_log_probability > LEAST_LOG_PROBABILITY);
}

#[test]
fn improbable_words_are_dropped_at_every_temperature() {
    // Two hundred tokens, all as probable: at no temperature better than 1 of 200.
    let guess: Thought = text_tokens(200).into_iter().map(|token| (token, 20.0)).collect();
    let transcript = scripted(&text([guess])).transcribe(&piece(1.5), &plain(Language::En)).unwrap();
    assert_eq!((transcript.guards.as_slice(), transcript.words.len()), (&[Guard::LowProbability][..], 0));
}

#[test]
fn doubtful_words_where_nobody_speaks_are_dropped_at_once() {
    // The start token tells that nobody speaks; what is written nevertheless is improbable.
    let doubtful: Thought = vec![(text_tokens(1)[0], 8.0)];
    let thoughts = |start: Thought| vec![start, sure(ENGLISH), doubtful.clone()];
    let silent = scripted(&thoughts(sure(NO_SPEECH))).transcribe(&piece(1.0), &plain(Language::En));
    let transcript = silent.unwrap();
    assert_eq!((transcript.guards.as_slice(), transcript.words.len()), (&[Guard::NoSpeech][..], 0));
    // Where somebody speaks, the same words are tried again instead.
    let spoken = scripted(&thoughts(sure(ENGLISH))).transcribe(&piece(1.0), &plain(Language::En)).unwrap();
    assert!(!spoken.guards.contains(&Guard::NoSpeech), "{spoken:?}");
}

#[test]
fn a_model_that_repeats_itself_is_not_believed() {
    let transcript = scripted(&text([sure(text_tokens(1)[0])])).transcribe(&piece(1.5), &plain(Language::En));
    let transcript = transcript.unwrap();
    assert_eq!((transcript.guards.as_slice(), transcript.words.len()), (&[Guard::RepetitionLoop][..], 0));
}

#[test]
fn a_model_that_never_ends_is_stopped_at_the_token_cap() {
    let endless = text(text_tokens(30).into_iter().map(sure));
    let transcript = scripted(&endless).transcribe(&piece(1.0), &plain(Language::En)).unwrap();
    assert_eq!(transcript.guards, [Guard::TokenCap]);
    let cap = usize::try_from(token_cap(1.0)).unwrap();
    assert!((cap..=cap + 1).contains(&transcript.tokens), "{} of {cap}", transcript.tokens);
}
