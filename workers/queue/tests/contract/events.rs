//! Events: confirmed, in order, the same bytes for the same work, taken only when acknowledged.

use crate::support::over_both;

over_both! {
    events_arrive_in_order_as_cloud_events;
    item_2_work_done_twice_says_the_same_twice;
    results_stay_until_they_are_taken;
    a_watcher_sees_progress_and_takes_nothing;
    progress_that_nobody_watches_is_no_failure;
}

/// Events for tests.
pub(crate) mod making {
    use interview_schemas::event::{ArtefactRef, Artefacts, Progress, ProgressStage};
    use interview_schemas::event_making::EventContext;
    use interview_schemas::parse::from_json;
    use interview_schemas::report::Report;
    use interview_schemas::{CandidateRef, Event, JobId};
    use jiff::Timestamp;

    const REPORT: &[u8] = include_bytes!("../../../../schemas/tests/documents/report.json");

    pub(crate) fn context() -> EventContext {
        let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().ok();
        EventContext { tenant: Some("t1".to_owned()), traceparent, time: Timestamp::now() }
    }

    /// Everything that one report has to say.
    pub(crate) fn report_events() -> Vec<Event> {
        let report: Report = from_json(REPORT).unwrap();
        let document = |name: &str| ArtefactRef {
            uri: format!("s3://interviews/reports/{name}"),
            sha256: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae".to_owned(),
            bytes: 3,
        };
        let artefacts = Artefacts {
            report: document("report.json"),
            html: document("report.html"),
            features: document("features.json"),
        };
        context().report(&report, artefacts)
    }

    pub(crate) fn progress() -> Event {
        context().progress(Progress {
            job_id: JobId::new("j1").unwrap(),
            tenant: None,
            candidate: CandidateRef::new("c1").unwrap(),
            attempt: 1,
            stage: ProgressStage::Transcribe,
            title: ProgressStage::Transcribe.title(),
            done_s: 12.5,
            total_s: Some(60.0),
        })
    }
}

mod cases {
    use std::time::Duration;

    use interview_queue::{EventFilter, EventStream};
    use interview_schemas::Event;

    use super::making::{progress, report_events};
    use crate::support::{Kind, TestQueue};

    const SOON: Duration = Duration::from_secs(10);
    const MOMENT: Duration = Duration::from_millis(400);

    async fn take(reader: &mut Box<dyn EventStream>) -> Event {
        let received = reader.next(SOON).await.unwrap().expect("an event");
        reader.ack(&received).await.unwrap();
        serde_json::from_value(received.event).unwrap()
    }

    pub(super) async fn events_arrive_in_order_as_cloud_events(kind: Kind) {
        let test = TestQueue::new(kind).await;
        let events = report_events();
        assert!(events.len() >= 2, "report and status at least");
        test.queue.publish(&events).await.unwrap();
        let mut reader = test.queue.events(EventFilter::Results).await.unwrap();
        for event in &events {
            assert_eq!(&take(&mut reader).await, event);
        }
        assert_eq!(reader.next(MOMENT).await.unwrap(), None);
    }

    pub(super) async fn item_2_work_done_twice_says_the_same_twice(kind: Kind) {
        let test = TestQueue::new(kind).await;
        test.enqueue(&["j1"]).await;
        for turn in 0..2 {
            let delivery = test.next().await;
            test.queue.publish(&report_events()[..1]).await.unwrap();
            if turn == 0 {
                // Killed between publishing and acknowledging.
                drop(delivery);
            } else {
                delivery.ack().await.unwrap();
            }
        }
        let mut reader = test.queue.events(EventFilter::Results).await.unwrap();
        let (one, two) = (take(&mut reader).await, take(&mut reader).await);
        assert_eq!(one.id, two.id);
        assert_eq!(one.data, two.data);
        test.nothing_for(MOMENT).await;
    }

    pub(super) async fn results_stay_until_they_are_taken(kind: Kind) {
        let test = TestQueue::new(kind).await;
        let events = report_events();
        test.queue.publish(&events).await.unwrap();
        let mut reader = test.queue.events(EventFilter::Results).await.unwrap();
        let first = reader.next(SOON).await.unwrap().unwrap();
        drop(reader);
        let mut reader = test.another().await.events(EventFilter::Results).await.unwrap();
        assert_eq!(reader.next(SOON).await.unwrap().unwrap().event, first.event, "looked at, not taken");
    }

    pub(super) async fn a_watcher_sees_progress_and_takes_nothing(kind: Kind) {
        let test = TestQueue::new(kind).await;
        test.queue.publish(&report_events()[..1]).await.unwrap();
        let mut watcher = test.queue.events(EventFilter::Live).await.unwrap();
        let events = [progress(), report_events().remove(1)];
        test.queue.publish(&events).await.unwrap();
        assert_eq!(take(&mut watcher).await, events[0], "what was before is not seen");
        assert_eq!(take(&mut watcher).await, events[1]);
        let mut reader = test.queue.events(EventFilter::Results).await.unwrap();
        assert_eq!(take(&mut reader).await.data.event_type(), "interview.report.completed");
        assert_eq!(take(&mut reader).await, events[1]);
        assert_eq!(reader.next(MOMENT).await.unwrap(), None, "progress is no result");
    }

    pub(super) async fn progress_that_nobody_watches_is_no_failure(kind: Kind) {
        let test = TestQueue::new(kind).await;
        test.queue.publish(&[progress()]).await.unwrap();
    }
}
