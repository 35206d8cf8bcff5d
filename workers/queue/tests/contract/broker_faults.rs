//! What only a broker can suffer: death, cut networks, timeouts, alarms, missing parts.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use interview_queue::testing::{Broker, BrokerOptions, Fault, Proxy};
use interview_queue::topology::Topology;
use interview_queue::{Lane, NewJob, QueueError, QueueUrl, connect};
use lapin::options::ExchangeDeleteOptions;
use lapin::{Connection, ConnectionProperties};

use crate::events::making::report_events;
use crate::process_faults::{assert_reported_once, drain};
use crate::support::{Kind, TestQueue, is_lease_lost, job, next, open, prefix, run, within};

/// What the broker must be used again within, once it is back.
const RECOVERY: Duration = Duration::from_secs(30);

#[test]
fn item_5_a_broker_killed_loses_nothing_and_is_used_again_in_30_s() {
    const JOBS: usize = 200;
    let mut broker = Broker::start();
    run(async {
        let url = format!("{}?heartbeat=2s&publish_timeout=60s", broker.url());
        let queue = open(&url).await;
        queue.setup().await.unwrap();
        let jobs: Vec<NewJob> =
            (0..JOBS).map(|number| job(&format!("job-{number}"), Lane::Interactive)).collect();
        queue.enqueue(&jobs).await.unwrap();
        // In hand, half said, idle: every state that a worker can be in.
        let in_hand = next(&queue).await;
        broker.kill();
        assert!(is_lease_lost(&in_hand.ack().await), "an acknowledgement to a dead broker");
        let waiting = {
            let queue = queue.clone();
            tokio::spawn(async move { queue.receive().await })
        };
        let saying = {
            let queue = queue.clone();
            tokio::spawn(async move { queue.publish(&report_events()).await })
        };
        let broker = tokio::task::spawn_blocking(move || {
            broker.start_again();
            broker
        })
        .await
        .unwrap();
        let back = Instant::now();
        let first = within(RECOVERY, waiting).await.unwrap().unwrap();
        within(RECOVERY, saying).await.unwrap().unwrap();
        println!("used again {:?} after the broker took connections", back.elapsed());
        first.hand_back().await.unwrap();
        let mut seen = BTreeSet::new();
        while seen.len() < JOBS {
            let delivery = next(&queue).await;
            seen.insert(delivery.headers.message_id.clone());
            delivery.ack().await.unwrap();
        }
        let status = queue.status().await.unwrap();
        assert_eq!(status.dead, 0);
        assert!(status.results >= 2, "{status:?}");
        drop(broker);
    });
}

#[test]
fn item_6_a_silent_network_costs_the_lease_and_no_ack_is_stale() {
    let broker = Broker::start();
    let proxy = Proxy::start(broker.address());
    run(async {
        let options = format!("heartbeat=1s&publish_timeout=3s&prefix={}", prefix());
        let through = open(&format!("{}?{options}", broker.url_through(proxy.address()))).await;
        through.setup().await.unwrap();
        let direct = open(&format!("{}?{options}", broker.url())).await;
        through.enqueue(&[job("j1", Lane::Interactive)]).await.unwrap();
        let delivery = next(&through).await;
        proxy.set(Fault::Stall);
        // Both sides notice by their heartbeats; the broker gives the job to somebody else.
        let again = within(RECOVERY, direct.receive()).await.unwrap();
        assert_eq!((again.headers.message_id.as_str(), again.headers.deliveries), ("j1", 2));
        let mut lost = delivery.lost();
        within(RECOVERY, lost.wait_for(|lost| *lost)).await.unwrap();
        assert!(is_lease_lost(&delivery.ack().await), "a stale acknowledgement");
        let error = through.publish(&report_events()).await.unwrap_err();
        assert!(matches!(error, QueueError::Unavailable { .. }), "{error}");
        assert!(!through.health().connected);
        proxy.set(Fault::Cut);
        tokio::time::sleep(Duration::from_millis(500)).await;
        proxy.set(Fault::None);
        again.hand_back().await.unwrap();
        let started = Instant::now();
        let back = within(RECOVERY, through.receive()).await.unwrap();
        println!("received {:?} after the network was back", started.elapsed());
        back.ack().await.unwrap();
        // A slow network is slow, nothing else.
        proxy.set(Fault::Delay(Duration::from_millis(50)));
        through.enqueue(&[job("j2", Lane::Bulk)]).await.unwrap();
        next(&through).await.ack().await.unwrap();
    });
}

#[test]
fn item_7_a_consumer_timeout_gives_the_job_to_another_worker() {
    let options =
        BrokerOptions { consumer_timeout: Some(Duration::from_secs(8)), ..BrokerOptions::default() };
    let broker = Broker::start_with(&options);
    run(async {
        let queue = open(&format!("{}?prefix={}", broker.url(), prefix())).await;
        queue.setup().await.unwrap();
        queue.enqueue(&[job("slow", Lane::Bulk)]).await.unwrap();
        let slow = next(&queue).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        // Its neighbour is younger and must not be taken along.
        queue.enqueue(&[job("young", Lane::Bulk)]).await.unwrap();
        let young = next(&queue).await;
        let again = within(RECOVERY, queue.receive()).await.unwrap();
        assert_eq!((again.headers.message_id.as_str(), again.headers.deliveries), ("slow", 2));
        young.ack().await.unwrap();
        let mut lost = slow.lost();
        within(RECOVERY, lost.wait_for(|lost| *lost)).await.unwrap();
        queue.publish(&report_events()[..1]).await.unwrap();
        assert!(is_lease_lost(&slow.ack().await));
        again.ack().await.unwrap();
    });
}

#[test]
fn item_8_what_is_missing_is_told_within_10_s_and_nothing_is_acknowledged() {
    const SOON: Duration = Duration::from_secs(10);
    run(async {
        let test = TestQueue::new(Kind::Amqp).await;
        let url: QueueUrl = test.url.parse().unwrap();
        let topology = Topology::of(&url);
        let address = test.url.split('?').next().unwrap().to_owned();
        test.enqueue(&["j1"]).await;
        let delivery = test.next().await;
        let connection = Connection::connect(&address, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        // Nothing bound: the broker confirms the message all the same and returns it.
        channel
            .queue_unbind(
                topology.results_queue().into(),
                topology.events_exchange().into(),
                "interview.report.completed".into(),
                lapin::types::FieldTable::default(),
            )
            .await
            .unwrap();
        let error = within(SOON, test.queue.publish(&report_events())).await.unwrap_err();
        assert!(
            matches!(&error, QueueError::Unroutable { routing_key, .. } if routing_key == "interview.report.completed"),
            "{error}"
        );
        // The exchange itself is gone.
        channel
            .exchange_delete(topology.events_exchange().into(), ExchangeDeleteOptions::default())
            .await
            .unwrap();
        let error = within(SOON, test.queue.publish(&report_events())).await.unwrap_err();
        assert!(matches!(error, QueueError::Configuration { .. }), "{error}");
        assert!(error.to_string().contains("interview queue setup"), "{error}");
        // The failure of another job cannot be said either: it stays in the queue.
        let failure = interview_queue::Failure::new(interview_schemas::ErrorCode::InvalidMedia, "x");
        assert!(within(SOON, delivery.dead_letter(&failure)).await.is_err());
        assert_eq!(test.next().await.headers.message_id, "j1");
        test.queue.setup().await.unwrap();
        test.queue.publish(&report_events()).await.unwrap();
        // Virtual host, password, host.
        let host = address.split('@').nth(1).unwrap().split('/').next().unwrap();
        for (wrong, words) in [
            (format!("amqp://guest:guest@{host}/nowhere"), "virtual host"),
            (format!("amqp://guest:wrong@{host}/%2f"), "password"),
        ] {
            let url: QueueUrl = wrong.parse().unwrap();
            let error = within(SOON, connect(&url)).await.err().unwrap();
            assert!(matches!(error, QueueError::Configuration { .. }), "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
        let nobody: QueueUrl = "amqp://127.0.0.1:1/%2f".parse().unwrap();
        let error = within(SOON, connect(&nobody)).await.err().unwrap();
        assert!(error.is_transient(), "{error}");
    });
}

#[test]
fn item_9_publishers_wait_while_the_broker_is_blocked() {
    let broker = Broker::start();
    run(async {
        let queue = open(&format!("{}?publish_timeout=2s&prefix={}", broker.url(), prefix())).await;
        queue.setup().await.unwrap();
        queue.enqueue(&[job("j1", Lane::Interactive)]).await.unwrap();
        let delivery = next(&queue).await;
        broker.alarm(true);
        let waiting = {
            let queue = queue.clone();
            tokio::spawn(async move { queue.publish(&report_events()).await })
        };
        // Longer than a publish may take: waiting for a blocked broker does not count.
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert!(!waiting.is_finished(), "a message was published to a blocked broker, or given up");
        let health = queue.health();
        assert!(health.connected && health.blocked.is_some(), "{health:?}");
        // Acknowledging is not publishing.
        delivery.ack().await.unwrap();
        broker.alarm(false);
        within(RECOVERY, waiting).await.unwrap().unwrap();
        assert_eq!(queue.health().blocked, None);
    });
}

/// Items 1 and 5 together, short: jobs flow while the broker is killed again and again.
#[test]
fn items_1_and_5_jobs_flow_through_broker_restarts() {
    const JOBS: usize = 120;
    let mut broker = Broker::start();
    run(async {
        let url = format!("{}?heartbeat=2s&publish_timeout=60s", broker.url());
        let queue = open(&url).await;
        queue.setup().await.unwrap();
        let working = {
            let queue = queue.clone();
            tokio::spawn(async move {
                loop {
                    let delivery = queue.receive().await.unwrap();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    if queue.publish(&[crate::process_faults::report(&delivery)]).await.is_ok() {
                        let _ = delivery.ack().await;
                    }
                }
            })
        };
        let sending = {
            let queue = queue.clone();
            tokio::spawn(async move {
                for number in 0..JOBS {
                    queue.enqueue(&[job(&format!("job-{number}"), Lane::Bulk)]).await.unwrap();
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            })
        };
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_secs(2)).await;
            broker = tokio::task::spawn_blocking(move || {
                broker.kill();
                broker.start_again();
                broker
            })
            .await
            .unwrap();
        }
        within(Duration::from_secs(90), sending).await.unwrap();
        let test = TestQueue::around(url, queue);
        let mut events = Vec::new();
        let started = Instant::now();
        while reports(&events) < JOBS && started.elapsed() < Duration::from_secs(60) {
            events.extend(drain(&test).await);
        }
        working.abort();
        assert_reported_once(&events, JOBS);
    });
}

fn reports(events: &[serde_json::Value]) -> usize {
    events.iter().map(|event| event["id"].to_string()).collect::<BTreeSet<_>>().len()
}
