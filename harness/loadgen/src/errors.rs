//! What can go wrong: before a run ([`LoadError`]) and within one ([`ErrorClass`]).
//!
//! A request that fails is data, counted under its class; only what makes the whole run
//! meaningless is a [`LoadError`]. Texts for people (hints, exit codes) are deliberately absent.

use std::error::Error;
use std::io;

use crate::ledger::Ledger;

/// Why a run could not be made, or its result not be trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The specification contradicts itself or asks for the impossible.
    #[error("invalid load: {0}")]
    InvalidSpec(String),
    /// The URL cannot be used.
    #[error("invalid url {url:?}: {reason}")]
    InvalidUrl {
        /// The text given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A request template or its data cannot be used.
    #[error("invalid request {request:?}: {reason}")]
    InvalidRequest {
        /// The request's name.
        request: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that the specification names cannot be read or written.
    #[error("file {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// The system's error.
        source: io::Error,
    },
    /// The TLS configuration cannot be used.
    #[error("invalid tls options: {0}")]
    TlsOptions(String),
    /// Not one connection could be opened before the clock started.
    #[error("no connection to {target}: {class}: {message} ({attempts} attempts)")]
    NoConnection {
        /// Host and port, or socket path.
        target: String,
        /// The class of the last failure.
        class: ErrorClass,
        /// The last failure's own text.
        message: String,
        /// How many connections were tried.
        attempts: u64,
    },
    /// The caller wanted to stop before the clock started: nothing was measured.
    #[error("stopped while the connections were being opened, before anything was measured")]
    Cancelled,
    /// The caller's pin hook refused.
    #[error("generator thread {thread} could not be pinned: {message}")]
    Pin {
        /// Which generator thread.
        thread: usize,
        /// What the hook said.
        message: String,
    },
    /// The operating system refused something that a generator thread needs.
    #[error("generator thread {thread}: {what}: {source}")]
    Generator {
        /// Which generator thread.
        thread: usize,
        /// What was tried.
        what: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// A generator thread panicked: a defect of this crate.
    #[error("generator thread {thread} panicked; please report this")]
    Panicked {
        /// Which generator thread.
        thread: usize,
    },
    /// The books do not balance: a defect of this crate, and the figures must not be used.
    #[error("ledger of generator thread {thread} does not balance, please report this: {ledger:?}")]
    Unbalanced {
        /// Which generator thread.
        thread: usize,
        /// Its ledger.
        ledger: Ledger,
    },
}

impl LoadError {
    /// Whether our own side could not give what the run needs (descriptors, ports, threads, room on
    /// a disk): neither the service nor the specification is to blame.
    pub fn is_own_side(&self) -> bool {
        match self {
            Self::NoConnection { class, .. } => class.is_own_side(),
            Self::Generator { .. } => true,
            Self::File { source, .. } => is_full(source) || ErrorClass::of_io(source).is_own_side(),
            _ => false,
        }
    }
}

/// Whether a disk, or what we may have of it, is full.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// The class of a failed request or connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorClass {
    /// The name could not be resolved.
    Dns,
    /// Nobody listens (ECONNREFUSED).
    ConnectRefused,
    /// No route, or no such socket file.
    Unreachable,
    /// No file descriptors left on our side (EMFILE, ENFILE).
    FdExhausted,
    /// No ephemeral ports left on our side (EADDRNOTAVAIL).
    PortsExhausted,
    /// No memory for sockets left on our side (ENOMEM, ENOBUFS).
    MemoryExhausted,
    /// The peer reset the connection, or the HTTP/2 stream.
    Reset,
    /// The peer closed before the answer was complete, or took leave of the HTTP/2 connection
    /// (GOAWAY).
    Closed,
    /// No complete answer within the timeout (includes the time to connect).
    Timeout,
    /// The TLS handshake or a TLS record failed.
    Tls,
    /// The answer is not HTTP as the standard has it.
    Protocol,
    /// A complete answer with a status that was not expected.
    WrongStatus,
    /// A complete answer whose length or hash was not expected, or that cannot be decoded.
    WrongBody,
    /// Anything else that the operating system reported.
    Io,
}

impl ErrorClass {
    /// Every class, in the order of their indices.
    pub const ALL: [Self; 14] = [
        Self::Dns,
        Self::ConnectRefused,
        Self::Unreachable,
        Self::FdExhausted,
        Self::PortsExhausted,
        Self::MemoryExhausted,
        Self::Reset,
        Self::Closed,
        Self::Timeout,
        Self::Tls,
        Self::Protocol,
        Self::WrongStatus,
        Self::WrongBody,
        Self::Io,
    ];

    /// The class's name as it stands in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::ConnectRefused => "connect_refused",
            Self::Unreachable => "unreachable",
            Self::FdExhausted => "fd_exhausted",
            Self::PortsExhausted => "ports_exhausted",
            Self::MemoryExhausted => "memory_exhausted",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::WrongStatus => "wrong_status",
            Self::WrongBody => "wrong_body",
            Self::Io => "io",
        }
    }

    /// Whether it tells of our own side: what ran out here is no failure of the service.
    pub fn is_own_side(self) -> bool {
        matches!(
            self,
            Self::FdExhausted | Self::PortsExhausted | Self::MemoryExhausted
        )
    }

    /// The class of an error that a socket gave.
    pub fn of_io(error: &io::Error) -> Self {
        if let Some(inner) = error.get_ref()
            && inner.is::<rustls::Error>()
        {
            return Self::Tls;
        }
        match error.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE) => return Self::FdExhausted,
            Some(libc::EADDRNOTAVAIL) => return Self::PortsExhausted,
            Some(libc::ENOMEM | libc::ENOBUFS) => return Self::MemoryExhausted,
            Some(libc::ENOENT) => return Self::Unreachable,
            _ => {}
        }
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::ConnectRefused,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => Self::Reset,
            io::ErrorKind::UnexpectedEof | io::ErrorKind::NotConnected => Self::Closed,
            io::ErrorKind::TimedOut => Self::Timeout,
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown => Self::Unreachable,
            // Never from the system: readers say so of bytes that they cannot make sense of.
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
                if error.raw_os_error().is_none() =>
            {
                Self::Protocol
            }
            _ => Self::Io,
        }
    }

    /// The class of the first cause that tells one, if any does.
    pub(crate) fn of_chain(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(io) = error.downcast_ref::<io::Error>() {
                return Some(Self::of_io(io));
            }
            cause = error.source();
        }
        None
    }
}

impl std::fmt::Display for ErrorClass {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(self.name())
    }
}

/// A failed request or connection: its class and what was said. The text is kept only where
/// it is free (static) or rare (a connection that could not be opened).
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) class: ErrorClass,
    pub(crate) message: std::borrow::Cow<'static, str>,
}

impl Failure {
    pub(crate) fn new(
        class: ErrorClass,
        message: impl Into<std::borrow::Cow<'static, str>>,
    ) -> Self {
        Self {
            class,
            message: message.into(),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(ErrorClass::of_io(&error), error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_follow_the_list() {
        for (index, class) in ErrorClass::ALL.iter().enumerate() {
            assert_eq!(*class as usize, index);
        }
    }

    #[test]
    fn errno_decides_the_class() {
        let class = |errno| ErrorClass::of_io(&io::Error::from_raw_os_error(errno));
        assert_eq!(class(libc::ECONNREFUSED), ErrorClass::ConnectRefused);
        assert_eq!(class(libc::EMFILE), ErrorClass::FdExhausted);
        assert_eq!(class(libc::EADDRNOTAVAIL), ErrorClass::PortsExhausted);
        assert_eq!(class(libc::ENOBUFS), ErrorClass::MemoryExhausted);
        assert_eq!(class(libc::ECONNRESET), ErrorClass::Reset);
        assert_eq!(class(libc::EPIPE), ErrorClass::Reset);
        assert_eq!(class(libc::EHOSTUNREACH), ErrorClass::Unreachable);
        assert_eq!(class(libc::EIO), ErrorClass::Io);
    }
}
