#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some((sample, _)) = gotrace::schedtrace::SchedSample::parse(bytes) {
        let line = sample.to_string();
        assert_eq!(gotrace::schedtrace::SchedSample::parse(line.as_bytes()).map(|it| it.0), Some(sample));
    }
});
