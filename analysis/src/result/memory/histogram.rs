//! Latency distributions in a form that other programs can read: HdrHistogram's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use components::memory::RequestorReport;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{DeserializeError, Deserializer, Serializer as _, V2DeflateSerializer};
use serde::{Deserialize, Serialize};
use sim_core::statistics::Latencies;
use thiserror::Error;

/// All latencies of one requestor. Texts are HdrHistogram's V2 compressed interchange form in base64, which its
/// implementations in Java, Python, C, Go and JavaScript read as well; [`decode_histogram`] does here.
///
/// Values are exact to three significant digits. Histograms of one `unit_ns` can be added to each other as they
/// are; others have to be scaled first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatencyHistogram {
    /// Length of one recorded unit, in ns.
    pub unit_ns: f64,
    /// Of the reads, from the request to the data; `None` if there were none.
    pub reads: Option<String>,
    /// Of the writes, from the request to the end of the burst; `None` if there were none.
    pub writes: Option<String>,
}

/// Why a text is not a histogram.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HistogramError {
    /// It is not base64.
    #[error("the histogram is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// The content of the base64 is not a histogram.
    #[error("this is not a histogram in HdrHistogram's V2 form: {0}")]
    Form(#[from] DeserializeError),
}

impl LatencyHistogram {
    /// The latencies of a requestor, recorded in ticks.
    pub(super) fn of(report: &RequestorReport, nanoseconds_per_tick: f64) -> Self {
        Self {
            unit_ns: nanoseconds_per_tick,
            reads: encode(&report.read_latency),
            writes: encode(&report.write_latency),
        }
    }
}

fn encode(latencies: &Latencies) -> Option<String> {
    if latencies.count() == 0 {
        return None;
    }
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(latencies.histogram(), &mut bytes)
        .expect("counts of 63 bits can be serialised, and a vector takes any number of bytes");
    Some(STANDARD.encode(bytes))
}

/// Decodes a text of [`LatencyHistogram`]. Other histograms can be added to the result.
///
/// # Errors
/// The text is not a histogram in HdrHistogram's V2 form.
pub fn decode_histogram(text: &str) -> Result<Histogram<u64>, HistogramError> {
    let bytes = STANDARD.decode(text)?;
    let mut histogram = Deserializer::new().deserialize(&mut bytes.as_slice())?;
    histogram.auto(true);
    Ok(histogram)
}

#[cfg(test)]
mod tests {
    use sim_core::Ticks;

    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut latencies = Latencies::new();
        assert_eq!(encode(&latencies), None);
        (0..5000).for_each(|value| latencies.record(Ticks(value * value)));
        let text = encode(&latencies).unwrap();
        assert_eq!(&decode_histogram(&text).unwrap(), latencies.histogram());
    }

    #[test]
    fn other_texts_are_refused() {
        let problem = |text: &str| decode_histogram(text).unwrap_err().to_string();
        assert!(problem("?").contains("not base64"));
        assert!(problem("").contains("not a histogram"));
        assert!(problem("aGVsbG8gd29ybGQ=").contains("not a histogram"));
    }
}
