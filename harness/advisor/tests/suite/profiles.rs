//! Tables, pictures and the lock check on real profiles; their origin is in the fixtures' READMEs. Values were read off
//! `go tool pprof -top -unit=ns` (go1.23.4), not off this crate.

use std::path::Path;
use std::time::Duration;

use advisor::profile::{
    FlameOptions, LockEvidence, LockLimits, Scaling, difference, flame_graph, lock_check, top,
};
use documents::figures::amount_text;
use documents::profile::LockVerdict;
use gotrace::profile::{Frame, FrameIndex, Profile, Sample, ValueType, diff};
use report::flame_svg;

fn profile(name: &str) -> Profile {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gotrace/tests/fixtures");
    let bytes = std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    Profile::parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn named(id: &str) -> FlameOptions {
    FlameOptions {
        id: id.to_owned(),
        title: id.to_owned(),
        ..FlameOptions::default()
    }
}

/// Two stacks of hostile names.
fn hostile() -> Profile {
    let names = [
        "</title><script>alert(1)</script>",
        "a;b\nc\u{0}d",
        "]]><svg onload=alert(1)>",
    ];
    Profile {
        sample_types: vec![ValueType {
            kind: "cpu\"><".to_owned(),
            unit: "count".to_owned(),
        }],
        frames: names
            .iter()
            .map(|name| Frame {
                function: (*name).to_owned(),
                ..Frame::default()
            })
            .collect(),
        samples: vec![
            Sample {
                stack: vec![FrameIndex(1), FrameIndex(0)],
                values: vec![3],
                labels: Vec::new(),
            },
            Sample {
                stack: vec![FrameIndex(2)],
                values: vec![1],
                labels: Vec::new(),
            },
        ],
        ..Profile::default()
    }
}

#[test]
fn tables_hold_what_pprof_says() {
    for (name, function, flat, cum, share) in [
        (
            "profiles/contended-1.27.3-block.pb.gz",
            "sync.(*Mutex).Lock",
            122_871_244_042.0,
            122_871_244_042.0,
            "91.09",
        ),
        (
            "profiles/contended-1.27.3-profile.pb.gz",
            "gosweep.dev/targets/internal/work.Spin",
            3_060_000_000.0,
            3_190_000_000.0,
            "92.45",
        ),
        (
            "profiles/contended-1.21.13-mutex.pb.gz",
            "sync.(*Mutex).Unlock",
            4_283_816_034.0,
            4_283_816_034.0,
            "100.00",
        ),
    ] {
        let it = profile(name);
        let table = top(&it, &advisor::profile::main_measure(&it).unwrap(), 4);
        let line = &table.lines[0];
        assert_eq!(
            (line.function.as_str(), line.flat, line.cum),
            (function, flat, cum)
        );
        assert_eq!(format!("{:.2}", line.flat_share * 100.0), share, "{name}");
        assert!(table.lines.len() <= 4);
        assert_eq!(
            table.lines.len() + table.left_out,
            it.top(table.measure.index).len()
        );
    }
}

#[test]
fn the_main_measure_is_time_or_space() {
    for (name, kind) in [
        ("go-logs/pprof-cpu-1.27.3.pb.gz", "cpu"),
        ("go-logs/pprof-heap-1.27.3.pb.gz", "inuse_space"),
        (
            "profiles/leak-1.27.3-allocs-since-start.pb.gz",
            "alloc_space",
        ),
        ("go-logs/pprof-block-1.27.3.pb.gz", "delay"),
        ("profiles/leak-1.27.3-goroutineleak.pb.gz", "goroutineleak"),
    ] {
        assert_eq!(
            advisor::profile::main_measure(&profile(name)).unwrap().kind,
            kind,
            "{name}"
        );
    }
}

fn drawn(profile: &Profile, options: &FlameOptions) -> String {
    flame_svg(&flame_graph(profile, options).unwrap()).unwrap()
}

#[test]
fn a_flame_graph_is_whole_and_always_the_same() {
    let it = profile("go-logs/pprof-cpu-1.27.3.pb.gz");
    let svg = drawn(&it, &named("cpu"));
    assert_eq!(svg, drawn(&it, &named("cpu")));
    // 2.33 s in all and 800 ms under this function: `go tool pprof -top`, see gotrace/tests/profiles.rs.
    assert!(svg.contains("<title>all\n2.33 s, 100 %</title>"), "{svg}");
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
    for outside in ["http://", "https://", "url(", "@import", "href"] {
        let found = svg.replace("http://www.w3.org/", "");
        assert!(!found.contains(outside), "{outside}");
    }
    // The shares of the first level add up to everything.
    let first: u32 = svg
        .split("data-w=\"")
        .skip(1)
        .filter(|rest| rest.contains("data-l=\"1\"") && rest.find("data-l=\"1\"") < Some(20))
        .map(|rest| rest.split('"').next().unwrap().parse::<u32>().unwrap())
        .sum();
    assert!((990_000..=1_000_010).contains(&first), "{first}");
}

#[test]
fn many_calls_do_not_make_a_large_picture() {
    let names: Vec<String> = (0..200_000).map(|at| format!("main.f{at}")).collect();
    let wide = Profile {
        sample_types: vec![ValueType {
            kind: "samples".to_owned(),
            unit: "count".to_owned(),
        }],
        frames: names
            .iter()
            .map(|name| Frame {
                function: name.clone(),
                ..Frame::default()
            })
            .collect(),
        samples: (0..200_000)
            .map(|at| Sample {
                stack: vec![FrameIndex(at)],
                values: vec![1 + i64::from(at % 7)],
                labels: Vec::new(),
            })
            .collect(),
        ..Profile::default()
    };
    let svg = drawn(&wide, &named("wide"));
    assert!(svg.len() < 100_000, "{} bytes", svg.len());
    assert!(svg.contains("200000 calls of at most 0.00 % left out"));
    let some = FlameOptions {
        least_share: 0.0,
        ..named("wide")
    };
    let svg = drawn(&wide, &some);
    assert!(svg.len() < 2_000_000, "{} bytes", svg.len());
    assert!(svg.contains("196001 calls of at most 0.00 % left out"));
}

#[test]
fn hostile_names_stay_text() {
    let it = hostile();
    let svg = drawn(
        &it,
        &FlameOptions {
            title: "<b>&\u{7}".to_owned(),
            ..named("hostile")
        },
    );
    assert!(!svg.contains("<script>alert"));
    assert!(!svg.contains("<svg onload"));
    assert!(!svg.contains("<b>"));
    assert!(!svg.contains('\u{0}') && !svg.contains('\u{7}'));
    assert_eq!(svg.matches("]]>").count(), 1, "only the script's own end");
}

#[test]
fn differences_show_both_sides() {
    let (before, after) = (
        profile("profiles/contended-1.27.3-block.pb.gz"),
        profile("profiles/sharded-1.27.3-block.pb.gz"),
    );
    let svg = flame_svg(&difference(&before, &after, Scaling::AsTaken, &named("block")).unwrap())
        .unwrap();
    let lock = svg
        .split("<title>")
        .find(|title| title.starts_with("main.(*shard).use\n"))
        .unwrap();
    assert!(
        lock.starts_with(
            "main.(*shard).use\nbefore 123 s (91.1 %), after 70.1 ms (0.31 %): −123 s</title>"
        ),
        "{lock}"
    );
    assert!(svg.contains("class=\"l4\""), "what vanished is blue");
    let per_request = Scaling::PerRequest {
        before: 2391.0,
        after: 3260.0,
    };
    let scaled =
        flame_svg(&difference(&before, &after, per_request, &named("block")).unwrap()).unwrap();
    // 122.871 s ÷ 2391 requests.
    assert!(scaled.contains("before 51.4 ms per request"), "{scaled}");
    let same =
        flame_svg(&difference(&before, &before, Scaling::PerSecond, &named("block")).unwrap())
            .unwrap();
    assert!(!same.contains("class=\"m") && !same.contains("class=\"l"));
    assert!(same.contains("30.4 s per s"), "122.871 s of 4.04 s");
}

#[test]
fn differences_refuse_what_does_not_compare() {
    let (cpu, heap) = (
        profile("go-logs/pprof-cpu-1.27.3.pb.gz"),
        profile("go-logs/pprof-heap-1.27.3.pb.gz"),
    );
    let refused = |before, after, scaling| {
        difference(before, after, scaling, &named("x"))
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(
        [
            refused(&cpu, &heap, Scaling::AsTaken),
            refused(&heap, &heap, Scaling::PerSecond),
            refused(&cpu, &cpu, Scaling::PerRequest { before: 0.0, after: 1.0 }),
            flame_graph(&diff(&cpu, &cpu).unwrap(), &named("x")).unwrap_err().to_string(),
        ]
        .join("\n"),
        @r"
    the two profiles do not count the same; give two of one kind
    cannot compare per s: a profile does not say how long its window was
    cannot compare per request: there were no requests on one side
    there is no cpu in the profile: nothing of the kind happened in its window, or recording it is off
    "
    );
}

/// The lock check on the four profiles of a capture.
fn locks(capture: &str, fraction: u32) -> String {
    let [cpu, block, mutex, goroutine] = ["profile", "block", "mutex", "goroutine"]
        .map(|kind| profile(&format!("profiles/{capture}-{kind}.pb.gz")));
    let check = lock_check(
        &LockEvidence {
            cpu: Some(&cpu),
            block: Some(&block),
            mutex: Some(&mutex),
            goroutine: Some(&goroutine),
            mutex_fraction: Some(fraction),
            ..LockEvidence::default()
        },
        &LockLimits::default(),
    );
    assert!(check.missing.is_empty());
    let mut text = String::new();
    for site in &check.suspects {
        text.push_str(&format!("{} {:?}\n", site.site, site.verdict));
        for signal in &site.signals {
            let mark = match signal.shown {
                Some(true) => "+",
                Some(false) => "-",
                None => "?",
            };
            text.push_str(&format!("  {mark} {}: {}\n", signal.profile, signal.text));
        }
    }
    text
}

#[test]
fn four_profiles_confirm_a_contended_lock() {
    insta::assert_snapshot!(locks("heavy-1.27.3", 1));
}

#[test]
fn three_profiles_show_a_lock_that_is_held_long() {
    insta::assert_snapshot!(locks("contended-1.27.3", 1));
    insta::assert_snapshot!(locks("contended-1.21.13", 10));
}

#[test]
fn a_sharded_lock_is_not_accused() {
    let text = locks("sharded-1.27.3", 1);
    assert!(text.contains("main.(*shard).use"), "{text}");
    assert!(
        !text.contains("Confirmed") && !text.contains("Likely"),
        "{text}"
    );
    insta::assert_snapshot!(text);
}

#[test]
fn cpu_alone_is_a_false_spike() {
    let (busy, quiet) = (
        ["profile", "block", "mutex", "goroutine"]
            .map(|kind| profile(&format!("profiles/heavy-1.27.3-{kind}.pb.gz"))),
        ["block", "mutex", "goroutine"]
            .map(|kind| profile(&format!("go-logs/pprof-{kind}-1.24.11.pb.gz"))),
    );
    let check = lock_check(
        &LockEvidence {
            cpu: Some(&busy[0]),
            block: Some(&quiet[0]),
            mutex: Some(&quiet[1]),
            goroutine: Some(&quiet[2]),
            window: Some(Duration::from_secs(3600)),
            ..LockEvidence::default()
        },
        &LockLimits::default(),
    );
    let shard = check
        .suspects
        .iter()
        .find(|site| site.site == "main.(*shard).use")
        .unwrap();
    assert_eq!(shard.verdict, LockVerdict::Noise);
    // With the CPU profile alone nothing is settled, and the missing ones are named.
    let alone = lock_check(
        &LockEvidence {
            cpu: Some(&busy[0]),
            ..LockEvidence::default()
        },
        &LockLimits::default(),
    );
    assert_eq!(alone.suspects[0].verdict, LockVerdict::Undecided);
    assert_eq!(alone.missing.len(), 3);
    // A coarse sampling fraction leaves too few events behind the count.
    let coarse = LockEvidence {
        mutex: Some(&busy[2]),
        mutex_fraction: Some(1_000_000),
        ..LockEvidence::default()
    };
    let check = lock_check(&coarse, &LockLimits::default());
    assert_eq!(check.suspects[0].signals[2].shown, Some(false));
}

#[test]
fn leaked_goroutines_are_counted() {
    let it = profile("profiles/leak-1.27.3-goroutineleak.pb.gz");
    let table = top(&it, &advisor::profile::main_measure(&it).unwrap(), 10);
    let leaker = table
        .lines
        .iter()
        .find(|line| line.function == "main.(*leaker).ServeHTTP.func1")
        .unwrap();
    assert_eq!((leaker.flat, leaker.cum), (0.0, 500.0));
    assert_eq!(amount_text(&table.measure.unit, leaker.cum), "500");
}
