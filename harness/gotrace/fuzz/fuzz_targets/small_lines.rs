#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = gotrace::scavenge::Scavenge::parse(bytes);
    let _ = gotrace::pacer::Pacer::parse(bytes);
    let _ = gotrace::scanstats::ScanStats::parse(bytes);
    let _ = gotrace::scanstats::FinalizerQueue::parse(bytes);
    let _ = gotrace::inittrace::PackageInit::parse(bytes);
});
