#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((cycle, rest)) = gotrace::gctrace::GcCycle::parse(bytes) {
        assert!(rest.len() < bytes.len());
        let _ = cycle.to_string();
    }
});
