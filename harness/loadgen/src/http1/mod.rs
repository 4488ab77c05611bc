//! An HTTP/1.1 response reader that does no I/O, keeps no body and never trusts its input.
//!
//! The main type is [`ResponseReader`]. It takes bytes in any pieces and hands body bytes on.
//! Upgrades and pipelining are deliberately absent.

mod chunked;
mod event;
mod response;

pub use event::{BodyEvent, Fault, Step};
pub(crate) use response::MAX_FIELDS;
pub use response::ResponseReader;
