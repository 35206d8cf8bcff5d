//! The models of this process: loaded when first needed, once, and kept for the next interview.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use interview_models::minilm::Embedder;
use interview_models::silero::SileroVad;
use interview_models::{Device, ModelError, ModelStore, Runtime, SessionOptions, Transcriber, recogniser};
use interview_schemas::features::ModelUse;
use interview_schemas::policy::ResolvedPolicy;

use crate::perception::vision::VisionModels;

/// One recogniser per model: what one thread needs to transcribe in every language of a job.
pub(crate) type Recognisers = BTreeMap<String, Box<dyn Transcriber>>;

/// Everything that can be loaded.
pub(crate) struct Hub {
    store: ModelStore,
    library: Option<PathBuf>,
    device: Device,
    shared: Option<PathBuf>,
    runtime: Option<Runtime>,
    vad: Option<SileroVad>,
    recognisers: Vec<Recognisers>,
    /// Sentence embeddings.
    pub(crate) embedder: Option<Embedder>,
    vision: Option<(bool, VisionModels)>,
}

/// What the threads of one job work with.
pub(crate) struct Lent<'a> {
    /// Voice activity detection.
    pub vad: &'a mut Option<SileroVad>,
    /// Recognisers, a set per thread.
    pub recognisers: &'a mut [Recognisers],
    /// Vision models, where they were loaded.
    pub eyes: Option<&'a mut VisionModels>,
}

impl Hub {
    /// `shared`: the socket of the process that holds the models for several, where there is one.
    pub(crate) fn new(
        store: ModelStore,
        library: Option<PathBuf>,
        device: Device,
        shared: Option<PathBuf>,
    ) -> Self {
        // The device is then the business of that process. What stays here is voice activity detection: small, with
        // a memory of its own from frame to frame.
        let device = if shared.is_some() { Device::Cpu } else { device };
        Self {
            store,
            library,
            device,
            shared,
            runtime: None,
            vad: None,
            recognisers: Vec::new(),
            embedder: None,
            vision: None,
        }
    }

    pub(crate) fn store(&self) -> &ModelStore {
        &self.store
    }

    /// The models loaded so far, one entry per session.
    pub(crate) fn loaded(&self) -> Vec<String> {
        self.runtime.as_ref().map(Runtime::loaded).unwrap_or_default()
    }

    fn ensure_runtime(&mut self) -> Result<(), ModelError> {
        if self.runtime.is_none() {
            let library = self.store.locate_runtime_library(self.library.as_deref())?;
            self.runtime = Some(Runtime::load(&library, self.device)?.with_shared(self.shared.clone()));
        }
        Ok(())
    }

    /// The runtime with the store, both loaded.
    fn runtime(&mut self) -> Result<(&Runtime, &ModelStore), ModelError> {
        self.ensure_runtime()?;
        match &self.runtime {
            Some(runtime) => Ok((runtime, &self.store)),
            None => Err(ModelError::Runtime("not loaded".to_owned())),
        }
    }

    /// Loads what listening needs: voice activity detection, and `threads` recognisers of each model.
    pub(crate) fn load_ears(&mut self, models: &BTreeSet<String>, threads: usize) -> Result<(), ModelError> {
        if self.vad.is_none() {
            let (runtime, store) = self.runtime()?;
            self.vad = Some(SileroVad::load(runtime, store)?);
        }
        for model in models {
            let missing =
                threads.saturating_sub(self.recognisers.iter().filter(|set| set.contains_key(model)).count());
            if missing == 0 {
                continue;
            }
            let (runtime, store) = self.runtime()?;
            let loaded = recogniser::load(model, runtime, store, missing)?;
            self.recognisers.resize_with(self.recognisers.len().max(threads), BTreeMap::new);
            let free = self.recognisers.iter_mut().filter(|set| !set.contains_key(model));
            for (set, recogniser) in free.zip(loaded) {
                set.insert(model.clone(), recogniser);
            }
        }
        Ok(())
    }

    /// Loads sentence embeddings where the model is installed. They are made when nothing else runs any more, so
    /// their operators may use all threads.
    pub(crate) fn load_embedder(&mut self, threads: usize) -> Result<(), ModelError> {
        if self.embedder.is_none() && self.store.has(interview_models::minilm::MODEL) {
            let (runtime, store) = self.runtime()?;
            self.embedder = Some(Embedder::load(runtime, store, SessionOptions { threads })?);
        }
        Ok(())
    }

    /// Drops what the policy of the next job forbids: a job without expression or without picture never shares
    /// the process with those models.
    pub(crate) fn forget_forbidden(&mut self, policy: &ResolvedPolicy) {
        let unfit = |expression: bool| !policy.picture || expression != policy.expression;
        if self.vision.as_ref().is_some_and(|(expression, _)| unfit(*expression)) {
            self.vision = None;
        }
    }

    /// Loads what looking needs.
    pub(crate) fn load_eyes(&mut self, policy: &ResolvedPolicy) -> Result<(), ModelError> {
        if self.vision.is_none() {
            let (runtime, store) = self.runtime()?;
            self.vision = Some((policy.expression, VisionModels::load(runtime, store, policy)?));
        }
        Ok(())
    }

    /// Lends what was loaded to the threads of one job.
    pub(crate) fn lend(&mut self) -> Lent<'_> {
        Lent {
            vad: &mut self.vad,
            recognisers: &mut self.recognisers,
            eyes: self.vision.as_mut().map(|(_, models)| models),
        }
    }

    /// Names of the vision models that are loaded.
    pub(crate) fn vision_models(&self) -> Vec<String> {
        self.vision.iter().flat_map(|(_, models)| models.uses()).map(|model| model.name.clone()).collect()
    }

    /// Names, versions and checksums of models, ordered by name.
    pub(crate) fn uses(&self, names: &BTreeSet<String>) -> Result<Vec<ModelUse>, ModelError> {
        names.iter().map(|name| self.store.model_use(name)).collect()
    }
}
