#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut whole = Vec::new();
    gotrace::stderr::read(bytes, |event| whole.push(format!("{event:?}")));
    let mut halves = Vec::new();
    let mut reader = gotrace::stderr::Reader::new();
    let (first, second) = bytes.split_at(bytes.len() / 2);
    reader.feed(first, |event| halves.push(format!("{event:?}")));
    reader.feed(second, |event| halves.push(format!("{event:?}")));
    reader.finish(|event| halves.push(format!("{event:?}")));
    assert_eq!(whole, halves);
});
