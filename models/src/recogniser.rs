//! Which recogniser speaks which language here, and how it is loaded.

use interview_schemas::Language;

use crate::moonshine::Moonshine;
use crate::{ModelError, ModelStore, Runtime, Transcriber};

/// Task of recognisers in the manifest.
const TASK: &str = "speech-to-text";

/// The recogniser for a language among the installed ones: the one for fewest languages, which knows its language
/// best for its cost; among equals the largest. For [`Language::Auto`] one that knows English and Mandarin, else
/// one that knows English.
///
/// # Errors
/// [`ModelError::Missing`] when none is installed that understands the language.
pub fn choose(language: Language, store: &ModelStore) -> Result<String, ModelError> {
    let both =
        |languages: &[Language]| languages.contains(&Language::En) && languages.contains(&Language::Zh);
    let installed = |fits: &dyn Fn(&[Language]) -> bool| {
        let models = store.manifest().model.iter();
        models
            .filter(|(name, entry)| entry.task == TASK && fits(&entry.languages) && store.has(name))
            .min_by_key(|(_, entry)| {
                let bytes: u64 = entry.files.values().map(|file| file.bytes).sum();
                (entry.languages.len(), std::cmp::Reverse(bytes))
            })
            .map(|(name, _)| name.clone())
    };
    let found = match language {
        Language::Auto => {
            installed(&both).or_else(|| installed(&|languages| languages.contains(&Language::En)))
        }
        known => installed(&|languages| languages.contains(&known)),
    };
    found.ok_or_else(|| missing(language, store))
}

/// Says which model could be installed for a language: the smallest.
fn missing(language: Language, store: &ModelStore) -> ModelError {
    let wanted = if language == Language::Auto { Language::En } else { language };
    let smallest = store
        .manifest()
        .model
        .iter()
        .filter(|(_, entry)| entry.task == TASK && entry.languages.contains(&wanted))
        .min_by_key(|(_, entry)| entry.files.values().map(|file| file.bytes).sum::<u64>());
    match smallest {
        Some((name, entry)) => {
            let role = entry.files.keys().next().map(String::as_str).unwrap_or_default();
            match store.location(name, role) {
                Ok(path) => ModelError::Missing { model: name.clone(), path },
                Err(error) => error,
            }
        }
        None => ModelError::Unknown(format!("speech recogniser for language {wanted}")),
    }
}

/// The longest piece a recogniser transcribes well, in seconds: what the pieces of speech are cut for.
#[must_use]
pub fn piece_limit_s(model: &str) -> f64 {
    match model {
        crate::moonshine::MODEL => crate::moonshine::PIECE_LIMIT_S,
        // Whisper's window is 30 s; a margin keeps the last word in.
        _ => 28.0,
    }
}

/// Loads so many instances of a recogniser, one for each thread; they share their weights.
///
/// # Errors
/// [`ModelError::Missing`] or [`ModelError::Inference`]; [`ModelError::Unknown`] when the manifest calls something
/// a recogniser that this program cannot run.
pub fn load(
    model: &str,
    runtime: &Runtime,
    store: &ModelStore,
    instances: usize,
) -> Result<Vec<Box<dyn Transcriber>>, ModelError> {
    match model {
        crate::moonshine::MODEL => Ok(Moonshine::load(runtime, store, instances)?
            .into_iter()
            .map(|instance| Box::new(instance) as Box<dyn Transcriber>)
            .collect()),
        other => Err(ModelError::Unknown(format!("recogniser {other:?} that this program can run"))),
    }
}
