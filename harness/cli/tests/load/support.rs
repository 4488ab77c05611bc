//! Starts servers and the program.

use std::process::{Command, Output};
use std::time::Duration;

use loadgen::reference::{Behaviour, ReferenceServer, Reply};

/// A server that answers `hello, world` at once.
pub(crate) fn server() -> ReferenceServer {
    ReferenceServer::start(Behaviour::default()).unwrap()
}

/// A server that answers as `reply` says.
pub(crate) fn answering(reply: Reply) -> ReferenceServer {
    ReferenceServer::start(Behaviour::Answer(reply)).unwrap()
}

/// A server that takes `delay` for each answer.
pub(crate) fn slow(delay: Duration) -> ReferenceServer {
    answering(Reply {
        delay,
        ..Reply::default()
    })
}

pub(crate) fn url(server: &ReferenceServer) -> String {
    format!("http://{}/", server.address())
}

/// The program itself.
pub(crate) fn gosweep() -> Command {
    Command::new(assert_cmd::cargo::cargo_bin!("gosweep"))
}

/// `gosweep load` with arguments, to its end.
pub(crate) fn load<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    gosweep().arg("load").args(arguments).output().unwrap()
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("the program ends by itself")
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(!text.contains("panicked"), "{text}");
    text
}

/// Standard output as JSON; shows standard error where there is none.
pub(crate) fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

/// Whether the books of a result balance.
pub(crate) fn balances(result: &serde_json::Value) -> bool {
    let of = |name: &str| result["ledger"][name].as_u64().unwrap();
    of("scheduled")
        == [
            "completed",
            "failed",
            "timed_out",
            "in_flight",
            "never_sent",
        ]
        .map(of)
        .iter()
        .sum::<u64>()
}
