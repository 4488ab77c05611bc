#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (name, value) = text.split_once('=').unwrap_or((&text, ""));
    let _ = gotrace::environment::check_variable(name, value, Some(&gotrace::GoVersion::release(27, 3)));
    let _ = gotrace::environment::check_godebug_string(&text, None);
});
