//! ONNX Runtime: found and loaded at run time, so that one program serves CPU and GPU; the library beside
//! it decides what is possible. Sessions are made here and nowhere else, and each is written down.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ort::environment::Environment;
use ort::ep::{CPU, CUDA, ExecutionProvider};
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::session::{Session, SessionOutputs};

use crate::session::ModelSession;
use crate::shared::Connection;
use crate::{Device, ModelError, ModelStore};

/// A loaded ONNX Runtime with the device its sessions run on.
pub struct Runtime {
    environment: Environment,
    device: Device,
    library: PathBuf,
    loaded: Mutex<Vec<String>>,
    /// Where another process holds the models, its socket.
    shared: Option<PathBuf>,
}

/// How one session is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionOptions {
    /// Threads within one operator; 1 lets several sessions run side by side, which is faster than one
    /// session with several threads, for every model of which there is enough to do side by side.
    pub threads: usize,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self { threads: 1 }
    }
}

impl Runtime {
    /// Loads the ONNX Runtime library and checks that the device can be used.
    ///
    /// # Errors
    /// [`ModelError::Runtime`] when the library cannot be loaded, [`ModelError::Device`] when a graphics card
    /// was asked for and is not there: never a quiet run on the processor.
    pub fn load(library: &Path, device: Device) -> Result<Self, ModelError> {
        let (environment, library) = process_environment(library)?;
        let mut runtime =
            Self { environment, device: Device::Cpu, library, loaded: Mutex::new(Vec::new()), shared: None };
        runtime.device = match device {
            Device::Cpu => Device::Cpu,
            Device::Cuda(number) => {
                runtime.check_cuda(number)?;
                device
            }
            Device::Auto => match runtime.check_cuda(0) {
                Ok(()) => Device::Cuda(0),
                Err(reason) => {
                    tracing::info!(%reason, "no graphics card: running on the processor");
                    Device::Cpu
                }
            },
        };
        Ok(runtime)
    }

    fn check_cuda(&self, number: u32) -> Result<(), ModelError> {
        let device = Device::Cuda(number).to_string();
        let refuse = |reason: String| ModelError::Device { device: device.clone(), reason };
        if !CUDA::is_available().unwrap_or(false) {
            return Err(refuse(format!(
                "the ONNX Runtime library {} has no CUDA provider; install its GPU build beside the program or \
                 point ORT_DYLIB_PATH to it, or run with --device cpu",
                self.library.display()
            )));
        }
        let builder = Session::builder(&self.environment).map_err(|error| refuse(error.to_string()))?;
        builder.with_execution_providers([cuda(number)]).map(drop).map_err(|error| {
            refuse(format!("CUDA cannot be used: {error}; check the driver or run with --device cpu"))
        })
    }

    /// The device the sessions run on; never [`Device::Auto`].
    #[must_use]
    pub fn device(&self) -> Device {
        self.device
    }

    /// The library that was loaded.
    #[must_use]
    pub fn library(&self) -> &Path {
        &self.library
    }

    /// What ONNX Runtime says of itself: version and build.
    #[must_use]
    pub fn info(&self) -> &'static str {
        ort::info()
    }

    /// Which of the execution providers that this program can use the library has, by ONNX Runtime's names; a
    /// provider that is there can still find no device.
    #[must_use]
    pub fn providers(&self) -> Vec<&'static str> {
        fn available<P: ExecutionProvider>() -> Option<&'static str> {
            P::is_available().unwrap_or(false).then_some(P::NAME)
        }
        [available::<CPU>(), available::<CUDA>()].into_iter().flatten().collect()
    }

    /// The names of the models for which a session was made, in order: the proof of what was and what was
    /// not in the process.
    #[must_use]
    pub fn loaded(&self) -> Vec<String> {
        self.loaded.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Makes a session builder with the device and thread settings of this runtime.
    ///
    /// # Errors
    /// [`ModelError::Inference`] with what ONNX Runtime said.
    pub fn builder(&self, model: &str, options: SessionOptions) -> Result<SessionBuilder, ModelError> {
        let fail = |error: ort::Error<SessionBuilder>| ModelError::inference(model, error);
        let mut builder = Session::builder(&self.environment)
            .map_err(|error| ModelError::inference(model, error))?
            .with_intra_threads(options.threads)
            .map_err(fail)?
            // Threads that wait must not burn the processor time of other sessions.
            .with_intra_op_spinning(false)
            .map_err(fail)?
            .with_inter_threads(1)
            .map_err(fail)?
            .with_optimization_level(GraphOptimizationLevel::Level3)
            .map_err(fail)?;
        if let Device::Cuda(number) = self.device {
            builder = builder.with_execution_providers([cuda(number)]).map_err(fail)?;
        }
        Ok(builder)
    }

    /// Lets the process that listens at this socket run the networks (see [`crate::shared`]).
    #[must_use]
    pub fn with_shared(self, address: Option<PathBuf>) -> Self {
        Self { shared: address, ..self }
    }

    /// A new connection to the process that holds the models, where there is one.
    #[must_use]
    pub fn connection(&self) -> Option<Connection> {
        self.shared.as_deref().map(Connection::new)
    }

    /// Loads a model of the manifest whose file has the role `model`, here or in the process that holds the models.
    ///
    /// # Errors
    /// [`ModelError::Missing`] where its file is not there, [`ModelError::Inference`] with what ONNX Runtime said.
    pub fn network(
        &self,
        model: &str,
        store: &ModelStore,
        options: SessionOptions,
    ) -> Result<ModelSession, ModelError> {
        let Some(mut connection) = self.connection() else {
            return Ok(ModelSession::here(
                model,
                self.session(model, &store.file(model, "model")?, options)?,
            ));
        };
        connection.open(model)?;
        self.record(model);
        Ok(ModelSession::shared(model, connection))
    }

    /// Loads a model file into a session of this process.
    ///
    /// # Errors
    /// [`ModelError::Inference`] with what ONNX Runtime said.
    pub fn session(&self, model: &str, path: &Path, options: SessionOptions) -> Result<Session, ModelError> {
        let started = std::time::Instant::now();
        let session = self
            .builder(model, options)?
            .commit_from_file(path)
            .map_err(|error| ModelError::inference(model, error))?;
        self.record(model);
        tracing::debug!(model, device = %self.device, seconds = started.elapsed().as_secs_f64(), "model loaded");
        Ok(session)
    }

    /// Writes a model down as loaded; for adapters that load in another way than [`Runtime::session`].
    pub fn record(&self, model: &str) {
        self.loaded.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(model.to_owned());
    }
}

/// The environment of this process with the library it came from. ONNX Runtime allows one per process, so it is
/// made by the first call and shared by every later one.
fn process_environment(library: &Path) -> Result<(Environment, PathBuf), ModelError> {
    static SHARED: Mutex<Option<(Environment, PathBuf)>> = Mutex::new(None);
    let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((environment, loaded)) = shared.as_ref() {
        if loaded != library {
            let (loaded, asked) = (loaded.display(), library.display());
            return Err(ModelError::Runtime(format!(
                "{loaded} is loaded already; {asked} cannot be loaded beside it"
            )));
        }
        return Ok((environment.clone(), loaded.clone()));
    }
    let environment = ort::init_from(library)
        .map_err(|error| ModelError::Runtime(format!("{}: {error}", library.display())))?
        .with_name("interview")
        .with_telemetry(false)
        .build()
        .map_err(|error| ModelError::Runtime(error.to_string()))?;
    *shared = Some((environment.clone(), library.to_owned()));
    Ok((environment, library.to_owned()))
}

/// The shape and numbers of an output of a model.
///
/// # Errors
/// [`ModelError::Inference`] when there is no such output or it holds no 32-bit floats.
pub fn output<'a>(
    outputs: &'a SessionOutputs<'_>,
    model: &str,
    name: &str,
) -> Result<(&'a [i64], &'a [f32]), ModelError> {
    let value =
        outputs.get(name).ok_or_else(|| ModelError::inference(model, format!("no output {name:?}")))?;
    let (shape, numbers) =
        value.try_extract_tensor::<f32>().map_err(|error| ModelError::inference(model, error))?;
    Ok((shape, numbers))
}

/// The version that an ONNX Runtime library states, such as `1.31.1`.
///
/// # Errors
/// [`ModelError::Runtime`] when the file is no library or not ONNX Runtime.
pub fn library_version(library: &Path) -> Result<String, ModelError> {
    let fail = |error: libloading::Error| ModelError::Runtime(format!("{}: {error}", library.display()));
    // SAFETY: loading runs the library's initialisers, as loading it for inference does. `OrtGetApiBase` has
    // had this signature in every version (onnxruntime_c_api.h) and returns a static table or null; its version
    // string is static and ends with a zero. Both are read before the library is closed.
    unsafe {
        let opened = libloading::Library::new(library).map_err(fail)?;
        let base: libloading::Symbol<'_, unsafe extern "C" fn() -> *const ort::sys::OrtApiBase> =
            opened.get(b"OrtGetApiBase\0").map_err(fail)?;
        match base().as_ref() {
            Some(base) => {
                Ok(std::ffi::CStr::from_ptr((base.GetVersionString)()).to_string_lossy().into_owned())
            }
            None => Err(ModelError::Runtime(format!("{} has no interface", library.display()))),
        }
    }
}

fn cuda(number: u32) -> ort::ep::ExecutionProviderDispatch {
    CUDA::default().with_device_id(i32::try_from(number).unwrap_or(i32::MAX)).build().error_on_failure()
}
