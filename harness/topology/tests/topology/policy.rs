//! Names of policies: what parses, what prints, what an error says.

use topology::Policy;

#[test]
fn names_parse_and_print_back() {
    for text in [
        "none",
        "split",
        "compact",
        "spread",
        "no-smt",
        "node:0",
        "node:12",
        "llc:3",
        "cpus:0-3",
        "cpus:0-3,8/4-5",
        "cpus:1024-1027",
    ] {
        assert_eq!(text.parse::<Policy>().unwrap().to_string(), text);
    }
    assert_eq!(Policy::default(), Policy::Split);
    assert_eq!(
        "cpus:0-7:2/1".parse::<Policy>().unwrap().to_string(),
        "cpus:0,2,4,6/1"
    );
}

#[test]
fn errors_name_the_fix() {
    let error = |text: &str| text.parse::<Policy>().unwrap_err().to_string();
    insta::assert_snapshot!(error("0-3"), @r#"placement "0-3": a list of CPUs is written cpus:0-3"#);
    insta::assert_snapshot!(error("0-3/4"), @r#"placement "0-3/4": a list of CPUs is written cpus:0-3/4"#);
    insta::assert_snapshot!(error("node"), @r#"placement "node": needs a number, as in node:0"#);
    insta::assert_snapshot!(error("node:x"), @r#"placement "node:x": "x" is not a number; write it like node:0"#);
    insta::assert_snapshot!(error("no_smt"), @r#"placement "no_smt": did you mean no-smt?"#);
    insta::assert_snapshot!(error("Split"), @r#"placement "Split": did you mean split?"#);
    insta::assert_snapshot!(error("split:2"), @r#"placement "split:2": split takes nothing after it"#);
    insta::assert_snapshot!(error("cpus:"), @r#"placement "cpus:": no target CPUs named"#);
    insta::assert_snapshot!(error("cpus:0/"), @r#"placement "cpus:0/": no generator CPUs named"#);
    insta::assert_snapshot!(error("cpus:3-1"), @r#"placement "cpus:3-1": cpu list "3-1": range 3-1 runs backwards"#);
    insta::assert_snapshot!(error("llc:-1"), @r#"placement "llc:-1": "-1" is not a number; write it like llc:0"#);
    insta::assert_snapshot!(error(""), @r#"placement "": not a policy; there are none, split, compact, spread, no-smt, node:N, llc:N, cpus:0-3 or cpus:0-3/4-5"#);
    insta::assert_snapshot!(error("best"), @r#"placement "best": not a policy; there are none, split, compact, spread, no-smt, node:N, llc:N, cpus:0-3 or cpus:0-3/4-5"#);
}
