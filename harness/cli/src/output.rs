//! Results to stdout, talk to stderr.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use crate::exit::{Ending, Failure};

/// The version with the source revision.
pub(crate) const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (",
    env!("GOSWEEP_REVISION"),
    ")"
);

/// The name and version that go into records.
pub(crate) const TOOL: &str = concat!(
    "gosweep ",
    env!("CARGO_PKG_VERSION"),
    " (",
    env!("GOSWEEP_REVISION"),
    ")"
);

/// Prints a result.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    write_stdout(text)
        .map_err(|error| Failure::of_system("cannot write to standard output".to_owned(), &error))
}

/// Writes text and a line's end to standard output. A reader that closed the pipe early (`| head`) is no
/// error.
pub(crate) fn write_stdout(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    match write!(stdout, "{text}{end}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Says something on standard error, and what cannot be said is lost: nobody may be reading (`2>&1 | head`), which must
/// not end a run.
macro_rules! tell {
    ($($words:tt)*) => {
        $crate::output::tell_text(&format!("{}\n", format_args!($($words)*)))
    };
}
pub(crate) use tell;

/// As [`tell`], word for word: without a line's end of its own.
pub(crate) fn tell_text(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Says why a call failed.
pub(crate) fn tell_failure(failure: &Failure) {
    // Findings of a file carry their own "error:" for each.
    let prefix = if failure.message.starts_with("error") {
        ""
    } else {
        "error: "
    };
    tell!("{prefix}{}", failure.message);
    if failure.ending == Ending::Internal {
        tell!("This is a defect of gosweep or of the system under it, not of your input.");
    }
}

/// Prints a value as JSON.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::internal)?;
    print(&text)
}

/// Writes a file that the person asked for.
pub(crate) fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    safefile::write_named(path, text.as_bytes())
        .map_err(|error| Failure::of_system(format!("cannot write {}", path.display()), &error))
}

/// Whether results may be coloured: a terminal, and NO_COLOR is not set.
pub(crate) fn use_colour() -> bool {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !no_colour
}
