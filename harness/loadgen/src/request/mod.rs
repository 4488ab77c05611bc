//! What is asked: the mix, its templates and what each answer must be.
//!
//! [`RequestMix`] is what callers give; the crate compiles it once per run to pre-serialised
//! bytes and hyper parts. Redirects are deliberately never followed: a load driver measures
//! the answer it got.

mod body_check;
mod hyper;
mod mix;
mod parts;
mod prepared;
mod template;

pub(crate) use body_check::{BodyCheck, BodyCount};
pub(crate) use hyper::HyperRequests;
pub use mix::{
    Body, CsvRows, Expect, LARGEST_BODY_BYTES, RequestMix, RequestSpec, StatusExpectation,
};
pub(crate) use prepared::{PreparedMix, WireForm};
pub use template::Template;
