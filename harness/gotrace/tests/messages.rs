//! What a person reads when a setting is refused, as one snapshot.

use std::fmt::Write as _;

use gotrace::GoVersion;
use gotrace::environment::check_variable;

#[test]
fn refusals_name_the_setting_and_the_cure() {
    let mut text = String::new();
    for (minor, name, value) in [
        (27, "GOMAXPROCS", "0"),
        (27, "GOMAXPROCS", "500m"),
        (27, "GOMAXPROCS", "+7"),
        (27, "GOGC", "abc"),
        (27, "GOGC", "200%"),
        (27, "GOMEMLIMIT", "512Mi"),
        (27, "GOMEMLIMIT", "10MB"),
        (27, "GOMEMLIMIT", ""),
        (18, "GOMEMLIMIT", "1GiB"),
        (27, "GOAMD64", "v5"),
        (27, "GOTRACEBACK", "ful"),
        (27, "GODEBUG", "madvdontned=1"),
        (27, "GODEBUG", "gctrace=1;schedtrace=1"),
        (27, "GODEBUG", "gctrace=1"),
        (27, "GODEBUG", "asynctimerchan=1"),
        (24, "GODEBUG", "containermaxprocs=0"),
        (24, "GODEBUG", "cgocheck=2"),
        (27, "GODEBUG", "asyncpreemptoff=yes"),
        (26, "GOEXPERIMENT", "noswissmap"),
        (26, "GOEXPERIMENT", "greenteagx"),
    ] {
        let version = GoVersion::release(minor, 3);
        let problem = check_variable(name, value, Some(&version)).expect_err(value);
        let suggestion = problem.suggestion.as_deref().unwrap_or("-");
        writeln!(
            text,
            "1.{minor} {name}={value}\n  {:?}: {problem}\n  suggestion: {suggestion}",
            problem.kind
        )
        .expect("in memory");
    }
    insta::assert_snapshot!(text);
}
