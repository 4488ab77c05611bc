//! Inputs in the forms that people have them in, each with the right answer: `public-inputs`, and one log as seventy
//! collectors wrap it, `log-wrappers`. Both have a README in gotrace's fixtures. Everything goes the way of
//! `gosweep analyze`: bytes arrive in pieces, and the document is what is looked at.

use std::path::{Path, PathBuf};

use advisor::analyze::{AnalyzeOptions, Arriving, analyze};
use documents::analysis::{Analysis, CrashReport, Standing};
use documents::finding::Severity;
use report::{TerminalOptions, terminal};

pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../gotrace/tests/fixtures")
        .join(name)
}

/// What `gosweep analyze` makes of bytes, or its words on why it reads nothing.
pub(crate) fn analyzed(name: &str, bytes: &[u8]) -> Result<Analysis, String> {
    let mut arriving = Arriving::new();
    for chunk in bytes.chunks(1000) {
        arriving.take(chunk);
    }
    let material = arriving.finish(name).map_err(|unread| unread.to_string())?;
    analyze(&[material], &AnalyzeOptions::default()).map_err(|error| error.to_string())
}

fn public(name: &str) -> Result<Analysis, String> {
    let bytes = std::fs::read(folder("public-inputs").join(name))
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    analyzed(name, &bytes)
}

/// What is wrong with an answer; nothing if it is right.
type Check = fn(&Analysis) -> Vec<String>;

pub(crate) fn that(holds: bool, what: &str) -> Vec<String> {
    if holds {
        Vec::new()
    } else {
        vec![what.to_owned()]
    }
}

pub(crate) fn all(checks: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
    checks.into_iter().flatten().collect()
}

pub(crate) fn crash(it: &Analysis) -> CrashReport {
    it.inputs[0]
        .crashes
        .first()
        .cloned()
        .unwrap_or(CrashReport {
            cause: "none".to_owned(),
            message: String::new(),
            place: None,
            ended: None,
            garbled_lines: 0,
            times: 0,
            stack: Vec::new(),
            groups: Vec::new(),
            groups_left_out: 0,
            goroutines: 0,
        })
}

/// One end of a process, by cause, message, place and number of goroutines; the verdict names it.
pub(crate) fn ended(
    it: &Analysis,
    cause: &str,
    message: &str,
    place: &str,
    goroutines: u64,
) -> Vec<String> {
    let own = crash(it);
    all([
        that(it.inputs[0].crashes.len() == 1, "one report"),
        that(own.cause == cause, &format!("cause {}", own.cause)),
        that(
            own.message.contains(message),
            &format!("message {:?}", own.message),
        ),
        that(
            own.place.as_deref().is_some_and(|at| at.contains(place)),
            &format!("place {:?}", own.place),
        ),
        that(
            own.goroutines == goroutines,
            &format!("{} goroutines", own.goroutines),
        ),
        that(
            own.ended == Some(true) && it.severity == Standing::Found(Severity::Critical),
            &format!("verdict {}", it.verdict),
        ),
    ])
}

fn fact(it: &Analysis, name: &str, value: &str) -> Vec<String> {
    let found = it.inputs[0].facts.iter().find(|fact| fact.name == name);
    let right = found.is_some_and(|fact| fact.value.contains(value));
    that(
        right,
        &format!(
            "{name}: {:?} instead of {value}",
            found.map(|fact| &fact.value)
        ),
    )
}

fn noted(it: &Analysis, words: &str) -> Vec<String> {
    that(
        it.inputs[0].notes.iter().any(|note| note.contains(words)),
        &format!("no note of {words}: {:?}", it.inputs[0].notes),
    )
}

fn text(it: &Analysis) -> String {
    terminal(it, TerminalOptions::default())
}

/// CPU share of collections of the first process, in per cent.
fn gc_percent(it: &Analysis) -> f64 {
    let process = it.inputs[0].processes.first();
    process
        .and_then(|own| own.gc.as_ref()?.cpu_share)
        .unwrap_or(f64::NAN)
        * 100.0
}

fn share(it: &Analysis, right: f64, within: f64) -> Vec<String> {
    let percent = gc_percent(it);
    that(
        (percent - right).abs() <= within,
        &format!("GC share {percent} instead of {right}"),
    )
}

const INPUTS: [(&str, Check); 42] = [
    ("01-syslog-nopid-mapwrites.log", |it| {
        ended(it, "fatal error", "concurrent map writes", "registerPid", 2)
    }),
    ("02-syslog-011-maprw.log", |it| {
        ended(
            it,
            "fatal error",
            "concurrent map read",
            "agent/controller.go:190",
            2,
        )
    }),
    ("05-oom-go111.txt", |it| {
        all([
            ended(
                it,
                "fatal error",
                "out of memory",
                "main.load (/home/u/scan.go:88)",
                1,
            ),
            that(crash(it).stack.len() == 4, "four frames"),
        ])
    }),
    ("07-go12-overflow.txt", |it| {
        ended(
            it,
            "fatal error",
            "stack overflow",
            "main.walk (/home/u/src/main.go:10)",
            1,
        )
    }),
    ("09-quoted-goroutines.txt", |it| {
        that(crash(it).goroutines == 3, "three goroutines")
    }),
    ("10-cgo-untabbed.txt", |it| {
        ended(it, "fatal error", "unexpected signal", "_Cfunc_start", 1)
    }),
    ("11-windows-exception.txt", |it| {
        ended(it, "exception", "0xc0000005", "_Cfunc_dyn_Create", 3)
    }),
    ("12-gccgo.txt", |it| {
        all([
            ended(
                it,
                "fatal error",
                "unexpected signal",
                "engine._Cfunc_DBUnlockFile",
                1,
            ),
            that(
                crash(it).stack.len() == 6,
                &format!("six frames, not {:?}", crash(it).stack),
            ),
        ])
    }),
    ("16-http-panic-recovered.txt", |it| {
        let all_of_them = &it.inputs[0].crashes;
        let right = |at: usize, message: &str, place: &str| {
            all_of_them.get(at).is_some_and(|own| {
                own.cause == "recovered panic"
                    && own.message == message
                    && own.place.as_deref().unwrap_or("").contains(place)
            })
        };
        all([
            that(all_of_them.len() == 2, "two panics"),
            that(
                right(
                    0,
                    "no configuration manager in context",
                    "svc.(*H).ServeHTTP",
                ),
                "the first",
            ),
            that(
                right(
                    1,
                    "runtime error: invalid memory address or nil pointer dereference",
                    "svc.Board",
                ),
                "the second",
            ),
            that(
                it.severity == Standing::Found(Severity::Warn) && it.verdict.contains("recovered"),
                &it.verdict,
            ),
        ])
    }),
    ("18-compose-sigabrt.log", |it| {
        ended(it, "signal", "SIGABRT", "_Cfunc_destroy", 1)
    }),
    ("20-pthread-hexdump.txt", |it| {
        let own = crash(it);
        all([
            that(own.message.contains("pthread_create failed"), &own.message),
            that(
                own.goroutines == 3,
                &format!("{} goroutines", own.goroutines),
            ),
            that(
                it.severity == Standing::Found(Severity::Critical)
                    && it.inputs[0].crashes.len() == 1,
                &it.verdict,
            ),
        ])
    }),
    ("21-logrus-escaped.log", |it| {
        let named = |at: usize, words: &str| {
            it.inputs[0].crashes.get(at).is_some_and(|own| {
                format!(
                    "{} {} {:?} {:?}",
                    own.cause, own.message, own.place, own.stack
                )
                .contains(words)
            })
        };
        all([
            that(named(0, "pthread_create failed"), "the first"),
            that(
                named(0, "syscall.Syscall") || named(0, "main.main"),
                "its stack",
            ),
            that(
                named(1, "recovered panic") && named(1, "main.handler (/src/main.go:40)"),
                "the second",
            ),
        ])
    }),
    ("22-zap-stacktrace.jsonl", |it| {
        let own = crash(it);
        all([
            that(own.cause == "recovered panic", &own.cause),
            that(
                own.message
                    .starts_with("runtime error: invalid memory address"),
                &own.message,
            ),
            that(
                own.place
                    .as_deref()
                    .unwrap_or("")
                    .contains("controllers.(*R).Reconcile"),
                &format!("{:?}", own.place),
            ),
        ])
    }),
    ("24-scheddetail-go112.log", |it| {
        let process = &it.inputs[0].processes[0];
        all([
            that(process.gomaxprocs == Some(8), "8 Ps"),
            that(
                it.inputs[0].kind.contains("scheddetail"),
                &it.inputs[0].kind,
            ),
        ])
    }),
    ("25-scheddetail-go14.log", |it| {
        all([
            that(
                it.inputs[0].kind.contains("scheddetail"),
                &it.inputs[0].kind,
            ),
            that(
                !it.inputs[0]
                    .notes
                    .iter()
                    .any(|note| note.contains("could not be read")),
                "lines unread",
            ),
        ])
    }),
    ("26-schedtrace-12p-load.log", |it| {
        let sched = it.inputs[0].processes[0].sched.as_ref().unwrap();
        all([
            that(
                (sched.queued[0] - 134.0).abs() < 1.0,
                &format!("mean {}", sched.queued[0]),
            ),
            that(
                sched.queued[1] == 101.5,
                &format!("median {}", sched.queued[1]),
            ),
            that(
                sched.threads[1] == 22.5,
                &format!("threads {}", sched.threads[1]),
            ),
        ])
    }),
    ("27-gctrace-p-change.log", |it| {
        all([
            share(it, 1.01, 0.1),
            noted(it, "GOMAXPROCS changed from 32 to 3"),
        ])
    }),
    ("28-heap-debug1-rate0.txt", |it| {
        fact(it, "heap objects, unswept ones included", "321 MiB")
    }),
    ("29-heap-debug1-go18.txt", |it| {
        all([
            fact(it, "collections", "4"),
            that(it.inputs[0].profiles.len() == 1, "records"),
            that(text(it).contains("html.init"), "html.init"),
        ])
    }),
    ("30-expvar-memstats.json", |it| {
        all([
            fact(it, "collections", "328"),
            fact(it, "heap in use", "172 MiB"),
        ])
    }),
    ("31-race-report.txt", |it| {
        let own = crash(it);
        all([
            that(own.cause == "data race", &own.cause),
            that(
                own.place
                    .as_deref()
                    .unwrap_or("")
                    .contains("RoutineManager).Handler"),
                &format!("{:?}", own.place),
            ),
            that(
                own.message.contains("write by goroutine 120") && own.message.contains("121"),
                &own.message,
            ),
            that(it.verdict.contains("data race"), &it.verdict),
        ])
    }),
    ("34-fatal-index.txt", |it| {
        let own = crash(it);
        all([
            ended(
                it,
                "fatal error",
                "index out of range",
                "runtime.goPanicIndex",
                2,
            ),
            that(
                own.stack
                    .iter()
                    .any(|frame| frame.starts_with("runtime.goPanicIndex")),
                "the runtime's stack",
            ),
        ])
    }),
    ("35-powershell-utf16.log", |it| {
        that(
            it.inputs[0].processes[0]
                .gc
                .as_ref()
                .is_some_and(|gc| gc.collections == 2),
            "2 collections",
        )
    }),
    ("38-unlock-in-panic.txt", |it| {
        ended(
            it,
            "fatal error",
            "sync: unlock of unlocked mutex",
            "main.main (/private/tmp/x.go:11)",
            1,
        )
    }),
    ("44-gctrace-assists.log", |it| share(it, 3.34, 0.02)),
    ("49-go-test-json.jsonl", |it| {
        ended(it, "panic", "runtime error: integer divide by zero", "", 1)
    }),
    ("52b-containerd-indented.log", |it| {
        that(crash(it).goroutines == 3, &format!("{:?}", crash(it)))
    }),
    ("56-interleaved-quit.txt", |it| {
        all([
            that(crash(it).garbled_lines > 0, &format!("{:?}", crash(it))),
            that(it.verdict.contains("cannot be read"), &it.verdict),
        ])
    }),
    ("62-goversion-many.txt", |it| {
        all([
            fact(it, "./a", "go1.13.4"),
            fact(it, "./b", "go1.24"),
            fact(it, "./c", "go1.22.3"),
            noted(it, "README.md"),
            noted(it, "./d"),
        ])
    }),
    ("64-goversion-devel.txt", |it| fact(it, "./e", "go1.25")),
    ("65-prometheus.txt", |it| {
        all([
            fact(it, "goroutines", "44"),
            fact(it, "collections since the start", "2,056"),
            fact(it, "GOMAXPROCS", "8"),
            that(it.inputs[0].go.as_deref() == Some("go1.22.4"), "Go"),
        ])
    }),
    ("67-newest-first.log", |it| {
        let processes = &it.inputs[0].processes;
        all([
            that(
                processes.len() == 1,
                &format!("{} processes", processes.len()),
            ),
            that(
                processes[0]
                    .gc
                    .as_ref()
                    .is_some_and(|gc| (gc.collections, gc.lines) == (60, 60)),
                "60 collections",
            ),
            noted(it, "newest lines came first"),
        ])
    }),
    ("68-go126-gotraceback-system.txt", |it| {
        ended(it, "panic", "boom", "main.main (/src/app.go:4)", 25)
    }),
    ("69-replicas-interleaved.log", |it| {
        let counts: Vec<u64> = it.inputs[0]
            .processes
            .iter()
            .filter_map(|own| Some(own.gc.as_ref()?.collections))
            .collect();
        let named = it.inputs[0]
            .processes
            .iter()
            .filter_map(|own| own.writer.as_deref())
            .all(|name| name.contains("web-"));
        all([
            that(counts == [20, 20, 20], &format!("{counts:?}")),
            that(named, "names"),
        ])
    }),
    ("70-zap-console-crash.log", |it| {
        ended(it, "panic", "integer divide by zero", "main.div", 1)
    }),
    ("72-heap-debug1-go126.txt", |it| {
        all([
            that(!it.inputs[0].facts.is_empty(), "MemStats"),
            that(
                text(it).contains("main.leak") && text(it).contains("20.0 MiB"),
                "main.leak 20 MiB",
            ),
        ])
    }),
    ("73-heap-delta-empty.pb.gz", |it| {
        that(!text(it).contains("-0") && text(it).contains("0 B"), "0 B")
    }),
    ("74-goroutine-delta.pb.gz", |it| {
        that(
            text(it).contains("net 0") && !text(it).contains("is empty"),
            "net 0",
        )
    }),
    ("76-cpu-only-nanoseconds.pb.gz", |it| {
        that(text(it).contains("rests on 1 sample"), &text(it))
    }),
    ("77-heap-delta.pb.gz", |it| {
        that(
            text(it).contains("net +636") && text(it).contains("1.5 GiB"),
            &text(it),
        )
    }),
    ("79-two-cycles.log", |it| share(it, 1.0, 0.001)),
    ("89-trace-garbage.trace", |_| vec!["it is none".to_owned()]),
];

#[test]
fn public_inputs_are_answered_right() {
    let mut wrong = Vec::new();
    for (name, check) in INPUTS {
        let problems = match public(name) {
            Err(told) if name == "89-trace-garbage.trace" => {
                that(told.contains("begins as an execution trace"), &told)
            }
            Err(told) => vec![told],
            Ok(analysis) => check(&analysis),
        };
        if !problems.is_empty() {
            wrong.push(format!("{name}: {}", problems.join("; ")));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} wrong:\n{}",
        wrong.len(),
        INPUTS.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_public_input_has_an_answer() {
    for entry in std::fs::read_dir(folder("public-inputs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name == "README.md" || INPUTS.iter().any(|(own, _)| *own == name),
            "{name}"
        );
    }
}
