#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(version) = gotrace::GoVersion::parse(&String::from_utf8_lossy(bytes)) {
        let _ = version.to_string();
    }
});
