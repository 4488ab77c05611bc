#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = gotrace::crash::goroutines(bytes);
    let crash = [b"panic: x\n", bytes].concat();
    gotrace::stderr::read(&crash, |_| {});
});
