//! What can go wrong between a program and its queue.

use interview_schemas::ErrorCode;

/// A failure of the queue.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QueueError {
    /// The address, the credentials, a certificate or the topology is wrong: trying again does not help.
    #[error("queue {queue}: {message}")]
    Configuration {
        /// The queue, without its password.
        queue: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// The queue cannot be reached now, or did not answer in time.
    #[error("queue {queue} is not available: {message}")]
    Unavailable {
        /// The queue, without its password.
        queue: String,
        /// What happened.
        message: String,
    },
    /// The broker took the message, but no queue is bound to receive it: it is lost, so nothing may be acknowledged.
    #[error("nothing is bound to exchange {exchange} for {routing_key}: run `interview queue setup`")]
    Unroutable {
        /// The exchange.
        exchange: String,
        /// The routing key.
        routing_key: String,
    },
    /// The broker refused to store the message: the queue is full.
    #[error("{target} does not take the message: the queue is full; take messages out or raise its limit")]
    Refused {
        /// Where the message should have gone.
        target: String,
    },
    /// The lease was lost (connection cut, consumer timeout): the job belongs to somebody else by now.
    #[error("the lease of message {message_id} was lost; the job is or will be given to another worker")]
    LeaseLost {
        /// The message.
        message_id: String,
    },
    /// No dead letter has this id.
    #[error("there is no dead letter {0}")]
    NotFound(String),
    /// The message is larger than the queue takes.
    #[error("the job has {bytes} bytes; the queue takes at most {limit}")]
    TooLarge {
        /// Size of the message.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A defect of this program.
    #[error("internal error of the queue: {0}; please report it")]
    Internal(String),
}

impl QueueError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Configuration { .. } | Self::Unroutable { .. } => ErrorCode::Configuration,
            Self::Unavailable { .. } | Self::Refused { .. } | Self::LeaseLost { .. } => ErrorCode::Queue,
            Self::NotFound(_) | Self::TooLarge { .. } => ErrorCode::InvalidJob,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }

    /// Whether the same call may succeed later without anybody acting.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Refused { .. })
    }
}
