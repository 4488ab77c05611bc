//! What comes of reading a response.

/// Why bytes are not an HTTP/1.1 response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault(pub &'static str);

/// Whether the response is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// More bytes are needed.
    NeedMore,
    /// The response is complete.
    Done,
}

/// What a reader tells of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyEvent<'a> {
    /// The body is gzip; comes before its data.
    Gzip,
    /// The next bytes of the body, transfer coding removed.
    Data(&'a [u8]),
}
