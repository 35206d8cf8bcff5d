//! Access to the queue for commands: the option, a runtime, errors.

use std::future::Future;
use std::sync::Arc;

use clap::Args;
use interview_queue::{Queue, QueueError, QueueUrl};
use interview_schemas::ErrorCode;

use crate::error::CommandError;

/// Which queue.
#[derive(Debug, Clone, Args)]
pub(crate) struct QueueArgs {
    /// The queue: amqp://user:password@host/vhost, amqps://… or sqlite:FILE. Prefer the variable to the option: other
    /// users of the machine can read command lines.
    #[arg(long = "queue", value_name = "URL", env = "INTERVIEW_QUEUE", hide_env_values = true)]
    pub(crate) url: QueueUrl,
}

impl QueueArgs {
    /// Opens the queue and does something with it.
    ///
    /// # Errors
    /// When the queue cannot be reached, or what the work says.
    pub(crate) fn with<T, F>(&self, work: impl FnOnce(Arc<dyn Queue>) -> F) -> Result<T, CommandError>
    where
        F: Future<Output = Result<T, CommandError>>,
    {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
                CommandError::new(ErrorCode::Internal, format!("no runtime for the queue: {error}"))
            })?;
        runtime.block_on(async {
            let queue = interview_queue::connect(&self.url).await?;
            work(queue).await
        })
    }
}

impl From<QueueError> for CommandError {
    fn from(error: QueueError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
