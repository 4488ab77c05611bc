//! Reads a `curl …` command, as browsers and API documentation give them out.
//!
//! The main function is [`parse`]. What it gives is what curl would send, or it refuses by name. `shell` splits the
//! command into words, `options` takes curl's options from them by their `table`, `asked` gathers what they ask for,
//! and `command` makes the request of it, with `url`, `data` and `form` for the parts with rules of their own.
//! Deliberately absent: whatever needs an earlier answer (redirects, cookie files, digest authentication) and whatever
//! changes how the server is reached (proxies, `--resolve`).

mod asked;
mod command;
mod data;
mod form;
mod options;
mod shell;
mod table;
mod url;

pub(crate) use command::{CurlCommand, is_curl, parse};
