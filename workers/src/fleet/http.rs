//! `/healthz`, `/readyz` and `/metrics` of a worker.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use super::metrics;
use super::worker::{Fleet, Phase};

/// How long an answer of the store counts.
const STORE_ANSWER: Duration = Duration::from_secs(10);

struct Status {
    fleet: Arc<Fleet>,
    metrics: PrometheusHandle,
    store: Mutex<Option<(Instant, Option<String>)>>,
}

/// Binds the address.
///
/// # Errors
/// When it cannot be bound.
pub(crate) async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves until the process ends.
pub(crate) async fn serve(listener: TcpListener, fleet: Arc<Fleet>, metrics: PrometheusHandle) {
    let status = Arc::new(Status { fleet, metrics, store: Mutex::new(None) });
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(show_metrics))
        .with_state(status);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the metrics server has ended");
    }
}

/// Ready: jobs are taken, the queue is connected, the store answers.
async fn ready(State(status): State<Arc<Status>>) -> impl IntoResponse {
    let health = status.fleet.queue.health();
    let taking = status.fleet.phase() == Phase::Taking;
    let store = status.store_failure().await;
    let ready = taking && health.connected && store.is_none();
    let body = json!({"ready": ready, "taking_jobs": taking, "queue": health, "store": store});
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body))
}

async fn show_metrics(State(status): State<Arc<Status>>) -> impl IntoResponse {
    metrics::observe(status.fleet.queue.health().connected);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], status.metrics.render())
}

impl Status {
    /// What is wrong with the store, asked at most every few seconds.
    async fn store_failure(&self) -> Option<String> {
        let mut last = self.store.lock().await;
        if let Some((time, answer)) = &*last
            && time.elapsed() < STORE_ANSWER
        {
            return answer.clone();
        }
        let answer = self.fleet.store.probe().await.err().map(|error| error.code().to_string());
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}
