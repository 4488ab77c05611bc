//! Results to stdout, talk to stderr. Nothing else in this program writes to either.
//!
//! What is shown holds text of services, logs, records and file names. All of it passes here, where what would steer the
//! terminal, or command the runner under GitHub Actions, becomes visible text ([`record::shown`]).

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::LazyLock;

use record::shown;
use report::TerminalOptions;

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

/// Whether a runner of GitHub Actions reads what is printed, and looks for commands in it.
static READ_BY_RUNNER: LazyLock<bool> =
    LazyLock::new(|| std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true"));

/// Narrower, tables fall apart more than they wrap.
const LEAST_COLUMNS: usize = 60;
/// Wider, lines are hard to follow.
const MOST_COLUMNS: usize = 160;

/// Prints a result.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    printed(write_stdout(text))
}

/// Prints a result that may be coloured: on a terminal, unless the text has escape sequences of its own, which could
/// not be told from colours.
pub(crate) fn print_page(page: impl Fn(TerminalOptions) -> String) -> Result<(), Failure> {
    let in_colour = |colour| {
        page(TerminalOptions {
            colour,
            width: width(),
        })
    };
    let plain = in_colour(false);
    if !use_colour() || plain.contains('\u{1b}') {
        return print(&plain);
    }
    let coloured = shown::styled(&in_colour(true));
    printed(write_line(&without_commands(coloured.into())))
}

/// Prints a script for a shell, as it is.
pub(crate) fn print_script(script: &str) -> Result<(), Failure> {
    printed(write_line(script))
}

/// Prints a value as JSON.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::internal)?;
    print_document(&text)
}

/// Prints a JSON document.
pub(crate) fn print_document(json: &str) -> Result<(), Failure> {
    printed(write_json(json))
}

fn printed(result: io::Result<()>) -> Result<(), Failure> {
    result.map_err(|error| Failure::of_system("cannot write to standard output".to_owned(), &error))
}

/// Writes text and a line's end to standard output.
pub(crate) fn write_stdout(text: &str) -> io::Result<()> {
    write_line(&safe(text))
}

/// Writes a JSON document and a line's end to standard output.
pub(crate) fn write_json(json: &str) -> io::Result<()> {
    let json = shown::json(json);
    if *READ_BY_RUNNER {
        write_line(&shown::json_without_commands(&json))
    } else {
        write_line(&json)
    }
}

/// A reader that closed the pipe early (`| head`) is no error.
fn write_line(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    match write!(stdout, "{text}{end}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Text as it may be shown.
fn safe(text: &str) -> Cow<'_, str> {
    without_commands(shown::text(text))
}

fn without_commands(text: Cow<'_, str>) -> Cow<'_, str> {
    if !*READ_BY_RUNNER {
        return text;
    }
    Cow::Owned(shown::without_commands(&text).into_owned())
}

/// Says something on standard error, and what cannot be said is lost: nobody may be reading (`2>&1 | head`), which must
/// not end a run.
macro_rules! tell {
    ($($words:tt)*) => {
        $crate::output::tell_text(&format!("{}\n", format_args!($($words)*)))
    };
}
pub(crate) use tell;

/// As [`tell`], without a line's end of its own.
pub(crate) fn tell_text(text: &str) {
    write_stderr(&safe(text));
}

/// Draws a line over the last one, on a terminal; an empty text removes it.
pub(crate) fn tell_over(line: &str) {
    write_stderr(&format!("\r\u{1b}[2K{}", shown::line(line)));
}

/// Tells GitHub's runner its workflow commands: annotations, whose data and properties `report` has escaped. Any other
/// line is only text.
pub(crate) fn tell_annotations(commands: &str) {
    let commands = shown::text(commands);
    let lines = commands.split_inclusive('\n').map(|line| {
        if line.starts_with("::error ") || line.starts_with("::warning ") {
            // The runner's older form is looked for in the middle of a line.
            Cow::Owned(line.replace("##[", "##\\["))
        } else {
            shown::without_commands(line)
        }
    });
    write_stderr(&lines.collect::<String>());
}

fn write_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Answers a command line that asks for help, or cannot be read.
pub(crate) fn tell_usage(error: &clap::Error) -> u8 {
    let words = error.render();
    let plain = words.to_string();
    if !error.use_stderr() {
        let coloured = if use_colour() {
            words.ansi().to_string()
        } else {
            plain
        };
        let _ = write_line(&coloured);
        return 0;
    }
    // Colour only where no argument could bring its own.
    if io::stderr().is_terminal() && wants_colour() && !plain.contains('\u{1b}') {
        write_stderr(&shown::styled(&words.ansi().to_string()));
    } else {
        write_stderr(&safe(&plain));
    }
    Ending::Usage.code()
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

/// Writes a file that the person asked for.
pub(crate) fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    safefile::write_named(path, text.as_bytes())
        .map_err(|error| Failure::of_system(format!("cannot write {}", path.display()), &error))
}

/// Who may read a file that others are to read; the umask may take more.
const FILE_MODE: u32 = 0o644;

/// Writes a file as a whole: under another name in the same folder, which is made where there is none, then renamed, so
/// that nobody ever reads half of it. The other name begins with a dot and ends in `.new`, which collectors pass over.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let cannot =
        |error: io::Error| Failure::of_system(format!("cannot write {}", path.display()), &error);
    let parent = path.parent().filter(|own| !own.as_os_str().is_empty());
    let name = path.file_name().and_then(|name| name.to_str());
    let Some(name) = name else {
        return Err(Failure::usage(format!("{} names no file", path.display())));
    };
    let folder = safefile::Folder::make(parent.unwrap_or(Path::new("."))).map_err(cannot)?;
    folder.replace(name, bytes, FILE_MODE).map_err(cannot)
}

/// Columns of a page: the terminal's, within what reads well; where there is none, always the same.
fn width() -> usize {
    let own = TerminalOptions::default().width;
    if !io::stdout().is_terminal() {
        return own;
    }
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    match size.map(|size| usize::from(size.ws_col)) {
        None | Some(0) => own,
        Some(columns) => columns.clamp(LEAST_COLUMNS, MOST_COLUMNS),
    }
}

/// Whether results may be coloured: a terminal, and NO_COLOR is not set.
fn use_colour() -> bool {
    io::stdout().is_terminal() && wants_colour()
}

fn wants_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
