//! Item 24: what strangers send never stops the queue.

use crate::support::over_both;

over_both! {
    item_24_any_body_is_given_out_and_can_be_buried;
}

mod cases {
    use interview_queue::{Failure, Lane, NewJob};
    use interview_schemas::ErrorCode;

    use crate::support::{Kind, TestQueue, job};

    pub(super) async fn item_24_any_body_is_given_out_and_can_be_buried(kind: Kind) {
        let test = TestQueue::new(kind).await;
        let bodies: [&[u8]; 5] = [
            b"",
            b"{",
            b"\xff\xfe\x00",
            br#"{"job_id": 7, "tenant": [], "candidate": "x"}"#,
            &[b'['; 200_000],
        ];
        for (number, body) in bodies.iter().enumerate() {
            let message_id = format!("odd-{number}-{}", "过".repeat(200));
            let lane = Lane::Interactive;
            let odd = NewJob { message_id, lane, body: body.to_vec(), traceparent: None };
            test.queue.enqueue(&[odd]).await.unwrap();
            let delivery = test.next().await;
            assert_eq!(&delivery.body, body);
            delivery.fail(&Failure::new(ErrorCode::InvalidJob, "not JSON")).await.unwrap();
        }
        assert_eq!(test.queue.dead_letters(10).await.unwrap().len(), bodies.len());
        // The queue goes on.
        test.queue.enqueue(&[job("good", lane())]).await.unwrap();
        let delivery = test.next().await;
        assert_eq!(delivery.headers.message_id, "good");
        delivery.ack().await.unwrap();
    }

    fn lane() -> Lane {
        Lane::Interactive
    }
}

#[test]
fn item_24_headers_of_strangers_have_defaults_over_rabbitmq() {
    use interview_queue::QueueUrl;
    use interview_queue::topology::Topology;
    use lapin::options::BasicPublishOptions;
    use lapin::types::{AMQPValue, FieldTable};
    use lapin::{BasicProperties, Connection, ConnectionProperties};

    use crate::support::{Kind, TestQueue, run};

    run(async {
        let test = TestQueue::new(Kind::Amqp).await;
        let url: QueueUrl = test.url.parse().unwrap();
        let address = test.url.split('?').next().unwrap().to_owned();
        let connection = Connection::connect(&address, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let mut headers = FieldTable::default();
        headers.insert("x-attempt".into(), AMQPValue::LongString("many".into()));
        headers.insert("traceparent".into(), AMQPValue::LongString("x".repeat(90_000).into()));
        headers.insert("x-queued-at".into(), AMQPValue::Boolean(true));
        for properties in [BasicProperties::default(), BasicProperties::default().with_headers(headers)] {
            channel
                .basic_publish(
                    Topology::of(&url).jobs_exchange().into(),
                    "bulk".into(),
                    BasicPublishOptions::default(),
                    br#"{"job_id": "from-elsewhere"}"#,
                    properties,
                )
                .await
                .unwrap();
            let delivery = test.next().await;
            assert_eq!(delivery.headers.message_id, "from-elsewhere");
            assert_eq!((delivery.headers.attempt, delivery.headers.queued_at), (1, None));
            delivery.ack().await.unwrap();
        }
    });
}
