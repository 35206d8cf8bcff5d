//! Dead letters: kept, said, listed, sent again or thrown away.

use crate::support::over_both;

over_both! {
    item_4_a_dead_letter_is_kept_and_said_and_neighbours_are_unaffected;
    a_refused_submission_is_said_and_not_kept;
    a_letter_sent_again_is_a_first_attempt;
    a_letter_thrown_away_is_gone;
    looking_leaves_the_letters_where_they_are;
}

mod cases {
    use std::time::Duration;

    use interview_queue::{EventFilter, Failure, Lane, QueueError, Settled};
    use interview_schemas::event::{EventData, InterviewStatus};
    use interview_schemas::{ErrorCode, Event};

    use crate::support::{Kind, TestQueue, job};

    async fn results(test: &TestQueue) -> Vec<Event> {
        let mut reader = test.queue.events(EventFilter::Results).await.unwrap();
        let mut events = Vec::new();
        while let Some(received) = reader.next(Duration::from_millis(500)).await.unwrap() {
            reader.ack(&received).await.unwrap();
            events.push(serde_json::from_value(received.event).unwrap());
        }
        events
    }

    async fn bury(test: &TestQueue, id: &str) {
        test.queue.enqueue(&[job(id, Lane::Bulk)]).await.unwrap();
        let delivery = test.next().await;
        assert_eq!(delivery.headers.message_id, id);
        delivery.dead_letter(&Failure::new(ErrorCode::InvalidMedia, "answer a1: no media")).await.unwrap();
    }

    pub(super) async fn item_4_a_dead_letter_is_kept_and_said_and_neighbours_are_unaffected(kind: Kind) {
        let test = TestQueue::new(kind).await;
        test.enqueue(&["poison", "good"]).await;
        let mut crashes = 0;
        let mut done = Vec::new();
        while crashes < 2 || done.is_empty() {
            let delivery = test.next().await;
            assert_eq!(delivery.headers.deliveries, 1, "{:?}", delivery.headers);
            if delivery.headers.message_id == "poison" {
                crashes += 1;
                let settled =
                    delivery.fail(&Failure::new(ErrorCode::Crash, "the decoder died")).await.unwrap();
                let expected = [
                    Settled::Retried { after: Duration::from_secs(1) },
                    Settled::DeadLettered { alert: false },
                ];
                assert_eq!(settled, expected[crashes - 1]);
            } else {
                done.push(delivery.headers.message_id.clone());
                delivery.ack().await.unwrap();
            }
        }
        assert_eq!(done, ["good"]);
        let letters = test.queue.dead_letters(10).await.unwrap();
        assert_eq!(letters.len(), 1);
        let letter = &letters[0];
        assert_eq!((letter.message_id.as_str(), letter.attempt), ("poison", 2));
        assert_eq!(
            (letter.code.as_deref(), letter.message.as_deref()),
            (Some("CRASH"), Some("the decoder died"))
        );
        assert_eq!((letter.lane, &letter.body), (Lane::Interactive, &job("poison", Lane::Bulk).body));
        assert!(letter.failed_at >= letter.queued_at && letter.queued_at.is_some());
        let events = results(&test).await;
        assert_eq!(events.len(), 2, "{events:?}");
        let EventData::ReportFailed(failed) = &events[0].data else { panic!("{:?}", events[0]) };
        assert_eq!((failed.code, failed.attempt, failed.dead_lettered), (ErrorCode::Crash, 2, true));
        assert_eq!(failed.candidate.as_ref().unwrap().as_str(), "c-poison");
        assert_eq!(events[0].source, "urn:interview:t1");
        assert_eq!(events[0].traceparent, letter.traceparent);
        let EventData::StatusChanged(changed) = &events[1].data else { panic!("{:?}", events[1]) };
        assert_eq!(changed.status, InterviewStatus::Failed);
    }

    pub(super) async fn a_refused_submission_is_said_and_not_kept(kind: Kind) {
        let test = TestQueue::new(kind).await;
        test.enqueue(&["late"]).await;
        let delivery = test.next().await;
        let failure = Failure::new(ErrorCode::SubmissionRefused, "the interview code has expired");
        assert_eq!(delivery.fail(&failure).await.unwrap(), Settled::Refused);
        assert!(test.queue.dead_letters(10).await.unwrap().is_empty());
        let events = results(&test).await;
        let EventData::ReportFailed(failed) = &events[0].data else { panic!("{:?}", events[0]) };
        assert!(!failed.dead_lettered);
        test.nothing_for(Duration::from_millis(300)).await;
    }

    pub(super) async fn a_letter_sent_again_is_a_first_attempt(kind: Kind) {
        let test = TestQueue::new(kind).await;
        bury(&test, "j1").await;
        bury(&test, "j2").await;
        assert!(matches!(test.queue.retry_dead_letter("j9").await, Err(QueueError::NotFound(_))));
        test.queue.retry_dead_letter("j2").await.unwrap();
        let again = test.next().await;
        let headers = &again.headers;
        assert_eq!((headers.message_id.as_str(), headers.attempt, headers.lane), ("j2", 1, Lane::Bulk));
        assert_eq!(again.body, job("j2", Lane::Bulk).body);
        // Its next failure is another event, not a repeat of the first.
        again.dead_letter(&Failure::new(ErrorCode::InvalidMedia, "again")).await.unwrap();
        let ids: Vec<String> = results(&test)
            .await
            .into_iter()
            .filter(
                |event| matches!(&event.data, EventData::ReportFailed(failed) if failed.message_id == "j2"),
            )
            .map(|event| event.id)
            .collect();
        assert_eq!(ids.len(), 2);
        assert_ne!(ids[0], ids[1]);
        let letters = test.queue.dead_letters(10).await.unwrap();
        assert_eq!(letters.iter().map(|letter| letter.message_id.as_str()).collect::<Vec<_>>(), ["j1", "j2"]);
    }

    pub(super) async fn a_letter_thrown_away_is_gone(kind: Kind) {
        let test = TestQueue::new(kind).await;
        bury(&test, "j1").await;
        test.queue.drop_dead_letter("j1").await.unwrap();
        assert!(matches!(test.queue.drop_dead_letter("j1").await, Err(QueueError::NotFound(_))));
        assert!(test.queue.dead_letters(10).await.unwrap().is_empty());
        test.nothing_for(Duration::from_millis(300)).await;
    }

    pub(super) async fn looking_leaves_the_letters_where_they_are(kind: Kind) {
        let test = TestQueue::new(kind).await;
        for id in ["j1", "j2", "j3"] {
            bury(&test, id).await;
        }
        for _ in 0..25 {
            let letters = test.queue.dead_letters(2).await.unwrap();
            let ids: Vec<_> = letters.iter().map(|letter| letter.message_id.as_str()).collect();
            assert_eq!(ids, ["j1", "j2"]);
        }
        assert_eq!(test.queue.dead_letters(100).await.unwrap().len(), 3);
        assert!(test.queue.dead_letters(0).await.unwrap().is_empty());
    }
}
