//! Tests of the checks of GODEBUG strings and pairs.

use super::*;

fn check(key: &str, value: &str, minor: u32) -> Result<SettingVerdict, Problem> {
    check_godebug(key, value, Some(&GoVersion::release(minor, 9)))
}

fn kind(answer: Result<SettingVerdict, Problem>) -> ProblemKind {
    answer.expect_err("should be refused").kind
}

#[test]
fn table_is_sorted_for_the_search() {
    assert!(
        GODEBUG_KEYS
            .windows(2)
            .all(|pair| pair[0].name < pair[1].name)
    );
}

#[test]
fn unknown_keys_get_a_suggestion() {
    let problem = check("madvdontned", "1", 27).expect_err("unknown");
    assert_eq!(problem.kind, ProblemKind::Unknown);
    assert_eq!(problem.suggestion.as_deref(), Some("madvdontneed"));
    let invented = check("schedulertrace", "1", 27).expect_err("invented key");
    assert_eq!(
        (invented.kind, invented.suggestion.as_deref()),
        (ProblemKind::Unknown, Some("schedtrace"))
    );
    assert_eq!(
        check("scheddelay", "1", 27).expect_err("invented").kind,
        ProblemKind::Unknown
    );
}

#[test]
fn presence_follows_the_version() {
    assert!(check("profstackdepth", "64", 23).is_ok());
    assert_eq!(
        kind(check("profstackdepth", "64", 22)),
        ProblemKind::AbsentInVersion
    );
    assert!(check("asynctimerchan", "1", 26).is_ok());
    assert_eq!(
        kind(check("containermaxprocs", "0", 24)),
        ProblemKind::AbsentInVersion
    );
    let early = check_godebug("disablethp", "1", Some(&GoVersion::release(21, 5)));
    assert_eq!(kind(early), ProblemKind::AbsentInVersion);
    assert!(check_godebug("disablethp", "1", Some(&GoVersion::release(21, 6))).is_ok());
    assert!(
        check_godebug("profstackdepth", "64", None)
            .is_ok_and(|verdict| verdict.notes == ["profstackdepth exists from 1.23 on"])
    );
}

#[test]
fn fatal_pairs_are_refused_only_where_fatal() {
    let fatal = [
        ("x509sha1", "1"),
        ("tlskyber", "0"),
        ("gotypesalias", "0"),
        ("tlsunsafeekm", "1"),
        ("tlsrsakex", "1"),
        ("tls3des", "1"),
        ("tls10server", "1"),
        ("x509keypairleaf", "0"),
        ("asynctimerchan", "1"),
        ("asynctimerchan", "2"),
    ];
    for (key, value) in fatal {
        assert_eq!(
            kind(check(key, value, 27)),
            ProblemKind::AbortsAtStart,
            "{key}={value}"
        );
        let before = check(key, value, 26);
        assert!(
            !matches!(&before, Err(problem) if problem.kind == ProblemKind::AbortsAtStart),
            "{key}={value} on 1.26"
        );
    }
    // The other value of a removed key is harmless, but does nothing.
    assert_eq!(
        kind(check("asynctimerchan", "0", 27)),
        ProblemKind::AbsentInVersion
    );
    for minor in 21..=27 {
        assert_eq!(
            kind(check("cgocheck", "2", minor)),
            ProblemKind::AbortsAtStart
        );
    }
    assert_eq!(
        kind(check_godebug("cgocheck", "2", None)),
        ProblemKind::AbortsAtStart
    );
}

#[test]
fn observation_is_the_harness_business_and_debugging_discouraged() {
    for key in [
        "gctrace",
        "schedtrace",
        "scheddetail",
        "scavtrace",
        "gcpacertrace",
        "inittrace",
    ] {
        assert_eq!(kind(check(key, "1", 27)), ProblemKind::Observation, "{key}");
    }
    assert!(check("sbrk", "1", 27).is_ok_and(|verdict| verdict.discouraged));
    assert!(
        check("madvdontneed", "0", 27)
            .is_ok_and(|verdict| !verdict.discouraged && verdict.notes.is_empty())
    );
    assert!(
        check("madvdontneed", "1", 27)
            .is_ok_and(|verdict| verdict.notes == ["madvdontneed=1 is the default already"])
    );
}

#[test]
fn defaults_follow_the_version_and_the_go_line() {
    let note = |value, minor| check("multipathtcp", value, minor).expect("accepted").notes;
    assert_eq!(note("0", 21), ["multipathtcp=0 is the default already"]);
    assert!(note("1", 21).is_empty());
    assert!(note("0", 24).is_empty());
    assert_eq!(
        note("2", 24),
        ["multipathtcp=2 is the default from a go line of 1.24 on; older go lines get 0"]
    );
}

#[test]
fn values_that_go_would_ignore_are_refused() {
    for (key, value) in [
        ("asyncpreemptoff", "abc"),
        ("asyncpreemptoff", ""),
        ("asyncpreemptoff", "+1"),
        ("memprofilerate", "1.5"),
        ("http2server", "off"),
        ("containermaxprocs", "2"),
        ("profstackdepth", "4096"),
    ] {
        assert_eq!(
            kind(check(key, value, 27)),
            ProblemKind::SilentlyIgnored,
            "{key}={value}"
        );
    }
}

#[test]
fn strings_are_split_as_the_runtime_splits_them() {
    assert_eq!(
        godebug_pairs("a=1,b=2,,c=x=y"),
        Ok(vec![("a", "1"), ("b", "2"), ("c", "x=y")])
    );
    assert_eq!(
        godebug_pairs("a=1;b=2")
            .expect_err("semicolon")
            .suggestion
            .as_deref(),
        Some("a=1,b=2")
    );
    assert_eq!(
        godebug_pairs("a=1, b=2")
            .expect_err("space")
            .suggestion
            .as_deref(),
        Some("a=1,b=2")
    );
    assert!(godebug_pairs("a").is_err());
    assert!(check_godebug_string("madvdontneed=0,madvdontneed=1", None).is_err());
    assert!(check_godebug_string("cpu.avx2=off,madvdontneed=0", None).is_ok());
    assert!(check_godebug_string("cpu.all=on", None).is_err());
}

fn at(key: &str, value: &str, version: &str) -> Result<SettingVerdict, Problem> {
    check_godebug(
        key,
        value,
        Some(&GoVersion::parse(version).expect("version")),
    )
}

/// First patches that have a key, and the patch before each, from the sources of every release.
#[test]
fn back_ported_keys_are_known_by_patch() {
    for (key, value, with, without) in [
        ("urlmaxqueryparams", "0", "1.24.12", "1.24.11"),
        ("urlmaxqueryparams", "0", "1.25.6", "1.25.5"),
        ("fips140ems", "0", "1.25.13", "1.25.12"),
        ("fips140ems", "0", "1.26.6", "1.26.5"),
        ("htmlmetacontenturlescape", "0", "1.25.8", "1.25.7"),
        ("htmlmetacontenturlescape", "0", "1.26.1", "1.26.0"),
        ("httpservecontentmaxranges", "7", "1.26.9", "1.26.8"),
        ("httpservecontentmaxranges", "7", "1.26.11", "1.26.0"),
        ("httpservecontentmaxranges", "7", "1.27.2", "1.27.1"),
        ("allowmultiplevcs", "1", "1.23.11", "1.23.10"),
        ("allowmultiplevcs", "1", "1.24.5", "1.24.4"),
        ("httpcookiemaxnum", "0", "1.24.8", "1.24.7"),
        ("httpcookiemaxnum", "0", "1.25.2", "1.25.1"),
        ("netedns0", "0", "1.21.12", "1.21.11"),
        ("netedns0", "0", "1.22.5", "1.22.4"),
        ("tlsmaxrsasize", "4096", "1.21.1", "1.21.0"),
    ] {
        assert!(
            at(key, value, with).is_ok(),
            "{key} in {with}: {:?}",
            at(key, value, with)
        );
        assert_eq!(
            kind(at(key, value, without)),
            ProblemKind::AbsentInVersion,
            "{key} in {without}"
        );
    }
    let absent = at("httpservecontentmaxranges", "7", "1.27.1").expect_err("absent");
    assert!(
        absent.message.contains("from 1.26.9 and 1.27.2 on"),
        "{}",
        absent.message
    );
}

#[test]
fn values_follow_the_version_too() {
    for value in ["2", "3"] {
        assert_eq!(
            kind(at("multipathtcp", value, "1.23.12")),
            ProblemKind::SilentlyIgnored
        );
        assert!(at("multipathtcp", value, "1.24.0").is_ok());
    }
    assert!(at("multipathtcp", "1", "1.21.0").is_ok());
    // crypto/internal/fips140 panics in its init; before 1.24 the key is unknown.
    assert_eq!(
        kind(at("fips140", "yes", "1.24.0")),
        ProblemKind::AbortsAtStart
    );
    assert_eq!(
        kind(at("fips140", "yes", "1.27.4")),
        ProblemKind::AbortsAtStart
    );
    assert_eq!(
        kind(at("fips140", "yes", "1.23.12")),
        ProblemKind::AbsentInVersion
    );
    let default = |version| at("traceadvanceperiod", "1000000000", version).expect("accepted");
    assert!(
        default("1.23.0")
            .notes
            .iter()
            .any(|note| note.contains("default already"))
    );
    assert!(
        !default("1.22.12")
            .notes
            .iter()
            .any(|note| note.contains("default already"))
    );
    let labels = at("tracebacklabels", "0", "1.26.11").expect("accepted");
    assert!(
        labels
            .notes
            .iter()
            .any(|note| note.contains("default already")),
        "{:?}",
        labels.notes
    );
}

#[test]
fn undocumented_keys_are_known_and_named_as_such() {
    for (key, value) in [
        ("multipartfiles", "distinct"),
        ("execwait", "1"),
        ("simd", "+256"),
    ] {
        let verdict = at(key, value, "1.27.4").expect(key);
        assert!(
            verdict
                .notes
                .iter()
                .any(|note| note.contains("undocumented")),
            "{key}"
        );
    }
    assert_eq!(
        kind(at("simd", "256", "1.26.11")),
        ProblemKind::AbsentInVersion
    );
    assert_eq!(
        kind(at("multipartfiles", "1", "1.27.4")),
        ProblemKind::SilentlyIgnored
    );
}
