//! What the tool needs of the program that it is a part of.

use std::io;
use std::sync::atomic::AtomicBool;

use loadgen::RequestSpec;
use record::target_file::Target;

use crate::failure::Failure;

/// What the tool needs of the program that it is a part of: a name for records, the user's wish to
/// stop, the two output streams, and how that program reads the requests of a target file.
///
/// [`selftest`](crate::selftest()) starts the program again with `load reference-server` and `load URL`, which must
/// come to [`serve`](crate::serve) and [`drive`](crate::drive()).
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// Name, version and revision of the program, for records.
    pub tool: &'static str,
    /// Set when the user wants the run to end.
    pub cancel: &'static AtomicBool,
    /// Writes a result to standard output.
    pub print: fn(&str) -> io::Result<()>,
    /// Writes a result that is JSON to standard output.
    pub print_json: fn(&str) -> io::Result<()>,
    /// Says something on standard error, where perhaps nobody reads.
    pub tell: fn(&str),
    /// Draws a line over the last one on a terminal; an empty text removes it.
    pub tell_over: fn(&str),
    /// The requests of a target file, as a run of a matrix sends them.
    pub requests_of: fn(&Target) -> Vec<RequestSpec>,
}

impl Caller {
    pub(crate) fn print(&self, text: &str) -> Result<(), Failure> {
        printed((self.print)(text))
    }

    pub(crate) fn print_json(&self, document: &str) -> Result<(), Failure> {
        printed((self.print_json)(document))
    }

    pub(crate) fn tell(&self, line: impl AsRef<str>) {
        (self.tell)(line.as_ref());
    }
}

fn printed(result: io::Result<()>) -> Result<(), Failure> {
    result.map_err(|error| Failure::internal(format!("cannot write to standard output: {error}")))
}
