//! Traces by OpenTelemetry: the spans of requests and of operations, sent by OTLP over HTTP to where the standard
//! variables (`OTEL_EXPORTER_OTLP_ENDPOINT` and the others) say.
use anyhow::Context as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracerProvider, Tracer},
};
use tracing::Subscriber;
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    registry::LookupSpan,
};

/// The name of the service, unless the standard variables give another.
const SERVICE: &str = "keyfob";

/// Traces that are being sent.
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins to send traces.
    ///
    /// # Errors
    /// When the variables name no place that traces can be sent to.
    pub(super) fn start() -> anyhow::Result<Self> {
        // The client of the exporter takes the process's provider of cryptography. A second one is refused, and is the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let exporter = SpanExporter::builder().with_http().build().context("--trace: traces cannot be sent")?;
        let resource = Resource::builder();
        let is_named = std::env::var_os("OTEL_SERVICE_NAME").is_some_and(|name| !name.is_empty());
        let resource = if is_named { resource } else { resource.with_service_name(SERVICE) };
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build());
        Ok(Self(provider.build()))
    }

    /// What hands spans over to be sent. Only those of this program: a driver's would have the texts of its statements.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let tracer: Tracer = self.0.tracer(SERVICE);
        let layer = tracing_opentelemetry::layer().with_tracer(tracer);
        let layer = layer.with_location(false).with_threads(false).with_tracked_inactivity(false);
        // Names of targets begin with the names of crates, and those of this program with this one.
        layer.with_filter(Targets::new().with_target(SERVICE, LevelFilter::DEBUG))
    }

    /// Sends what was not sent yet.
    pub(super) async fn end(self) {
        let ended = tokio::task::spawn_blocking(move || self.0.shutdown()).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}
