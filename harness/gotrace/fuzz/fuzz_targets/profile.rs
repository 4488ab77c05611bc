#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(profile) = gotrace::profile::Profile::parse(bytes) {
        assert_eq!(gotrace::profile::Profile::parse(&profile.encode()).ok().map(|it| it.samples.len()), Some(profile.samples.len()));
        let _ = (profile.kind(), profile.top(0), profile.stacks(0));
    }
});
