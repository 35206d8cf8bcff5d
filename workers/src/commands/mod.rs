//! The subcommands, one file each.

pub(crate) mod analyze;
pub(crate) mod dead;
pub(crate) mod decode;
pub(crate) mod doctor;
pub(crate) mod enqueue;
pub(crate) mod features;
pub(crate) mod inputs;
mod job_file;
pub(crate) mod models;
pub(crate) mod profile;
pub(crate) mod queue;
pub(crate) mod results;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use interview_models::{Device, Manifest, ModelStore};
use interview_pipeline::media::Decoders;
use interview_pipeline::score::Library;
use interview_pipeline::text::LexiconLibrary;
use interview_sandbox::Settings;
use interview_schemas::ErrorCode;
use interview_store::S3Options;

use crate::error::CommandError;

/// Where the models lie.
#[derive(Debug, Clone, Args)]
pub(crate) struct StoreArgs {
    /// Folder of the models; default: `interview/models` in the user's cache folder.
    #[arg(long, value_name = "DIR", env = "INTERVIEW_MODELS", global = true)]
    pub(crate) models: Option<PathBuf>,
}

/// How to reach an S3 server.
#[derive(Debug, Clone, Args)]
pub(crate) struct S3Access {
    /// URL of an S3 server that is not Amazon's.
    #[arg(long, value_name = "URL", env = "INTERVIEW_S3_ENDPOINT")]
    s3_endpoint: Option<String>,
    /// Region of the bucket [default: as the AWS SDK finds it, else us-east-1].
    #[arg(long, value_name = "REGION", env = "INTERVIEW_S3_REGION")]
    s3_region: Option<String>,
    /// Name the bucket in the path of the URL; most servers but Amazon's need it.
    #[arg(long, env = "INTERVIEW_S3_PATH_STYLE")]
    s3_path_style: bool,
}

impl S3Access {
    /// The same for a store, with the usual encryption of what is written.
    pub(crate) fn options(&self) -> S3Options {
        S3Options {
            endpoint: self.s3_endpoint.clone(),
            region: self.s3_region.clone(),
            path_style: self.s3_path_style,
            ..S3Options::default()
        }
    }
}

/// Where profiles lie.
#[derive(Debug, Clone, Args)]
pub(crate) struct LibraryArgs {
    /// A folder with profiles, looked into before those that are shipped. May be given several times.
    #[arg(long = "profiles", value_name = "DIR", env = "INTERVIEW_PROFILES", value_delimiter = ':')]
    folders: Vec<PathBuf>,
}

impl LibraryArgs {
    /// The folders, the first one before the others, then the shipped profiles.
    pub(crate) fn library(&self) -> Library {
        let folders = self.folders.iter().rev();
        folders.fold(Library::shipped(), |library, folder| library.with_folder(folder))
    }

    /// The same for jobs that come from elsewhere: published profiles only, by name only.
    pub(crate) fn library_for_jobs(&self) -> Library {
        self.library().for_jobs()
    }

    /// The folders as they were named.
    pub(crate) fn folders(&self) -> &[PathBuf] {
        &self.folders
    }
}

/// Where word lists lie.
#[derive(Debug, Clone, Args)]
pub(crate) struct LexiconArgs {
    /// A folder with word lists that are added to the shipped ones: LANGUAGE/NAME.txt for everybody,
    /// TENANT/LANGUAGE/NAME.txt for the jobs of a tenant.
    #[arg(long, value_name = "DIR", env = "INTERVIEW_LEXICONS")]
    lexicons: Option<PathBuf>,
}

impl LexiconArgs {
    /// Reads and checks the folder; without one the shipped lists.
    ///
    /// # Errors
    /// A configuration error with every problem of the folder.
    pub(crate) fn library(&self) -> Result<LexiconLibrary, CommandError> {
        let Some(folder) = &self.lexicons else { return Ok(LexiconLibrary::shipped()) };
        let library = LexiconLibrary::with_folder(folder).map_err(|error| {
            CommandError::new(ErrorCode::Configuration, format!("--lexicons {}: {error}", folder.display()))
        })?;
        for remark in library.remarks() {
            tracing::warn!("word lists: {remark}");
        }
        tracing::info!(files = library.files(), tenants = library.tenants().count(), "word lists are read");
        Ok(library)
    }

    /// The same as arguments of another command.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        self.lexicons.iter().flat_map(|folder| ["--lexicons".into(), folder.into()]).collect()
    }
}

/// Where recordings are decoded.
#[derive(Debug, Clone, Args)]
pub(crate) struct DecoderArgs {
    /// Decode recordings within this process, without the sandbox: for trusted recordings on machines that
    /// lack its layers (`interview doctor` shows them).
    #[arg(long)]
    pub(crate) insecure_decoder: bool,
    /// Another program for the decoder's process, behind the same layers and checks. For tests of what happens
    /// when a recording has taken it over.
    #[arg(long, value_name = "PROGRAM", hide = true, conflicts_with = "insecure_decoder")]
    decoder_program: Option<PathBuf>,
}

impl DecoderArgs {
    /// The decoders, with a warning where they have no sandbox.
    pub(crate) fn decoders(&self) -> Decoders {
        if self.insecure_decoder {
            tracing::warn!("--insecure-decoder: recordings are decoded without a sandbox");
            return Decoders::in_process();
        }
        let settings = Settings::default();
        Decoders::sandboxed(match &self.decoder_program {
            Some(program) => Settings { program: program.clone(), ..settings },
            None => settings,
        })
    }

    /// The same as arguments of another command.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        if self.insecure_decoder {
            arguments.push("--insecure-decoder".into());
        }
        if let Some(program) = &self.decoder_program {
            arguments.extend(["--decoder-program".into(), program.into()]);
        }
        arguments
    }
}

/// Where and with which library models run.
#[derive(Debug, Clone, Args)]
pub(crate) struct RuntimeArgs {
    /// The ONNX Runtime library; default: beside the program, then the folder of the models.
    #[arg(long, value_name = "FILE", env = "ORT_DYLIB_PATH")]
    pub(crate) onnxruntime: Option<PathBuf>,
    /// cpu, cuda, cuda:N or auto. A GPU that was asked for and is not there is an error.
    #[arg(long, env = "INTERVIEW_DEVICE", default_value = "cpu")]
    pub(crate) device: Device,
}

impl StoreArgs {
    /// Opens the folder with the built-in manifest.
    ///
    /// # Errors
    /// A configuration error when there is no home folder and none was named.
    pub(crate) fn open(&self) -> Result<ModelStore, CommandError> {
        let folder = self.models.clone().or_else(ModelStore::default_folder).ok_or_else(|| {
            CommandError::new(
                ErrorCode::Configuration,
                "this user has no home folder: name a folder for the models with --models or INTERVIEW_MODELS",
            )
        })?;
        Ok(ModelStore::new(folder, Manifest::built_in()?))
    }
}
