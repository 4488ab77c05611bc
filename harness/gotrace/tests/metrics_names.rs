//! The rule that tells counters from gauges against `metrics.All()` of seven Go versions.

use std::path::PathBuf;

use gotrace::metrics::{Nature, nature};

#[test]
fn every_metric_of_every_version_has_the_right_nature() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/go-logs");
    // Counts per version as `metrics.All()` returned them.
    for (version, count) in [
        ("1.21.13", 71),
        ("1.22.10", 82),
        ("1.23.9", 88),
        ("1.24.11", 93),
        ("1.25.5", 98),
        ("1.26.6", 113),
        ("1.27.3", 108),
    ] {
        let text = std::fs::read_to_string(folder.join(format!("metrics-all-{version}.txt")))
            .expect("dump");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), count, "{version}");
        for line in lines {
            let name = line.split('\t').next().expect("name");
            let expected = if line.ends_with("cumulative=true") {
                Nature::Cumulative
            } else {
                Nature::Gauge
            };
            assert_eq!(nature(name), Some(expected), "{version}: {name}");
        }
    }
    assert_eq!(nature("/of/another:version"), None);
}
