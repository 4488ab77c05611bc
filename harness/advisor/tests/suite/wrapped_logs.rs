//! One log in the forms of many collectors, and real crashes behind whatever prefix, quoting or encoding.

use std::path::PathBuf;

use documents::analysis::Analysis;

use crate::public_inputs::{all, analyzed, crash, ended, folder, that};

/// What is wrong with the one log of `log-wrappers`, however it is wrapped.
fn wrapped(it: &Analysis) -> Vec<String> {
    let input = &it.inputs[0];
    let processes = &input.processes;
    let collections: u64 = processes
        .iter()
        .filter_map(|own| Some(own.gc.as_ref()?.lines))
        .sum();
    let sched: u64 = processes
        .iter()
        .filter_map(|own| Some(own.sched.as_ref()?.lines))
        .sum();
    all([
        that(
            processes.len() == 1,
            &format!("{} processes", processes.len()),
        ),
        that(collections == 3, &format!("{collections} collections")),
        that(sched == 1, &format!("{sched} SCHED lines")),
        ended(
            it,
            "panic",
            "runtime error: integer divide by zero",
            "main.div (/src/main.go:9)",
            1,
        ),
        that(
            crash(it).stack.len() == 2,
            &format!("stack {:?}", crash(it).stack),
        ),
    ])
}

#[test]
fn the_line_that_a_prefix_is_first_seen_at_is_of_its_process() {
    let sched = |at: u32| {
        format!(
            "SCHED {at}ms: gomaxprocs=2 idleprocs=0 threads=5 spinningthreads=0 needspinning=0 idlethreads=1 runqueue=0 [0 0]"
        )
    };
    let gc = |seq: u32| {
        format!(
            "gc {seq} @0.{seq}00s 1%: 0.010+0.50+0.010 ms clock, 0.020+0.10/0.20/0+0.020 ms cpu, 4->4->1 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P"
        )
    };
    // Either kind may be the first; two replicas stay two.
    let first_sched = [sched(0), gc(1), sched(150), gc(2)];
    let first_gc = [gc(1), sched(150), gc(2), sched(250)];
    for lines in [&first_sched, &first_gc] {
        let log: String = lines
            .iter()
            .map(|own| format!("<30>1 node-7 ~ {own}\n"))
            .collect();
        let it = analyzed("one.log", log.as_bytes()).unwrap();
        assert_eq!(it.inputs[0].processes.len(), 1, "{log}");
    }
    let of_two = |own: &String| format!("<30>1 node-7 ~ {own}\n<30>1 node-8 ~ {own}\n");
    let log: String = first_sched
        .iter()
        .chain(&[gc(3), gc(4)])
        .map(of_two)
        .collect();
    let it = analyzed("two.log", log.as_bytes()).unwrap();
    let writers: Vec<Option<&str>> = it.inputs[0]
        .processes
        .iter()
        .map(|own| own.writer.as_deref())
        .collect();
    assert!(
        writers.iter().flatten().any(|own| own.contains("node-7")),
        "{writers:?}"
    );
    assert!(
        writers.iter().flatten().any(|own| own.contains("node-8")),
        "{writers:?}"
    );
}

#[test]
fn every_wrapper_comes_off() {
    let mut wrong = Vec::new();
    let mut count = 0;
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder("log-wrappers"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name == "README.md" {
            continue;
        }
        count += 1;
        let problems = analyzed(&name, &std::fs::read(&path).unwrap())
            .map_or_else(|told| vec![told], |it| wrapped(&it));
        if !problems.is_empty() {
            wrong.push(format!("{name}: {}", problems.join("; ")));
        }
    }
    assert_eq!(count, 35);
    assert!(
        wrong.is_empty(),
        "{} of {count} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// A crash of a real program, Go 1.26.8, as it is and behind whatever prefix, quoting or encoding; its README names it.
fn capture(name: &str) -> String {
    String::from_utf8(std::fs::read(folder("crashes").join(name)).unwrap()).unwrap()
}

#[test]
fn real_crashes_name_their_place() {
    for (name, cause, message, place, ended) in [
        (
            "nil-crash-1.26.8.txt",
            "panic",
            "nil pointer dereference",
            "main.(*T).get",
            Some(true),
        ),
        (
            "nested-single-1.26.8.txt",
            "panic",
            "second",
            "main.main",
            Some(true),
        ),
        (
            "unlock-single-1.26.8.txt",
            "fatal error",
            "sync: unlock of unlocked mutex",
            "main.main",
            Some(true),
        ),
        (
            "cgo-abort-1.26.8.txt",
            "signal",
            "SIGABRT: abort",
            "main._Cfunc_c_abort",
            Some(true),
        ),
        (
            "cgo-abort-crash-1.26.8.txt",
            "signal",
            "SIGABRT: abort",
            "main._Cfunc_c_abort",
            Some(true),
        ),
        (
            "cgo-segv-1.26.8.txt",
            "signal",
            "SIGSEGV: segmentation violation",
            "main._Cfunc_c_segv",
            Some(true),
        ),
        (
            "recovered-1.26.8.txt",
            "recovered panic",
            "assignment to entry in nil map",
            "main.main",
            Some(false),
        ),
        (
            "http-1.26.8.txt",
            "recovered panic",
            "in handler",
            "main.main.func5",
            Some(false),
        ),
        ("quit-1.27.3.txt", "signal", "SIGQUIT: quit", "", None),
    ] {
        let it = analyzed(name, capture(name).as_bytes()).unwrap();
        let crashes = &it.inputs[0].crashes;
        assert_eq!(crashes.len(), 1, "{name}: {crashes:?}");
        let own = &crashes[0];
        assert_eq!(
            (own.cause.as_str(), own.ended),
            (cause, ended),
            "{name}: {own:?}"
        );
        assert!(own.message.ends_with(message), "{name}: {}", own.message);
        let at = own.place.as_deref().unwrap_or("");
        assert!(at.starts_with(place), "{name}: {at}");
    }
}

/// Wraps a line, which has a number.
type Wrap = fn(usize, &str) -> String;

/// What collectors do to each line, and to all of them.
fn variants(text: &str) -> Vec<(String, Vec<u8>)> {
    let by_line: [(&str, Wrap); 26] = [
        ("plain", |_, line| line.to_owned()),
        ("indented", |_, line| format!("    {line}")),
        ("systemd", |at, line| {
            format!("Nov 21 09:35:{:02} host app[77]: {line}", at % 60)
        }),
        ("systemd without tabs", |at, line| {
            format!("Nov 21 09:35:{:02} host app[77]: {}", at % 60, line.trim())
        }),
        ("rsyslog", |_, line| {
            format!(
                "2026-11-21T09:35:34.1+01:00 host app: {}",
                line.replace('\t', "#011")
            )
        }),
        ("rfc 5424", |at, line| {
            format!("<11>1 2026-11-21T09:35:34.{at:03}Z host app 77 - - {line}")
        }),
        ("stern", |_, line| format!("web-5d8-x7k2p server {line}")),
        ("kubectl", |_, line| {
            format!("[pod/web-5d8-x7k2p/server] {line}")
        }),
        ("compose", |_, line| {
            format!("web-1  | {line}").trim_end().to_owned()
        }),
        ("cri", |_, line| {
            format!("2026-11-21T09:35:34.123456789Z stderr F {line}")
        }),
        ("docker", |_, line| {
            format!(
                r#"{{"log":{},"stream":"stderr","time":"2026-11-21T09:35:34.1Z"}}"#,
                serde_json::to_string(&format!("{line}\n")).unwrap()
            )
        }),
        ("datadog", |at, line| {
            format!(
                r#"{{"id":"AQ{at}x","attributes":{{"host":"h","service":"web","message":{}}}}}"#,
                serde_json::to_string(line).unwrap()
            )
        }),
        ("go test", |_, line| {
            format!(
                r#"{{"Time":"2026-11-21T09:35:34Z","Action":"output","Package":"x","Output":{}}}"#,
                serde_json::to_string(&format!("{line}\n")).unwrap()
            )
        }),
        ("journal", |_, line| {
            format!(
                r#"{{"_PID":"77","__REALTIME_TIMESTAMP":"1","MESSAGE":{},"PRIORITY":"6"}}"#,
                serde_json::to_string(line).unwrap()
            )
        }),
        ("journal export", |at, line| {
            format!("__CURSOR=s=1;i={at}\n_PID=77\nMESSAGE={line}\n_HOSTNAME=h\n")
        }),
        ("logfmt", |_, line| {
            format!(
                "ts=2026-11-21T09:35:34Z level=error line={}",
                serde_json::to_string(line).unwrap()
            )
        }),
        ("csv", |_, line| {
            format!("2026-11-21T09:35:34Z,h,\"{}\"", line.replace('"', "\"\""))
        }),
        ("yaml", |at, line| {
            format!(
                "---\ninsertId: a{at}\ntextPayload: {}\ntimestamp: '2026-11-21T09:35:34Z'",
                serde_json::to_string(line).unwrap()
            )
        }),
        ("loki", |at, line| {
            format!(
                r#"{{"labels":{{"app":"web"}},"line":{},"timestamp":"2026-11-21T09:35:{:02}Z"}}"#,
                serde_json::to_string(line).unwrap(),
                at % 60
            )
        }),
        ("fluent bit", |at, line| {
            format!(
                r#"[{at}] kube.web: [[1714550400.1, {{}}], {{"log"=>{}, "stream"=>"stderr"}}]"#,
                serde_json::to_string(line).unwrap()
            )
        }),
        ("splunk", |_, line| {
            format!(
                r#"{{"result":{{"_raw":{},"host":"h"}}}}"#,
                serde_json::to_string(line).unwrap()
            )
        }),
        ("actions", |_, line| {
            format!("2026-11-21T09:35:34.1234567Z {line}")
        }),
        ("heroku", |_, line| {
            format!("2026-11-21T09:35:34.123456+00:00 app[web.1]: {line}")
        }),
        ("logrus", |at, line| {
            format!("\u{1b}[36mINFO\u{1b}[0m[{at:04}] {line}")
        }),
        ("zerolog console", |_, line| format!("9:35AM ERR {line}")),
        ("hclog", |_, line| {
            format!("2026-11-21T09:35:34.123Z [ERROR] plugin.web: {line}")
        }),
    ];
    let mut found: Vec<(String, Vec<u8>)> = by_line
        .iter()
        .map(|(name, wrap)| {
            let lines: Vec<String> = text
                .lines()
                .enumerate()
                .map(|(at, line)| wrap(at, line))
                .collect();
            ((*name).to_owned(), (lines.join("\n") + "\n").into_bytes())
        })
        .collect();
    let quoted = serde_json::to_string(text).unwrap();
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    found.extend([
        ("CR LF".to_owned(), text.replace('\n', "\r\n").into_bytes()),
        ("CR".to_owned(), text.replace('\n', "\r").into_bytes()),
        ("UTF-16".to_owned(), utf16),
        (
            "BOM".to_owned(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        ),
        (
            "one record".to_owned(),
            format!("{{\"level\":\"error\",\"output\":{quoted}}}\n").into_bytes(),
        ),
        (
            "twice quoted".to_owned(),
            format!(
                "level=error msg={}\n",
                serde_json::to_string(&quoted).unwrap()
            )
            .into_bytes(),
        ),
        (
            "octal".to_owned(),
            format!(
                "Nov 21 09:35:34 h app[77]: {}\n",
                text.replace('\n', "#012").replace('\t', "#011")
            )
            .into_bytes(),
        ),
    ]);
    found
}

#[test]
fn real_crashes_are_read_however_they_come() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for name in [
        "nested-single-1.26.8.txt",
        "cgo-segv-1.26.8.txt",
        "map-1.27.3.txt",
        "nil-1.21.13.txt",
        "http-1.26.8.txt",
    ] {
        let text = capture(name);
        let right = analyzed(name, text.as_bytes()).unwrap();
        let right = &right.inputs[0].crashes[0];
        for (variant, bytes) in variants(&text) {
            count += 1;
            let found = analyzed("variant", &bytes).map(|it| it.inputs[0].crashes.clone());
            let same = found.as_ref().is_ok_and(|crashes| {
                crashes.len() == 1
                    && (
                        &crashes[0].cause,
                        &crashes[0].place,
                        crashes[0].goroutines,
                        &crashes[0].stack,
                    ) == (&right.cause, &right.place, right.goroutines, &right.stack)
                    && crashes[0].message.lines().next() == right.message.lines().next()
            });
            if !same {
                let got = found.map(|all| {
                    all.iter()
                        .map(|it| {
                            (
                                it.cause.clone(),
                                it.message.clone(),
                                it.place.clone(),
                                it.goroutines,
                            )
                        })
                        .collect::<Vec<_>>()
                });
                wrong.push(format!("{name} as {variant}: {got:?}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
