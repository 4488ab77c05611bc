//! `--har FILE`: the requests that a browser or proxy recorded, as a weighted mix.
//!
//! The main function is [`read`] (HTTP Archive 1.2). Requests are sent to the server of the URL,
//! most often another one than was recorded; those that went to other hosts than the first are
//! passed over, and so are their order and their times: a mix has none. Deliberately absent:
//! cookies kept up to date and anything else that depends on an earlier answer.

mod archive;
mod posted;

pub(crate) use archive::{parse, read};
