//! Where logs and traces go: lines on standard error, and spans to an OpenTelemetry collector where the program
//! was built with the feature `opentelemetry` and the environment names one.

use interview_schemas::TraceParent;
use tracing::Span;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::LogFormat;

/// What must be told when the program ends, so that the last spans leave it.
#[must_use]
pub(crate) struct Telemetry {
    #[cfg(feature = "opentelemetry")]
    exporter: Option<export::Exporter>,
}

/// Sends the log to standard error; transcripts, faces and names never go there. With `service`, spans are exported
/// as well, where `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) says whereto.
pub(crate) fn init(format: LogFormat, default: &str, service: bool) -> Telemetry {
    let filter = EnvFilter::try_from_env("INTERVIEW_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    // lapin writes whole messages into its log, and a job holds words of a candidate.
    let filter = ["lapin=off", "amq_protocol=off"]
        .into_iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter));
    #[cfg(feature = "opentelemetry")]
    {
        match service.then(export::Exporter::from_environment).flatten() {
            Some(Ok(exporter)) => {
                subscriber.with(exporter.layer()).init();
                Telemetry { exporter: Some(exporter) }
            }
            Some(Err(error)) => {
                subscriber.init();
                tracing::error!(%error, "spans cannot be exported: correct the variables OTEL_EXPORTER_OTLP_…");
                Telemetry { exporter: None }
            }
            None => {
                subscriber.init();
                Telemetry { exporter: None }
            }
        }
    }
    #[cfg(not(feature = "opentelemetry"))]
    {
        subscriber.init();
        if service && ENDPOINTS.iter().any(|name| std::env::var_os(name).is_some()) {
            tracing::warn!(
                "OTEL_EXPORTER_OTLP_ENDPOINT is set, but this program was built without the feature opentelemetry: \
                 no spans are exported"
            );
        }
        Telemetry {}
    }
}

/// Variables that name a collector.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

impl Telemetry {
    /// Sends what was not sent yet; waits a few seconds at most.
    pub(crate) fn end(self) {
        #[cfg(feature = "opentelemetry")]
        if let Some(exporter) = self.exporter {
            exporter.end();
        }
    }
}

/// Makes a span part of the sender's trace and gives the context that what follows from it must bear: the span's own
/// where spans are exported, else a new one in the sender's trace, or in a trace of its own.
pub(crate) fn adopt(span: &Span, sender: Option<TraceParent>) -> Option<TraceParent> {
    #[cfg(feature = "opentelemetry")]
    if let Some(own) = export::adopt(span, sender) {
        return Some(own);
    }
    #[cfg(not(feature = "opentelemetry"))]
    let _ = span;
    sender
        .or_else(|| TraceParent::new(fastrand::u128(1..), fastrand::u64(1..), false))
        .map(|trace| trace.with_parent(fastrand::u64(1..)))
}

#[cfg(feature = "opentelemetry")]
mod export {
    //! Spans to a collector, as OTLP over HTTP.

    use std::time::Duration;

    use interview_schemas::TraceParent;
    use opentelemetry::trace::{
        SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider,
    };
    use opentelemetry::{Context, KeyValue};
    use opentelemetry_otlp::{ExporterBuildError, SpanExporter};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing::{Metadata, Span, Subscriber};
    use tracing_opentelemetry::OpenTelemetrySpanExt;
    use tracing_subscriber::Layer;
    use tracing_subscriber::filter::filter_fn;
    use tracing_subscriber::registry::LookupSpan;

    /// How long the end of the program may wait for the collector.
    const PATIENCE: Duration = Duration::from_secs(3);

    pub(super) struct Exporter(SdkTracerProvider);

    impl Exporter {
        /// The exporter that the environment asks for; `None` where it asks for none.
        pub(super) fn from_environment() -> Option<Result<Self, ExporterBuildError>> {
            if !super::ENDPOINTS.iter().any(|name| std::env::var_os(name).is_some()) {
                return None;
            }
            let exporter = match SpanExporter::builder().with_http().build() {
                Ok(exporter) => exporter,
                Err(error) => return Some(Err(error)),
            };
            let mut resource = Resource::builder();
            if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
                resource = resource.with_service_name("interview-worker");
            }
            let resource = resource
                .with_attribute(KeyValue::new("service.version", interview_pipeline::PIPELINE_VERSION))
                .build();
            Some(Ok(Self(
                SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build(),
            )))
        }

        /// The layer that turns our own spans, and the events in them, into exported ones.
        pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
        where
            S: Subscriber + for<'span> LookupSpan<'span>,
        {
            let ours = |metadata: &Metadata<'_>| {
                metadata.target().starts_with("interview") && *metadata.level() <= tracing::Level::DEBUG
            };
            tracing_opentelemetry::layer()
                .with_tracer(self.0.tracer("interview-worker"))
                // Places in the source and threads are of no use to who watches a fleet.
                .with_location(false)
                .with_threads(false)
                .with_filter(filter_fn(ours))
        }

        pub(super) fn end(self) {
            if let Err(error) = self.0.shutdown_with_timeout(PATIENCE) {
                tracing::warn!(%error, "the last spans could not be exported");
            }
        }
    }

    /// As [`super::adopt`]; `None` while no spans are exported.
    pub(super) fn adopt(span: &Span, sender: Option<TraceParent>) -> Option<TraceParent> {
        if let Some(sender) = sender {
            let flags = if sender.sampled() { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
            let trace = TraceId::from_hex(&sender.trace_id()).ok()?;
            let parent = SpanId::from_hex(&sender.parent_id()).ok()?;
            let remote = SpanContext::new(trace, parent, flags, true, TraceState::NONE);
            span.set_parent(Context::new().with_remote_span_context(remote)).ok()?;
        }
        let context = span.context();
        let own = context.span().span_context().clone();
        let trace = u128::from_be_bytes(own.trace_id().to_bytes());
        let id = u64::from_be_bytes(own.span_id().to_bytes());
        TraceParent::new(trace, id, own.is_sampled())
    }
}
