#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(header) = gotrace::exectrace::TraceHeader::parse(bytes) {
        let _ = header.is_cut_off(bytes);
    }
});
