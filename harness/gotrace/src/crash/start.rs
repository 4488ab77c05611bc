//! The lines that crashes and dumps begin with.

use memchr::memmem;

use super::goroutine::Goroutine;
use super::report::Cause;
use crate::scan::find;

/// The line that a report of the race detector begins with, between two lines of `=`.
const RACE_HEAD: &[u8] = b"WARNING: DATA RACE";

/// How a line begins a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening<'a> {
    /// With its cause and message.
    Cause(Cause, &'a [u8]),
    /// With the first goroutine of a dump.
    Goroutine,
}

/// What a line that begins a crash begins it with.
pub(super) fn opening(line: &[u8]) -> Option<Opening<'_>> {
    let with = |cause, text| Some(Opening::Cause(cause, text));
    match line.first()? {
        b'p' => with(Cause::Panic, line.strip_prefix(b"panic: ")?),
        b'f' => {
            let body = line.strip_prefix(b"fatal error: ");
            with(
                Cause::FatalError,
                body.or_else(|| {
                    line.starts_with(b"fatal: morestack on ")
                        .then(|| &line[7..])
                })?,
            )
        }
        b'S' if is_signal_name(line) => with(Cause::Signal, line),
        b'E' if is_exception(line) => with(Cause::Exception, line),
        b'W' if line == RACE_HEAD => with(Cause::DataRace, line),
        b'r' if line.starts_with(b"runtime/cgo: pthread_create failed: ") => {
            with(Cause::FatalError, &line[b"runtime/cgo: ".len()..])
        }
        b'r' if line.starts_with(b"runtime: failed to create new OS thread") => {
            with(Cause::FatalError, &line[b"runtime: ".len()..])
        }
        b'g' if Goroutine::parse_header(line).is_some() => Some(Opening::Goroutine),
        _ => None,
    }
}

/// Whether a line can only be the next one of a crash whose message has been printed.
pub(crate) fn begins_dump(line: &[u8]) -> bool {
    Goroutine::parse_header(line).is_some()
        || line == b"runtime stack:"
        || line.starts_with(b"[signal SIG")
        || line.starts_with(b"\tpanic: ")
}

/// Where, behind other text of a line, a crash begins.
pub(crate) fn start_within(line: &[u8]) -> Option<usize> {
    const WORDS: [&[u8]; 7] = [
        b"panic: ",
        b"fatal error: ",
        b"goroutine ",
        b"runtime/cgo: pthread_create",
        b"SIG",
        b"Exception 0x",
        RACE_HEAD,
    ];
    WORDS
        .iter()
        .filter_map(|word| {
            memmem::find_iter(line, word).find(|at| {
                let stands_alone = *at == 0 || !line[at - 1].is_ascii_alphanumeric();
                stands_alone && opening(&line[*at..]).is_some()
            })
        })
        .min()
}

/// Where in a line the header of a goroutine begins and ends, whatever stands around it.
pub(crate) fn goroutine_header_at(line: &[u8]) -> Option<(usize, usize)> {
    memmem::find_iter(line, b"goroutine ").find_map(|at| {
        let digits = line[at + 10..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let rest = &line[at + 10 + digits..];
        let close = find(&rest[..rest.len().min(300)], b"]:")?;
        let open = find(&rest[..close], b"[")?;
        (digits > 0 && open < 80).then_some((at, at + 10 + digits + close + 2))
    })
}

/// `SIGSEGV: segmentation violation`, as `fatalsignal` prints it alone on a line.
pub(super) fn is_signal_name(line: &[u8]) -> bool {
    let Some(colon) = find(line, b": ") else {
        return false;
    };
    let name = &line[..colon];
    name.len() > 3
        && name.starts_with(b"SIG")
        && name
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// `Exception 0xc0000005 0x0 0x0 0x7ff`, as `winthrow` prints it.
fn is_exception(line: &[u8]) -> bool {
    line.strip_prefix(b"Exception 0x").is_some_and(|rest| {
        let digits = rest
            .iter()
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count();
        digits >= 8 && rest.get(digits).is_none_or(|byte| *byte == b' ')
    })
}
