//! Reads a `curl …` command, as browsers and API documentation give them out.
//!
//! The main function is [`parse`]. What it gives is what curl would send, or it refuses by name. `shell` splits the
//! command into words, `options` knows curl's options, `command` puts together what they ask for, with `url`, `data`
//! and `form` for the parts with rules of their own. Deliberately absent: whatever needs an earlier answer (redirects,
//! cookie files, digest authentication) and whatever changes how the server is reached (proxies, `--resolve`).

mod command;
mod data;
mod form;
mod options;
mod shell;
mod url;

pub(crate) use command::{CurlCommand, is_curl, parse};
