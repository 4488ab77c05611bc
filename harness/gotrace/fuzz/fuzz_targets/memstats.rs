#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(stats) = gotrace::memstats::MemStats::parse(&String::from_utf8_lossy(bytes)) {
        assert!(stats.recent_pauses_ns().count() <= 256);
    }
});
