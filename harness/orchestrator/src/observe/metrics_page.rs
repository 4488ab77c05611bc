//! The page on which a service without probe tells of its own runtime.

use std::collections::BTreeMap;

use gotrace::GoVersion;
use gotrace::memstats::MemStats;
use gotrace::metrics::{Value, of_memstats, of_scrape};
use gotrace::prometheus::Scrape;
use record::target_file::MetricsFormat;

use super::probe::{Probe, ProbeError};

/// Where a service's page is.
#[derive(Debug, Clone)]
pub struct PageSource {
    /// Its format.
    pub format: MetricsFormat,
    /// Its whole URL.
    pub url: String,
    /// Header lines of the question.
    pub headers: Vec<(String, String)>,
    /// Whether it is on the admin listener.
    pub is_admin: bool,
}

/// What a page said.
#[derive(Debug, Clone, PartialEq)]
pub struct RuntimePage {
    /// By the names of runtime/metrics.
    pub metrics: BTreeMap<String, Value>,
    /// The Go version, where it tells.
    pub go_version: Option<GoVersion>,
}

impl PageSource {
    /// Reads the page.
    ///
    /// # Errors
    /// Unreachable, or it says nothing of the Go runtime.
    pub fn read(&self, probe: &Probe) -> Result<RuntimePage, ProbeError> {
        let body = probe.page(&self.url, &self.headers, self.is_admin)?;
        parse(self.format, &body).map_err(|reason| ProbeError::Page {
            url: self.url.clone(),
            reason,
        })
    }
}

fn parse(format: MetricsFormat, body: &[u8]) -> Result<RuntimePage, String> {
    let page = match format {
        MetricsFormat::Prometheus => {
            let scrape = Scrape::parse_all(body).pop().unwrap_or_default();
            RuntimePage {
                metrics: of_scrape(&scrape),
                go_version: scrape.go_version().and_then(|text| text.parse().ok()),
            }
        }
        MetricsFormat::Expvar => {
            let stats = MemStats::parse_expvar(body).map_err(|error| error.to_string())?;
            let stats = stats.last().ok_or("it is empty")?;
            RuntimePage {
                metrics: of_memstats(stats),
                go_version: None,
            }
        }
    };
    match page.metrics.is_empty() {
        true => Err("no metric of the Go runtime is on it (go_gc_…, go_memstats_…)".to_owned()),
        false => Ok(page),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_the_runtime_is_refused() {
        let why = parse(MetricsFormat::Prometheus, b"http_requests_total 3\n").unwrap_err();
        assert!(why.contains("no metric of the Go runtime"), "{why}");
        assert!(parse(MetricsFormat::Expvar, b"{\"cmdline\": []}").is_err());
        assert!(parse(MetricsFormat::Expvar, b"").is_err());
        let text = b"go_info{version=\"go1.22.4\"} 1\ngo_goroutines 3\n";
        let page = parse(MetricsFormat::Prometheus, text).unwrap();
        assert_eq!(page.go_version, Some(GoVersion::release(22, 4)));
    }
}
