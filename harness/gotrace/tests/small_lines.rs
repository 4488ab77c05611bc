//! Properties of the small grammars: pacer, scan statistics, finalizer queues, package initialisation. Lines are
//! written here as the runtime writes them, with both syntaxes of floats, and read back; whatever else comes is no panic.

use gotrace::exectrace::TraceHeader;
use gotrace::inittrace::PackageInit;
use gotrace::pacer::Pacer;
use gotrace::scanstats::{FinalizerQueue, ScanClass, ScanStats};
use proptest::prelude::*;

/// A float as `print` writes it: `+1.532953e+000` up to Go 1.25 (six digits behind the point), the shortest form that
/// reads back since 1.26.
fn float(value: f64, older: bool) -> String {
    if !older {
        return format!("{value}");
    }
    let text = format!("{value:+.6e}");
    let (digits, exponent) = text.split_once('e').expect("exponential form");
    let exponent: i32 = exponent.parse().expect("an exponent");
    format!("{digits}e{exponent:+04}")
}

/// What a float reads back as: six digits behind the point are all that the older syntax keeps.
fn same(read: f64, written: f64, older: bool) -> bool {
    if older {
        (read - written).abs() <= 1e-6 * written.abs()
    } else {
        read == written
    }
}

fn positive() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), 1e-9_f64..1e9]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_start_of_a_cycle_reads_back(ratio in positive(), share in positive(), sizes in prop::array::uniform3(any::<u64>()), workers in any::<i64>(), older in any::<bool>(), rest in "[a-z ]{0,9}") {
        let [scan_mib, live_mib, goal_mib] = sizes;
        let line = format!(
            "pacer: assist ratio={} (scan {scan_mib} MB in {live_mib}->{goal_mib} MB) workers={workers}+{}{}",
            float(ratio, older), float(share, older), if rest.is_empty() { String::new() } else { format!(" {rest}") },
        );
        let (read, left) = Pacer::parse(line.as_bytes()).expect("printed lines parse");
        prop_assert_eq!(left.trim_ascii(), rest.trim().as_bytes());
        let Pacer::Start { assist_ratio, fractional_workers, .. } = read else {
            return Err(TestCaseError::fail("no start of a cycle"));
        };
        prop_assert!(same(assist_ratio, ratio, older) && same(fractional_workers, share, older));
        let expected = Pacer::Start { assist_ratio, scan_mib, live_mib, goal_mib, dedicated_workers: workers, fractional_workers };
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn the_end_of_a_cycle_reads_back(percents in prop::array::uniform2(any::<i64>()), work_bytes in prop::array::uniform3(any::<u64>()), sizes in prop::array::uniform3(any::<u64>()), over_goal_bytes in any::<i64>(), mark in positive(), older in any::<bool>()) {
        let [cpu_percent, cpu_goal_percent] = percents;
        let [heap, stacks, globals] = work_bytes;
        let [expected_bytes, triggered_bytes, live_bytes] = sizes;
        let line = format!(
            "pacer: {cpu_percent}% CPU ({cpu_goal_percent} exp.) for {heap}+{stacks}+{globals} B work ({expected_bytes} B exp.) in {triggered_bytes} B -> {live_bytes} B (∆goal {over_goal_bytes}, cons/mark {})",
            float(mark, older),
        );
        let (read, left) = Pacer::parse(line.as_bytes()).expect("printed lines parse");
        prop_assert!(left.is_empty());
        let Pacer::End { cons_mark, .. } = read else {
            return Err(TestCaseError::fail("no end of a cycle"));
        };
        prop_assert!(same(cons_mark, mark, older));
        let expected = Pacer::End { cpu_percent, cpu_goal_percent, work_bytes, expected_bytes, triggered_bytes, live_bytes, over_goal_bytes, cons_mark };
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn the_end_of_sweeping_reads_back(numbers in prop::array::uniform3(any::<u64>()), rate in positive(), older in any::<bool>()) {
        let [heap_mib, allocated_mib, pages] = numbers;
        let line = format!(
            "pacer: sweep done at heap size {heap_mib}MB; allocated {allocated_mib}MB during sweep; swept {pages} pages at {} pages/byte",
            float(rate, older),
        );
        let (read, left) = Pacer::parse(line.as_bytes()).expect("printed lines parse");
        prop_assert!(left.is_empty());
        let Pacer::SweepDone { pages_per_byte, .. } = read else {
            return Err(TestCaseError::fail("no end of sweeping"));
        };
        prop_assert!(same(pages_per_byte, rate, older));
        prop_assert_eq!(read, Pacer::SweepDone { heap_mib, allocated_mib, pages, pages_per_byte });
    }

    #[test]
    fn scan_statistics_read_back(class in prop_oneof![Just(ScanClass::Total), Just(ScanClass::Large), any::<u64>().prop_map(ScanClass::Bytes)], objects in any::<u64>(), green_tea in prop::option::of((prop::array::uniform3(any::<u64>()), prop::array::uniform2(any::<u64>())))) {
        let of = match class {
            ScanClass::Total => "total".to_owned(),
            ScanClass::Large => "class L".to_owned(),
            ScanClass::Bytes(bytes) => format!("class {bytes}B"),
        };
        let line = match green_tea {
            None => format!("scan: {of} {objects} objs"),
            Some(([alone, sparse, dense], [few, many])) => format!(
                "scan: {of} {alone}+{sparse}+{dense}={objects} objs, {few}+{many}={} spans", few.wrapping_add(many)
            ),
        };
        let expected = ScanStats { class, objects, by_kind: green_tea.map(|it| it.0), spans: green_tea.map(|it| it.1) };
        prop_assert_eq!(ScanStats::parse(line.as_bytes()), Some((expected, &b""[..])));
        // A line that was cut is no line.
        for cut in 0..line.len() {
            prop_assert_eq!(ScanStats::parse(&line.as_bytes()[..cut]), None, "{}", &line[..cut]);
        }
    }

    #[test]
    fn finalizer_queues_read_back(finalizers in any::<u64>(), cleanups in any::<u64>()) {
        let line = format!("checkfinalizers: queue: {finalizers} finalizers + {cleanups} cleanups");
        prop_assert_eq!(FinalizerQueue::parse(line.as_bytes()), Some((FinalizerQueue { finalizers, cleanups }, &b""[..])));
        for cut in 0..line.len() {
            prop_assert_eq!(FinalizerQueue::parse(&line.as_bytes()[..cut]), None, "{}", &line[..cut]);
        }
    }

    #[test]
    fn package_initialisations_read_back(package in "[a-z]{1,8}(/[a-z.]{1,8}){0,3}", micros in prop::array::uniform2(0_u64..1_000_000_000), bytes in any::<u64>(), allocations in any::<u64>()) {
        let [at, clock] = micros.map(|micros| micros as f64 / 1e3);
        let line = format!("init {package} @{at} ms, {clock} ms clock, {bytes} bytes, {allocations} allocs");
        let expected = PackageInit { package: package.as_bytes(), at_ms: at, clock_ms: clock, bytes, allocations };
        prop_assert_eq!(PackageInit::parse(line.as_bytes()), Some((expected, &b""[..])));
        for cut in 0..line.len() {
            prop_assert_eq!(PackageInit::parse(&line.as_bytes()[..cut]), None, "{}", &line[..cut]);
        }
    }

    #[test]
    fn nothing_panics(begin in prop::sample::select(vec![
        "", "pacer: ", "pacer: assist ratio=", "pacer: assist ratio=+1.5e+000 (scan 3 MB in ", "pacer: 46% CPU (", "pacer: sweep done at heap size ",
        "scan: class ", "scan: total ", "scan: class 16B 0+3+", "checkfinalizers: queue: ", "init ", "init a @0.1 ms, ", "go 1.21 trace\0\0\0", "go 1.26 trace\0\0\0",
    ]), tail in prop_oneof![prop::collection::vec(any::<u8>(), 0..60), "[0-9+./=eE%a-z@ -]{0,60}".prop_map(String::into_bytes)]) {
        let bytes = [begin.as_bytes(), &tail].concat();
        let _ = Pacer::parse(&bytes);
        let _ = ScanStats::parse(&bytes);
        let _ = FinalizerQueue::parse(&bytes);
        let _ = PackageInit::parse(&bytes);
        let _ = TraceHeader::parse(&bytes).map(|header| header.is_cut_off(&bytes));
    }
}
