#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut detail = gotrace::scheddetail::SchedDetail::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        detail.add_line(line);
        let _ = gotrace::scheddetail::SchedDetail::parse_head(line);
    }
});
