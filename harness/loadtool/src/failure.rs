//! Errors, in the words of the command line and with the fix.

use loadgen::{ErrorClass, LoadError};

/// Why the tool could not do what was asked. Each message says what is wrong, where, and the fix.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The input cannot be used, or there was no connection at the start.
    #[error("{0}")]
    Usage(String),
    /// Our own side, or the machine, could not give what the load needs.
    #[error("{0}")]
    NotFit(String),
    /// Cancelled before there was anything to report.
    #[error("{0}")]
    Interrupted(String),
    /// Nothing that the user wrote.
    #[error("{0}")]
    Internal(String),
}

impl Failure {
    pub(crate) fn usage(message: impl ToString) -> Failure {
        Failure::Usage(message.to_string())
    }

    pub(crate) fn not_fit(message: impl ToString) -> Failure {
        Failure::NotFit(message.to_string())
    }

    /// What the system does not give us, with what to free where something ran out.
    pub(crate) fn of_system(what: &str, error: &std::io::Error) -> Failure {
        match safefile::fix_of(error) {
            Some(fix) => Failure::not_fit(format!("cannot {what}: {error}; {fix}")),
            None => Failure::internal(format!("cannot {what}: {error}")),
        }
    }

    pub(crate) fn internal(message: impl ToString) -> Failure {
        Failure::Internal(message.to_string())
    }
}

/// Maps an error of the load driver.
pub(crate) fn from_load(error: LoadError) -> Failure {
    if error.is_own_side() {
        return Failure::not_fit(format!("{error}\n  {}", own_fix(&error)));
    }
    match error {
        LoadError::InvalidUrl { url, reason } if reason == "empty string" => Failure::usage(
            format!("the URL `{url}` names no host; write it like http://127.0.0.1:8080/path"),
        ),
        LoadError::InvalidUrl { url, reason } => Failure::usage(format!(
            "cannot use the URL `{url}`: {reason}; write it like http://127.0.0.1:8080/path"
        )),
        LoadError::NoConnection {
            target,
            class,
            message,
            attempts,
        } => Failure::usage(format!(
            "no connection to {target}: {message}{}\n  {}",
            if attempts > 1 {
                format!(" ({attempts} tried)")
            } else {
                String::new()
            },
            fix(class)
        )),
        LoadError::Pin { thread, message } => Failure::usage(format!(
            "--cpus: generator thread {thread} cannot be pinned: {message}"
        )),
        LoadError::TlsOptions(reason) => Failure::usage(format!(
            "TLS: {reason} (--cacert FILE, --insecure, --sni NAME)"
        )),
        LoadError::Cancelled => Failure::Interrupted(error.to_string()),
        LoadError::InvalidSpec(_) | LoadError::InvalidRequest { .. } | LoadError::File { .. } => {
            Failure::usage(error)
        }
        // Panicked, unbalanced, refused by the system: nothing that the person wrote.
        _ => Failure::internal(error),
    }
}

/// What to do where our own side could not give what the run needs.
fn own_fix(error: &LoadError) -> &'static str {
    match error {
        LoadError::NoConnection { class, .. } => fix(*class),
        LoadError::File { .. } => "free room on that disk, or name a file on another one",
        _ => {
            "this process may have no more threads, files or memory: raise `ulimit -u`, `ulimit -n` or \
             the cgroup's pids.max, or ask for fewer threads (-t)"
        }
    }
}

fn fix(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Dns => "the name is not known here: check its spelling, or use an address",
        ErrorClass::ConnectRefused => {
            "nobody listens there: start the server, or check host and port"
        }
        ErrorClass::Unreachable => {
            "there is no way there: check the address, or the path given to --unix"
        }
        ErrorClass::FdExhausted => {
            "this process may open no more files: raise `ulimit -n`, or lower -c"
        }
        ErrorClass::PortsExhausted => {
            "no local ports are left: lower -c, keep connections alive, or widen net.ipv4.ip_local_port_range"
        }
        ErrorClass::MemoryExhausted => {
            "the kernel has no memory for more sockets: lower -c, or raise the memory limit"
        }
        ErrorClass::Timeout => "nothing answered in time: check host and port, or raise --timeout",
        ErrorClass::Tls => {
            "TLS failed: is it an https:// server? For a private authority use --cacert FILE, for a \
             self-signed certificate --insecure, for another name --sni NAME"
        }
        ErrorClass::Reset | ErrorClass::Closed => {
            "the server ends connections as they open: is it https:// rather than http://, or the other way round?"
        }
        _ => "check that the server runs and speaks the protocol asked for",
    }
}
