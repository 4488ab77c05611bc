//! What a target that ended said last.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use gotrace::crash::{Cause, Crash};

/// How much of the end of stderr is looked at.
const MOST_BYTES: u64 = 4 << 20;

/// Lines that are kept.
const MOST_LINES: usize = 40;

/// Longer lines are cut; the file has them whole.
const LONGEST_LINE: usize = 500;

/// The line in which Go says why it died.
pub(super) fn crash_line(crash: &Crash) -> String {
    let message = crash.message.lines().next().unwrap_or_default();
    match crash.cause {
        Cause::Panic => format!("panic: {message}"),
        Cause::FatalError => format!("fatal error: {message}"),
        Cause::Exception => format!("exception {message}"),
        Cause::Signal | Cause::Recovered | Cause::Dump | Cause::DataRace => message.to_owned(),
    }
}

/// The lines of stderr that tell most: from the panic on where there is one, since a dump of all goroutines may follow
/// it, else the last ones. Traces of the runtime are left out.
pub(super) fn last_words(stderr: &Path) -> Vec<String> {
    let bytes = end_of(stderr).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !is_trace(line)).collect();
    let from = lines
        .iter()
        .position(|line| line.starts_with("panic: ") || line.starts_with("fatal error: "))
        .unwrap_or_else(|| lines.len().saturating_sub(MOST_LINES));
    let cut = |line: &&str| line.chars().take(LONGEST_LINE).collect();
    lines[from..].iter().take(MOST_LINES).map(cut).collect()
}

fn is_trace(line: &str) -> bool {
    line.starts_with("gc ") || line.starts_with("SCHED ")
}

fn end_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MOST_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stderr.log");
        std::fs::write(&file, text).unwrap();
        last_words(&file)
    }

    #[test]
    fn a_panic_is_shown_from_its_first_line() {
        let dump = "goroutine 7 [running]:\nmain.f()\n".repeat(200);
        let words = written(&format!(
            "starting\ngc 1 @0.1s 0%: x\npanic: boom\n\n{dump}"
        ));
        assert_eq!(words[0], "panic: boom");
        assert_eq!(words.len(), MOST_LINES);
    }

    #[test]
    fn without_a_panic_the_last_lines_are_shown_and_traces_are_not() {
        let words = written("one\nSCHED 0ms: gomaxprocs=1\ntwo\n");
        assert_eq!(words, ["one", "two"]);
        assert!(last_words(Path::new("/nonexistent/stderr.log")).is_empty());
    }
}
