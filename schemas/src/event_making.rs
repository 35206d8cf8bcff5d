//! How events are made: deterministic ids, and everything that one report or one failure has to say.

use jiff::Timestamp;

use crate::event::{
    Artefacts, Event, EventData, InterviewStatus, Progress, ReportCompleted, ReportFailed, SpecVersion,
    StatusChanged, TriggerFired,
};
use crate::job::Job;
use crate::report::Report;
use crate::trace::TraceParent;

/// Who and when: what every event about one job has in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventContext {
    /// Tenant of the job, where it names one.
    pub tenant: Option<String>,
    /// Trace of the job.
    pub traceparent: Option<TraceParent>,
    /// When the event is said.
    pub time: Timestamp,
}

impl EventContext {
    /// The context of a job.
    #[must_use]
    pub fn of(job: &Job, traceparent: Option<TraceParent>, time: Timestamp) -> Self {
        Self { tenant: job.tenant.clone(), traceparent, time }
    }

    fn event(&self, id: String, subject: Option<String>, data: EventData) -> Event {
        let source = match &self.tenant {
            Some(tenant) => format!("urn:interview:{}", urn_part(tenant)),
            None => "urn:interview".to_owned(),
        };
        let Self { traceparent, time, .. } = *self;
        Event { specversion: SpecVersion::V1, id, source, subject, time, traceparent, data }
    }

    /// The event that a stage has come to `progress.done_s`.
    #[must_use]
    pub fn progress(&self, progress: Progress) -> Event {
        let id = format!(
            "{}.{}.{}.{:.0}",
            progress.job_id,
            progress.attempt,
            progress.stage.as_str(),
            progress.done_s
        );
        let subject = progress.job_id.to_string();
        self.event(id, Some(subject), EventData::Progress(progress))
    }

    /// Everything that one report has to say, the report itself first: its id is the report's, so that work done
    /// twice is said with the same ids and the same bodies.
    #[must_use]
    pub fn report(&self, report: &Report, artefacts: Artefacts) -> Vec<Event> {
        let subject = || Some(report.job_id.to_string());
        let completed = ReportCompleted {
            job_id: report.job_id.clone(),
            tenant: self.tenant.clone(),
            candidate: report.candidate.clone(),
            test_candidate: report.test_candidate,
            report_id: report.report_id.clone(),
            features_id: report.features_id.clone(),
            score: report.score,
            grade: report.grade,
            confidence: report.confidence,
            profile: report.profile.clone(),
            artefacts,
        };
        let id = report.report_id.to_string();
        let mut events = vec![self.event(id, subject(), EventData::ReportCompleted(completed))];
        let status = InterviewStatus::proposed_by(report);
        let changed = StatusChanged {
            job_id: report.job_id.clone(),
            tenant: self.tenant.clone(),
            candidate: report.candidate.clone(),
            status,
            title: status.title(),
            proposal: true,
            report_id: Some(report.report_id.clone()),
        };
        let id = format!("{}.status", report.report_id);
        events.push(self.event(id, subject(), EventData::StatusChanged(changed)));
        for trigger in &report.triggers {
            let fired = TriggerFired {
                job_id: report.job_id.clone(),
                tenant: self.tenant.clone(),
                candidate: report.candidate.clone(),
                test_candidate: report.test_candidate,
                report_id: report.report_id.clone(),
                trigger: trigger.name.clone(),
                event: trigger.event.clone(),
                title: trigger.title.clone(),
                score: report.score,
            };
            let id = format!("{}.trigger.{}", report.report_id, trigger.name);
            events.push(self.event(id, subject(), EventData::TriggerFired(fired)));
        }
        events
    }

    /// The event that a job's status is now `status`, before there is a report.
    #[must_use]
    pub fn status(&self, job: &Job, attempt: u32, status: InterviewStatus) -> Event {
        let changed = StatusChanged {
            job_id: job.job_id.clone(),
            tenant: job.tenant.clone(),
            candidate: job.candidate.reference.clone(),
            status,
            title: status.title(),
            proposal: false,
            report_id: None,
        };
        let id = format!("{}.{attempt}.{}", job.job_id, status.as_str());
        self.event(id, Some(job.job_id.to_string()), EventData::StatusChanged(changed))
    }

    /// The event of a change of status with an id of the caller's.
    #[must_use]
    pub fn status_changed(&self, id: String, changed: StatusChanged) -> Event {
        let subject = changed.job_id.to_string();
        self.event(id, Some(subject), EventData::StatusChanged(changed))
    }

    /// The event that there will be no report. `queued_at` tells a job that was sent again after its failure from
    /// a failure that is merely said twice.
    #[must_use]
    pub fn failed(&self, failed: ReportFailed, queued_at: Option<Timestamp>) -> Event {
        let queued = queued_at.map_or(0, Timestamp::as_millisecond);
        let id = format!("failed.{}.{queued}.{}.{}", failed.message_id, failed.attempt, failed.code);
        let subject = failed.job_id.as_ref().map_or_else(|| failed.message_id.clone(), ToString::to_string);
        self.event(id, Some(subject), EventData::ReportFailed(failed))
    }
}

/// A tenant as part of a URN: what may not stand there becomes `_`.
fn urn_part(tenant: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    tenant.chars().map(|c| if allowed(c) { c } else { '_' }).collect()
}
