//! What a keeper tells us, as it goes through a pipe.

/// Bytes of one report: fewer than a pipe takes in one piece.
pub(crate) const LENGTH: usize = 5;

/// One report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Report {
    /// The program's process id.
    Started(i32),
    /// The program ended with this code.
    Exited(i32),
    /// The program was ended by this signal.
    Killed(i32),
}

impl Report {
    pub(crate) fn bytes(self) -> [u8; LENGTH] {
        let (tag, value) = match self {
            Report::Started(value) => (b's', value),
            Report::Exited(value) => (b'e', value),
            Report::Killed(value) => (b'k', value),
        };
        let [a, b, c, d] = value.to_ne_bytes();
        [tag, a, b, c, d]
    }

    pub(crate) fn read([tag, a, b, c, d]: [u8; LENGTH]) -> Option<Report> {
        let value = i32::from_ne_bytes([a, b, c, d]);
        match tag {
            b's' => Some(Report::Started(value)),
            b'e' => Some(Report::Exited(value)),
            b'k' => Some(Report::Killed(value)),
            _ => None,
        }
    }
}
