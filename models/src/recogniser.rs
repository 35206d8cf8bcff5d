//! Which recogniser transcribes which language, and loading it.

use interview_schemas::Language;

use crate::manifest::ModelEntry;
use crate::moonshine::{self, Moonshine};
use crate::sense_voice::{self, SenseVoice};
use crate::shared::SharedRecogniser;
use crate::transcriber::PieceLengths;
use crate::{ModelError, ModelStore, Runtime, Transcriber};

/// Task of recognisers in the manifest.
const TASK: &str = "speech-to-text";
/// The multilingual model to pull when there is none.
const SUGGESTED: &str = "whisper-small";
/// Role of the file of the models that whisper.cpp runs.
const GGML: &str = "ggml";

/// The recogniser for a language among the installed ones that this program can run: the one for fewest
/// languages, which knows its language best for its cost; among equals the largest. For [`Language::Auto`] one
/// that knows English and Mandarin, else one that knows English: its transcripts are then doubted more easily.
///
/// # Errors
/// [`ModelError::Missing`] with the model to pull when none is installed that understands the language.
pub fn choose(language: Language, store: &ModelStore) -> Result<String, ModelError> {
    let installed = |wanted: &[Language]| {
        let models = store.manifest().model.iter();
        models
            .filter(|(name, entry)| understands(name, entry, wanted) && store.has(name))
            .min_by_key(|(_, entry)| {
                let bytes = entry.files.values().fold(0u64, |sum, file| sum.saturating_add(file.bytes));
                (entry.languages.len(), std::cmp::Reverse(bytes))
            })
            .map(|(name, _)| name.clone())
    };
    let found = match language {
        Language::Auto => installed(&[Language::En, Language::Zh]).or_else(|| installed(&[Language::En])),
        known => installed(&[known]),
    };
    let suggested = if language == Language::Zh { SUGGESTED } else { moonshine::MODEL };
    found.ok_or_else(|| missing(suggested, store))
}

/// Whether a model is a recogniser of all these languages that this program can run.
fn understands(name: &str, entry: &ModelEntry, languages: &[Language]) -> bool {
    let runs = [moonshine::MODEL, sense_voice::MODEL].contains(&name)
        || (cfg!(feature = "whisper") && entry.files.contains_key(GGML));
    runs && entry.task == TASK && languages.iter().all(|language| entry.languages.contains(language))
}

/// The error that names the first file of a model that is not there.
fn missing(model: &str, store: &ModelStore) -> ModelError {
    let entry = store.manifest().entry(model);
    let absent =
        entry.ok().and_then(|entry| entry.files.keys().find_map(|role| store.file(model, role).err()));
    absent.unwrap_or_else(|| ModelError::Unknown(format!("speech recogniser {model:?}")))
}

/// How long the pieces of speech should be for a recogniser.
#[must_use]
pub fn piece_lengths(model: &str) -> PieceLengths {
    match model {
        moonshine::MODEL => moonshine::PIECE_LENGTHS,
        sense_voice::MODEL => sense_voice::PIECE_LENGTHS,
        // Whisper looks at 30 s whatever the length, so a piece is as long as it can be; a margin keeps the last
        // word in.
        _ => PieceLengths { enough_s: 28.0, limit_s: 28.0 },
    }
}

/// Loads so many instances of a recogniser, one for each thread; they share their weights as far as the library
/// beneath allows. Models of whisper.cpp run on the processor. Where the runtime has its models in another process,
/// they are recognisers of that process.
///
/// # Errors
/// [`ModelError`] when files are missing or damaged or the device cannot run them; [`ModelError::Unknown`] when
/// the manifest calls something a recogniser that this program cannot run.
pub fn load(
    model: &str,
    runtime: &Runtime,
    store: &ModelStore,
    instances: usize,
) -> Result<Vec<Box<dyn Transcriber>>, ModelError> {
    if let Some(first) = runtime.connection() {
        let more = (1..instances).filter_map(|_| runtime.connection());
        let open = |connection| SharedRecogniser::open(model, store, connection);
        let opened = std::iter::once(first).chain(more).take(instances).map(open);
        runtime.record(model);
        return opened.map(|one| Ok(Box::new(one?) as Box<dyn Transcriber>)).collect();
    }
    if model == moonshine::MODEL {
        let loaded = Moonshine::load(runtime, store, instances)?;
        return Ok(loaded.into_iter().map(|one| Box::new(one) as Box<dyn Transcriber>).collect());
    }
    if model == sense_voice::MODEL {
        let loaded = SenseVoice::load(runtime, store, instances)?;
        return Ok(loaded.into_iter().map(|one| Box::new(one) as Box<dyn Transcriber>).collect());
    }
    #[cfg(feature = "whisper")]
    if store.manifest().entry(model)?.files.contains_key(GGML) {
        let loaded = crate::whisper::Whisper::load(runtime, store, model, instances)?;
        return Ok(loaded.into_iter().map(|one| Box::new(one) as Box<dyn Transcriber>).collect());
    }
    Err(ModelError::Unknown(format!("recogniser {model:?} that this program can run")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Manifest;

    /// What is chosen where the named models are installed, as empty files.
    fn chosen(models: &[&str], language: Language) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let store = ModelStore::new(folder.path(), Manifest::built_in().unwrap());
        for model in models {
            for (role, file) in &store.manifest().entry(model).unwrap().files {
                let path = store.location(model, role).unwrap();
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                // A hole of the right length takes no room.
                std::fs::File::create(path).unwrap().set_len(file.bytes).unwrap();
            }
        }
        choose(language, &store).map_err(|error| error.to_string())
    }

    #[test]
    fn english_is_for_moonshine_and_else_for_whisper() {
        assert_eq!(chosen(&[moonshine::MODEL, "whisper-base"], Language::En).unwrap(), moonshine::MODEL);
        let error = chosen(&[], Language::En).unwrap_err();
        assert!(error.contains(moonshine::MODEL) && error.contains("interview models pull"), "{error}");
        #[cfg(feature = "whisper")]
        assert_eq!(chosen(&["whisper-base"], Language::En).unwrap(), "whisper-base");
    }

    #[cfg(feature = "whisper")]
    #[test]
    fn mandarin_and_unknown_languages_are_for_the_largest_whisper() {
        let all = [moonshine::MODEL, "whisper-base", "whisper-medium", "whisper-tiny"];
        assert_eq!(chosen(&all, Language::Zh).unwrap(), "whisper-medium");
        assert_eq!(chosen(&all, Language::Auto).unwrap(), "whisper-medium");
    }

    #[test]
    fn sense_voice_serves_mandarin_where_no_larger_model_is_installed() {
        let both = [moonshine::MODEL, sense_voice::MODEL];
        assert_eq!(chosen(&both, Language::Zh).unwrap(), sense_voice::MODEL);
        assert_eq!(chosen(&both, Language::Auto).unwrap(), sense_voice::MODEL);
        assert_eq!(chosen(&both, Language::En).unwrap(), moonshine::MODEL);
    }

    #[test]
    fn without_a_multilingual_model_mandarin_is_an_error_that_names_one() {
        let error = chosen(&[moonshine::MODEL], Language::Zh).unwrap_err();
        assert!(error.contains(SUGGESTED) && error.contains("pull"), "{error}");
        assert_eq!(chosen(&[moonshine::MODEL], Language::Auto).unwrap(), moonshine::MODEL);
    }
}
