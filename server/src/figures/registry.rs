//! Where the figures of one server are kept, and how they are written for Prometheus.
//!
//! Owns the recorder of the `metrics` crates. Each server has its own and none is global, so that several in one
//! process do not count for each other.

use super::families::{ALL, DURATIONS, Family, Kind};
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as _, SharedString};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use metrics_process::Collector;
use std::sync::Arc;

/// In seconds: from what a request from memory takes to the longest poll.
const DURATION_BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 10.0, 60.0];

/// Names and values of labels. A value is a word of the program's own: nothing that came with a request is one.
pub(super) type Labels<'a> = &'a [(&'static str, &'a str)];

/// All figures of a server. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Registry {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
    process: Collector,
}

impl Registry {
    /// With nothing in it.
    ///
    /// # Errors
    ///
    /// The library does not take the buckets.
    pub(super) fn new() -> Result<Self, BuildError> {
        let durations = Matcher::Full(DURATIONS.name.to_owned());
        let recorder = PrometheusBuilder::new().set_buckets_for_metric(durations, &DURATION_BUCKETS)?.build_recorder();
        for Family { name, kind, says } in ALL {
            let says = SharedString::const_str(says);
            match kind {
                Kind::Counter => recorder.describe_counter((*name).into(), None, says),
                Kind::Gauge => recorder.describe_gauge((*name).into(), None, says),
                Kind::Histogram => recorder.describe_histogram((*name).into(), None, says),
            }
        }
        let process = Collector::default();
        metrics::with_local_recorder(&recorder, || process.describe());
        let handle = recorder.handle();
        Ok(Self { recorder: Arc::new(recorder), handle, process })
    }

    pub(super) fn counter(&self, family: Family, labels: Labels<'_>) -> Counter {
        self.recorder.register_counter(&key(family, labels), &METADATA)
    }

    pub(super) fn gauge(&self, family: Family, labels: Labels<'_>) -> Gauge {
        self.recorder.register_gauge(&key(family, labels), &METADATA)
    }

    pub(super) fn histogram(&self, family: Family, labels: Labels<'_>) -> Histogram {
        self.recorder.register_histogram(&key(family, labels), &METADATA)
    }

    /// Memory, CPU and open files of this process, as they are now.
    pub(super) fn collect_process(&self) {
        metrics::with_local_recorder(&*self.recorder, || self.process.collect());
    }

    /// Puts what was timed into its buckets. Until then each time takes eight bytes, so this is called now and then.
    pub(super) fn settle(&self) {
        self.handle.run_upkeep();
    }

    /// As Prometheus reads it.
    pub(super) fn render(&self) -> String {
        self.handle.render()
    }
}

/// This recorder does not look at it.
const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

fn key(family: Family, labels: Labels<'_>) -> Key {
    let labels = labels.iter().map(|(name, value)| Label::new(*name, (*value).to_owned())).collect::<Vec<_>>();
    Key::from_parts(family.name, labels)
}
