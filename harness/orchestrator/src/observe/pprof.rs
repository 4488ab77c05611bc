//! Takes profiles from a service's net/http/pprof handlers.

use std::time::Duration;

use ureq::Agent;

use super::probe::{ProbeError, Token, Trust, body, client};

/// The largest profile or trace that is read: a second of execution trace of a busy service is some tens of MiB.
const MOST_BYTES: u64 = 512 << 20;

/// What the service may need beyond the window that it was asked for: a profile is put together and compressed when its
/// window has ended.
const SLACK: Duration = Duration::from_secs(20);

/// A client for one service's profiles.
#[derive(Debug, Clone)]
pub struct Pprof {
    agent: Agent,
    base: String,
    token: Option<Token>,
}

impl Pprof {
    /// A client for the handlers below `base`, e.g. `http://127.0.0.1:6060/debug/pprof`, for windows of at most
    /// `longest`.
    pub fn new(base: &str, longest: Duration, insecure: bool) -> Pprof {
        Pprof {
            agent: client(longest + SLACK, &Trust::insecure(insecure)),
            base: base.trim_end_matches('/').to_owned(),
            token: None,
        }
    }

    /// The same for handlers of an admin listener that asks for a token.
    pub fn with_token(self, token: Option<Token>) -> Pprof {
        Pprof { token, ..self }
    }

    /// One profile as it was served: `profile` (CPU), `mutex`, `heap`, `trace`… With `window` the service takes it over
    /// so many whole seconds; without, it answers at once with what it has.
    ///
    /// # Errors
    /// Unreachable, a status other than 200 (with what was answered), or too large.
    pub fn take(&self, name: &str, window: Option<Duration>) -> Result<Vec<u8>, ProbeError> {
        let window = window.map(|window| window.as_secs_f64().ceil().max(1.0));
        let url = match window {
            Some(seconds) => format!("{}/{name}?seconds={seconds:.0}", self.base),
            None => format!("{}/{name}", self.base),
        };
        body(&self.agent, &url, self.token.as_ref(), MOST_BYTES)
    }
}
