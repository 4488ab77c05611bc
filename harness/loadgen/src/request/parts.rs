//! The parts of a request as hyper takes it.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Uri};

/// Target, header fields and body of one request.
#[derive(Debug)]
pub(super) struct HyperParts {
    pub(super) uri: Uri,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
}

impl HyperParts {
    /// A copy that refers to nothing of the original.
    pub(super) fn unshared(&self) -> Self {
        let uri = Bytes::from(self.uri.to_string());
        let copy = |value: &HeaderValue| {
            HeaderValue::from_bytes(value.as_bytes()).expect("it was a header value before")
        };
        Self {
            uri: Uri::from_maybe_shared(uri).expect("it was a target before"),
            headers: self
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), copy(value)))
                .collect(),
            body: Bytes::copy_from_slice(&self.body),
        }
    }
}
