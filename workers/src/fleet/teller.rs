//! Says progress beside the work: it never holds the work up, and what cannot be said in time is left out.

use std::sync::Arc;
use std::time::Duration;

use interview_queue::Queue;
use interview_schemas::Event;
use interview_schemas::event::{InterviewStatus, Progress, ProgressStage};
use interview_schemas::event_making::EventContext;
use interview_schemas::job::Job;
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::JoinHandle;

/// Events that may wait to be said.
const WAITING: usize = 16;
/// How long the work waits, at its end, for what is still unsaid.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Says the progress of one job.
pub(crate) struct Teller {
    events: Sender<Event>,
    task: JoinHandle<()>,
    context: EventContext,
    job: Job,
    attempt: u32,
}

impl Teller {
    /// Begins with the status "being analysed".
    pub(crate) fn begin(queue: Arc<dyn Queue>, context: EventContext, job: &Job, attempt: u32) -> Self {
        let (events, mut waiting) = channel::<Event>(WAITING);
        let task = tokio::spawn(async move {
            while let Some(event) = waiting.recv().await {
                if let Err(error) = queue.publish(&[event]).await {
                    tracing::debug!(%error, "progress could not be said");
                }
            }
        });
        let teller = Self { events, task, context, job: job.clone(), attempt };
        teller.say(teller.context.status(job, attempt, InterviewStatus::Analysing));
        teller
    }

    fn say(&self, event: Event) {
        // A queue that is full or gone is no reason to wait.
        let _ = self.events.try_send(event);
    }

    /// Says that a stage has got on.
    pub(crate) fn progress(&self, stage: ProgressStage, done_s: f64, total_s: Option<f64>) {
        self.say(self.context.progress(Progress {
            job_id: self.job.job_id.clone(),
            tenant: self.job.tenant.clone(),
            candidate: self.job.candidate.reference.clone(),
            attempt: self.attempt,
            stage,
            title: stage.title(),
            done_s,
            total_s,
        }));
    }

    /// Ends: what was said before stands before what comes after.
    pub(crate) async fn end(self) {
        let Self { events, task, .. } = self;
        drop(events);
        let abort = task.abort_handle();
        if tokio::time::timeout(LAST_WORDS, task).await.is_err() {
            abort.abort();
        }
    }
}

/// The stage of this name.
pub(crate) fn stage(name: &str) -> Option<ProgressStage> {
    ProgressStage::ALL.into_iter().find(|stage| stage.as_str() == name)
}
