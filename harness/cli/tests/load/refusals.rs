//! Wrong input through every option: what is wrong with which, and the fix.

use crate::support::{code, load, stderr};

/// Standard error of a call that must be refused before anything is sent.
fn refused(arguments: &[&str]) -> String {
    let output = load(arguments);
    let text = stderr(&output);
    assert_eq!(code(&output), 2, "{arguments:?}: {text}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    text
}

/// A port that nobody listens on: it was ours a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

#[test]
fn urls_that_cannot_be_used() {
    let mut all = String::new();
    for url in [
        "",
        "nonsense",
        "127.0.0.1:80",
        "ftp://h/",
        "http://",
        "http://u:p@h/",
        "http://h:0/",
        "http://h:99999/",
        "curl --digest http://h/",
        "curl 'http://h/",
    ] {
        all.push_str(&format!("{url:?}\n  {}\n", refused(&[url]).trim_end()));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn nobody_there() {
    let url = format!("http://127.0.0.1:{}/", free_port());
    let text = refused(&[&url, "-c", "2"]);
    assert!(text.contains("nobody listens there"), "{text}");
    let text = refused(&["http://localhost/", "--unix", "/nonexistent/socket"]);
    assert!(text.contains("--unix"), "{text}");
}

#[test]
fn values_that_cannot_be() {
    let url = "http://127.0.0.1:9/";
    let mut all = String::new();
    for (option, value) in [
        ("-c", "0"),
        ("-c", "many"),
        ("-t", "-1"),
        ("-d", "5"),
        ("-d", "0s"),
        ("-d", "800h"),
        ("-r", "-5"),
        ("-r", "60%"),
        ("-r", "nan"),
        ("--stages", "5"),
        ("--stages", "5:0s"),
        ("--arrival", "often"),
        ("--slo", "p99>5ms"),
        ("--slo", "p99"),
        ("--slo", "rate<5"),
        ("--probes", "0"),
        ("-n", "0"),
        ("--seed", "x"),
        ("--engine", "fast"),
        ("--cpus", "a"),
        ("--cpus", ""),
        ("--timeout", "0s"),
        ("--drain", "5"),
        ("-m", "A B"),
        ("-H", "x"),
        ("-H", "a b: c"),
        ("--expect-status", "20"),
        ("--expect-length", "-1"),
        ("--expect-sha256", "12"),
        ("--streams", "0"),
        ("--requests-per-connection", "0"),
        ("--fail-if", "p99"),
        ("--fail-if", "p99>5"),
        ("--fail-if", "speed<5"),
        ("--interval", "x"),
    ] {
        let text = refused(&[url, option, value]);
        let first = text
            .lines()
            .take_while(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("\n  ");
        all.push_str(&format!("{option} {value}\n  {first}\n"));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn options_that_contradict_each_other() {
    let url = "http://127.0.0.1:9/";
    let mut all = String::new();
    for arguments in [
        &["--max", "--slo", "p99<5ms"][..],
        &["--slo", "p99<5ms", "-r", "5"],
        &["--max", "--stages", "5:5s"],
        &["--max", "--probes", "1"],
        &["--max", "--hlog", "x.hlog"],
        &["--max", "-n", "20"],
        &["--probes", "4"],
        &["--streams", "4"],
        &["--csv-out", "-"],
        &["--prometheus", "-"],
        &["-r", "5", "--stages", "5:5s"],
        &["--arrival", "poisson"],
        &["-b", "x", "--body-file", "y"],
        &["--mix", "x.yaml", "-m", "PUT"],
        &["--insecure"],
        &["-c", "2", "-t", "4"],
        &["--http2", "--engine", "h1-fast"],
        &["--http2", "--no-keepalive"],
        &["--interval", "1ms"],
        &["--cpus", "4000"],
    ] {
        let call: Vec<&str> = [url].into_iter().chain(arguments.iter().copied()).collect();
        all.push_str(&format!(
            "{}\n  {}\n",
            arguments.join(" "),
            refused(&call).trim_end()
        ));
    }
    // Which CPUs there are differs between machines.
    let settings = insta::Settings::clone_current();
    settings.bind(|| {
        insta::with_settings!({filters => vec![(r"may use CPUs [0-9,-]+", "may use CPUs LIST")]}, {
            insta::assert_snapshot!(all);
        })
    });
}

#[test]
fn files_that_are_not_there() {
    let url = "http://127.0.0.1:9/";
    for (option, word) in [
        ("--csv", "--csv"),
        ("--mix", "--mix"),
        ("--body-file", "/nonexistent/file"),
        ("--json", "--json"),
        ("--csv-out", "--csv-out"),
        ("--prometheus", "--prometheus"),
        ("--hlog", "/nonexistent/file"),
    ] {
        let text = refused(&[url, option, "/nonexistent/file"]);
        assert!(
            text.contains(word) && text.contains("No such file"),
            "{option}: {text}"
        );
    }
    let text = refused(&["https://127.0.0.1:9/", "--cacert", "/nonexistent/file"]);
    assert!(text.contains("/nonexistent/file"), "{text}");
}

#[test]
fn templates_that_cannot_be_rendered() {
    for body in ["{{x}}", "{{seq", "{{csv:a}}", "{{random:9-1}}"] {
        let text = refused(&["http://127.0.0.1:9/", "-b", body]);
        assert!(
            text.contains("{{") || text.contains("known are") || text.contains('`'),
            "{body}: {text}"
        );
    }
}

#[test]
fn help_documents_the_exit_codes() {
    let output = load(["--help"]);
    assert_eq!(code(&output), 0);
    let text = String::from_utf8(output.stdout).unwrap();
    for word in ["Exit codes: 0", "--fail-if", "{{seq}}", "selftest"] {
        assert!(text.contains(word), "{word}");
    }
    assert!(!text.contains("reference-server"), "{text}");
    // Without a URL there is nothing to do.
    assert_eq!(code(&load::<&str>([])), 2);
}
