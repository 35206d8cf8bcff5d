//! Jobs: given at least once, settled as said, in fair order.

use crate::support::over_both;

over_both! {
    a_job_comes_as_it_was_sent_and_is_gone_after_the_ack;
    an_idle_receiver_is_told_at_once;
    a_job_sent_away_comes_back_after_the_time_with_the_next_attempt;
    item_10_handed_back_jobs_go_to_another_worker_untouched;
    a_dropped_delivery_goes_to_another_worker;
    item_3_the_same_job_twice_at_once_is_acked_twice;
    neither_lane_starves_the_other;
    as_many_jobs_run_as_slots_ask;
    a_job_given_out_too_often_is_exhausted;
    status_counts_what_waits;
}

mod a_cancelled_receive_loses_no_job {
    use crate::support::{Kind, run};

    #[test]
    fn over_rabbitmq() {
        run(super::cases::a_cancelled_receive_loses_no_job(Kind::Amqp));
    }

    #[test]
    fn over_sqlite() {
        run(super::cases::a_cancelled_receive_loses_no_job(Kind::Sqlite));
    }
}

mod cases {
    use std::collections::BTreeSet;
    use std::time::{Duration, Instant};

    use interview_queue::{Failure, Lane, MAX_DELIVERIES, MAX_JOB_BYTES, NewJob, QueueError, Settled};
    use interview_schemas::ErrorCode;

    use crate::support::{Kind, TestQueue, job, next, within};

    pub(super) async fn a_job_comes_as_it_was_sent_and_is_gone_after_the_ack(kind: Kind) {
        let test = TestQueue::new(kind).await;
        let sent = job("j1", Lane::Bulk);
        test.queue.enqueue(std::slice::from_ref(&sent)).await.unwrap();
        let delivery = test.next().await;
        assert_eq!(delivery.body, sent.body);
        let headers = &delivery.headers;
        assert_eq!((headers.message_id.as_str(), headers.lane), ("j1", Lane::Bulk));
        assert_eq!((headers.attempt, headers.deliveries, headers.exhausted), (1, 1, false));
        assert_eq!(headers.traceparent, sent.traceparent);
        assert!(headers.queued_at.is_some());
        assert!(!delivery.is_lost());
        delivery.ack().await.unwrap();
        test.nothing_for(Duration::from_millis(400)).await;
        // Nothing comes back when this worker leaves.
        let another = test.another().await;
        drop(test.queue);
        assert!(tokio::time::timeout(Duration::from_millis(400), another.receive()).await.is_err());
        let large = NewJob { body: vec![b' '; MAX_JOB_BYTES + 1], ..sent };
        assert!(matches!(another.enqueue(&[large]).await, Err(QueueError::TooLarge { .. })));
    }

    pub(super) async fn an_idle_receiver_is_told_at_once(kind: Kind) {
        let test = TestQueue::new(kind).await;
        let sender = test.another().await;
        let (received, ()) = tokio::join!(test.next(), async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            sender.enqueue(&[job("j1", Lane::Interactive)]).await.unwrap();
        });
        received.ack().await.unwrap();
    }

    pub(super) async fn a_job_sent_away_comes_back_after_the_time_with_the_next_attempt(kind: Kind) {
        let test = TestQueue::new(kind).await;
        test.enqueue(&["j1"]).await;
        let first = test.next().await;
        let (queued_at, body) = (first.headers.queued_at, first.body.clone());
        let started = Instant::now();
        let waits = first.retry_after(Duration::from_millis(400)).await.unwrap();
        assert_eq!(waits, Duration::from_secs(1), "the shortest tier that is long enough");
        let again = test.next().await;
        assert!(started.elapsed() >= Duration::from_millis(990), "{:?}", started.elapsed());
        assert_eq!((again.headers.attempt, again.headers.deliveries), (2, 1));
        assert_eq!((again.headers.queued_at, &again.body), (queued_at, &body));
        assert_eq!(again.headers.message_id, "j1");
        // The error code decides: one crash is tried again, the second is the last.
        let settled = again.fail(&Failure::new(ErrorCode::Inference, "x")).await.unwrap();
        assert_eq!(settled, Settled::Retried { after: Duration::from_secs(1) });
        assert_eq!(test.next().await.headers.attempt, 3);
    }

    pub(super) async fn item_10_handed_back_jobs_go_to_another_worker_untouched(kind: Kind) {
        let test = TestQueue::new(kind).await;
        let another = test.another().await;
        test.enqueue(&["j1", "j2"]).await;
        let (one, two) = (test.next().await, test.next().await);
        one.hand_back().await.unwrap();
        two.hand_back().await.unwrap();
        let mut ids = BTreeSet::new();
        for _ in 0..2 {
            let delivery = next(&another).await;
            assert_eq!(delivery.headers.attempt, 1);
            ids.insert(delivery.headers.message_id.clone());
            delivery.ack().await.unwrap();
        }
        assert_eq!(ids.len(), 2);
        test.nothing_for(Duration::from_millis(300)).await;
    }

    pub(super) async fn a_dropped_delivery_goes_to_another_worker(kind: Kind) {
        let test = TestQueue::new(kind).await;
        test.enqueue(&["j1"]).await;
        drop(test.next().await);
        let again = test.next().await;
        assert_eq!((again.headers.message_id.as_str(), again.headers.attempt), ("j1", 1));
        again.ack().await.unwrap();
        test.nothing_for(Duration::from_millis(300)).await;
    }

    pub(super) async fn item_3_the_same_job_twice_at_once_is_acked_twice(kind: Kind) {
        let test = TestQueue::new(kind).await;
        let another = test.another().await;
        test.enqueue(&["j1", "j1"]).await;
        let (one, two) = tokio::join!(test.next(), next(&another));
        assert_eq!(one.body, two.body);
        one.ack().await.unwrap();
        two.ack().await.unwrap();
        test.nothing_for(Duration::from_millis(300)).await;
    }

    pub(super) async fn a_cancelled_receive_loses_no_job(kind: Kind) {
        let test = TestQueue::new(kind).await;
        let ids: Vec<String> = (0..20).map(|number| format!("j{number}")).collect();
        let sender = test.another().await;
        let sending = async {
            for id in &ids {
                sender.enqueue(&[job(id, Lane::Interactive)]).await.unwrap();
            }
        };
        let cancelling = async {
            for number in 0..60u64 {
                let wait = Duration::from_millis(number % 7);
                if let Ok(delivery) = tokio::time::timeout(wait, test.queue.receive()).await {
                    delivery.unwrap().hand_back().await.unwrap();
                }
            }
        };
        tokio::join!(sending, cancelling);
        let mut seen = BTreeSet::new();
        while seen.len() < ids.len() {
            let delivery = test.next().await;
            seen.insert(delivery.headers.message_id.clone());
            delivery.ack().await.unwrap();
        }
        test.nothing_for(Duration::from_millis(300)).await;
    }

    pub(super) async fn neither_lane_starves_the_other(kind: Kind) {
        let test = TestQueue::new(kind).await;
        for number in 0..20 {
            let jobs = [Lane::Interactive, Lane::Bulk].map(|lane| job(&format!("{lane}-{number}"), lane));
            test.queue.enqueue(&jobs).await.unwrap();
        }
        let mut lanes = Vec::new();
        for _ in 0..20 {
            let delivery = test.next().await;
            lanes.push(delivery.headers.lane);
            delivery.ack().await.unwrap();
        }
        let bulk = lanes.iter().filter(|lane| **lane == Lane::Bulk).count();
        assert!((2..=8).contains(&bulk), "{bulk} of 20 were bulk while both lanes were full: {lanes:?}");
        for _ in 0..20 {
            test.next().await.ack().await.unwrap();
        }
    }

    pub(super) async fn as_many_jobs_run_as_slots_ask(kind: Kind) {
        let test = TestQueue::new(kind).await;
        let another = test.another().await;
        let ids: Vec<String> = (0..6).map(|number| format!("j{number}")).collect();
        // Slots that wait before anything is there, and slots that come later: none hoards.
        let waiting = tokio::join!(async { tokio::join!(test.next(), test.next(), test.next()) }, async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let jobs: Vec<_> = ids.iter().map(|id| job(id, Lane::Bulk)).collect();
            another.enqueue(&jobs).await.unwrap();
        });
        let ((one, two, three), ()) = waiting;
        let rest = tokio::join!(next(&another), next(&another), next(&another));
        let all = [one, two, three, rest.0, rest.1, rest.2];
        let seen: BTreeSet<_> = all.iter().map(|delivery| delivery.headers.message_id.clone()).collect();
        assert_eq!(seen.len(), 6);
        for delivery in all {
            delivery.ack().await.unwrap();
        }
    }

    pub(super) async fn a_job_given_out_too_often_is_exhausted(kind: Kind) {
        let test = TestQueue::new(kind).await;
        test.enqueue(&["poison"]).await;
        for turn in 1..=MAX_DELIVERIES {
            let delivery = test.next().await;
            assert_eq!((delivery.headers.deliveries, delivery.headers.exhausted), (turn, false));
            // As when the worker dies: nothing is settled, the lease ends by itself.
            match kind {
                Kind::Amqp => drop(delivery),
                Kind::Sqlite => std::mem::forget(delivery),
            }
            if kind == Kind::Sqlite {
                crate::process_faults::expire_leases(&test).await;
            }
        }
        let last = test.next().await;
        assert!(last.headers.exhausted, "{:?}", last.headers);
        let settled = last.fail(&Failure::new(ErrorCode::Crash, "given out too often")).await.unwrap();
        assert_eq!(settled, Settled::DeadLettered { alert: true });
        let letters = within(Duration::from_secs(10), test.queue.dead_letters(10)).await.unwrap();
        assert_eq!(letters[0].code.as_deref(), Some("CRASH"));
    }

    pub(super) async fn status_counts_what_waits(kind: Kind) {
        let test = TestQueue::new(kind).await;
        test.enqueue(&["j1", "j2", "j3"]).await;
        test.next().await.retry_after(Duration::from_secs(1)).await.unwrap();
        let running = test.next().await;
        // A broker counts a little behind.
        let mut status = test.queue.status().await.unwrap();
        for _ in 0..20 {
            if status.lanes[0].ready == 1 && status.delayed == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            status = test.queue.status().await.unwrap();
        }
        assert_eq!((status.lanes[0].ready, status.lanes[1].ready), (1, 0), "{status:?}");
        assert_eq!((status.delayed, status.dead, status.results), (1, 0, 0), "{status:?}");
        running.ack().await.unwrap();
    }
}
