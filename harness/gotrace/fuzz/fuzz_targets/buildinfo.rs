#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = gotrace::buildinfo::BuildInfo::parse_all(&String::from_utf8_lossy(bytes));
});
