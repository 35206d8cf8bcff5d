//! The topology: the file agrees with the code, the broker takes it, and what is missing or wrong is told.

use std::path::Path;

use interview_queue::testing::{Broker, BrokerOptions};
use interview_queue::topology::Topology;
use interview_queue::{Queue, QueueError, QueueUrl};
use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};

use crate::support::{Kind, TestQueue, open, run};

#[test]
fn the_definitions_file_agrees_with_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/rabbitmq/definitions.json");
    let url: QueueUrl = "amqp://localhost".parse().unwrap();
    let wanted = serde_json::to_string_pretty(&Topology::of(&url).definitions("/")).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "{} differs from the code; run the test with UPDATE_SCHEMAS=1", path.display());
}

#[test]
fn set_up_is_safe_to_repeat_and_what_is_missing_is_told() {
    run(async {
        let test = TestQueue::new(Kind::Amqp).await;
        test.queue.setup().await.unwrap();
        test.queue.check().await.unwrap();
        let url: QueueUrl = test.url.parse().unwrap();
        let topology = Topology::of(&url);
        let address = test.url.split('?').next().unwrap().to_owned();
        let connection = Connection::connect(&address, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let options = QueueDeleteOptions::default();
        channel.queue_delete(topology.results_queue().into(), options).await.unwrap();
        let error = test.queue.check().await.unwrap_err();
        assert!(error.to_string().contains("interview queue setup"), "{error}");
        assert!(matches!(error, QueueError::Configuration { .. }));
        // Something else under our name is not touched.
        channel
            .queue_declare(
                topology.results_queue().into(),
                QueueDeclareOptions::durable(),
                FieldTable::default(),
            )
            .await
            .unwrap();
        let error = test.queue.setup().await.unwrap_err();
        assert!(error.to_string().contains("other settings"), "{error}");
        let channel = connection.create_channel().await.unwrap();
        channel.queue_delete(topology.results_queue().into(), options).await.unwrap();
        test.queue.setup().await.unwrap();
        test.queue.check().await.unwrap();
    });
}

/// A broker of its own for what changes the whole broker: imported definitions, TLS, consumer timeout.
#[test]
fn a_broker_takes_the_definitions_file_and_clients_with_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let files = crate::support::certificates(folder.path());
    let options = BrokerOptions {
        tls: Some((files.authority.clone(), files.server.0.clone(), files.server.1.clone())),
        ..BrokerOptions::default()
    };
    let broker = Broker::start_with(&options);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/rabbitmq/definitions.json");
    broker.control(&["import_definitions", path.to_str().unwrap()]);
    run(async {
        let queue = open(&broker.url()).await;
        queue.check().await.unwrap();
        // Declaring again proves that every argument is the same.
        queue.setup().await.unwrap();
        let ca = format!("ca={}", files.authority.display());
        let client = format!("cert={}&key={}", files.client.0.display(), files.client.1.display());
        let url: QueueUrl = format!("{}?{ca}&{client}", broker.tls_url()).parse().unwrap();
        let with_certificate = interview_queue::connect(&url).await.unwrap();
        with_certificate.check().await.unwrap();
        for refused in [format!("{}?{ca}", broker.tls_url()), format!("{}?{client}", broker.tls_url())] {
            let url: QueueUrl = refused.parse().unwrap();
            assert!(interview_queue::connect(&url).await.is_err(), "{refused}");
        }
        drop::<std::sync::Arc<dyn Queue>>(queue);
    });
}
