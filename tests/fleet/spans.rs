//! Spans of a worker reach an OpenTelemetry collector, in the trace of whoever sent the job.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use interview_queue::NewJob;
use interview_schemas::TraceParent;
use interview_tests::fleet::{Order, QueueKind, StoreKind, job, text_job};

use crate::scene::{PATIENCE, Scene, end};

/// A collector: takes OTLP over HTTP and hands on the path and the body of each request.
fn collector() -> (SocketAddr, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tell = tell.clone();
            std::thread::spawn(move || {
                while let Some(request) = take(&stream) {
                    let _ = tell.send(request);
                }
            });
        }
    });
    (address, told)
}

/// One request, answered with success; `None` when the client has gone.
fn take(stream: &TcpStream) -> Option<(String, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&length| length > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut writer = stream;
    writer
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n")
        .ok()?;
    Some((path, body))
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn spans_reach_a_collector_in_the_trace_of_the_sender() {
    let scene = Scene::new(QueueKind::Sqlite, StoreKind::Dir);
    let (address, collected) = collector();
    let sender: TraceParent = "00-0123456789abcdef0123456789abcdef-00f067aa0ba902b7-01".parse().unwrap();
    let mut interview = text_job("traced", Order(""));
    interview["candidate"]["reference"] = "cand-secret".into();
    scene.enqueue_raw(&[
        NewJob { traceparent: Some(sender), ..job(&interview) },
        job(&text_job("untraced", Order(""))),
    ]);
    let mut spec = scene.ready_spec();
    spec.environment.push(("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), format!("http://{address}")));
    let worker = spec.start("worker");
    let heard = scene.listener.wait_for(2, PATIENCE);
    if worker.log().contains("without the feature opentelemetry") {
        println!(
            "skipped: the program was built without the feature opentelemetry (make test builds it with it)"
        );
        return;
    }
    end(worker);
    let mut spans = Vec::new();
    while let Ok((path, body)) = collected.recv_timeout(Duration::from_secs(1)) {
        assert_eq!(path, "/v1/traces");
        spans.extend(body);
    }
    for name in ["job", "analyse", "store", "publish", "interview-worker", "untraced"] {
        assert!(holds(&spans, name.as_bytes()), "no {name} among {} bytes of spans", spans.len());
    }
    assert!(
        holds(&spans, &0x0123_4567_89ab_cdef_0123_4567_89ab_cdef_u128.to_be_bytes()),
        "the sender's trace"
    );
    assert!(holds(&spans, &0x00f0_67aa_0ba9_02b7_u64.to_be_bytes()), "the sender's span is the parent");
    assert!(!holds(&spans, b"cand-secret") && !holds(&spans, b"difficult customer"), "no personal data");
    // What the worker says afterwards is part of the same trace, under a span that was exported.
    let event = heard.events.iter().find(|event| event["subject"] == "traced").unwrap();
    let said: TraceParent = event["traceparent"].as_str().unwrap().parse().unwrap();
    assert_eq!(said.trace_id(), sender.trace_id());
    assert!(said.sampled() && said.parent_id() != sender.parent_id(), "{event}");
    let parent = u64::from_str_radix(&said.parent_id(), 16).unwrap();
    assert!(holds(&spans, &parent.to_be_bytes()), "{event}");
}
