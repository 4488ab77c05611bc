#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let _ = gotrace::profile::Profile::parse_text(&text);
    let _ = gotrace::profile::Profile::parse_old_cpu(bytes);
    let _ = gotrace::memstats::MemStats::parse_expvar(bytes);
    let _ = gotrace::prometheus::Scrape::parse_all(bytes);
    let _ = gotrace::metrics::numbers(bytes);
    let _ = gotrace::buildinfo::BuildInfo::parse_readable(&text);
    let _ = gotrace::encoding::utf8(bytes);
    let fields = gotrace::logprefix::Fields::of(bytes);
    assert!(fields.count() <= bytes.len());
});
