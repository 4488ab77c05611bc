#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(snapshot) = gotrace::metrics::Snapshot::parse(bytes) {
        let _ = gotrace::metrics::Delta::between(&snapshot, &snapshot);
    }
});
