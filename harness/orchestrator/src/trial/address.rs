//! Whether a target's addresses are its own: load must not reach anybody else.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::observe::{Holder, Listening, who_listens};

/// A target that finds its port taken says so and ends, and one that restarts
/// its worker listens again: for so long somebody else, or nobody, is no error.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why an address is not the target's own.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotItsOwn {
    #[error(
        "nobody listens on its address {0}; its command, env or files must pass on `{{addr}}` or `{{port}}`"
    )]
    Nobody(String),
    #[error(
        "{holder} listens on {address}, and only the target may: end that process, or have it listen elsewhere"
    )]
    Foreign { address: String, holder: Holder },
    #[error("cannot see who listens on {address}: {reason}")]
    Unseen { address: String, reason: String },
}

impl NotItsOwn {
    /// Whether it has been so for longer than a change takes; `since` remembers.
    pub(super) fn has_lasted(&self, since: &mut Option<Instant>) -> bool {
        since.get_or_insert_with(Instant::now).elapsed() > PATIENCE
    }
}

/// That `address` is listened on by these processes alone, and the others, where
/// they are, as well.
pub(super) fn listened_on_by<'a>(
    processes: &[u32],
    address: &str,
    others: impl Iterator<Item = &'a str>,
) -> Result<(), NotItsOwn> {
    match who(address, processes)? {
        Listening::Ours => {}
        Listening::Nobody => return Err(NotItsOwn::Nobody(address.to_owned())),
        Listening::Foreign(holder) => return Err(foreign(address, holder)),
    }
    for other in others {
        if let Listening::Foreign(holder) = who(other, processes)? {
            return Err(foreign(other, holder));
        }
    }
    Ok(())
}

/// The same before and after load, where a worker that restarts is waited for.
pub(super) fn still_listened_on(
    listening: impl Fn() -> Result<(), NotItsOwn>,
) -> Result<(), NotItsOwn> {
    let begun = Instant::now();
    loop {
        match listening() {
            Err(NotItsOwn::Nobody(_)) if begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            other => return other,
        }
    }
}

fn who(address: &str, processes: &[u32]) -> Result<Listening, NotItsOwn> {
    let unseen = |reason: String| NotItsOwn::Unseen {
        address: address.to_owned(),
        reason,
    };
    let parsed: SocketAddr = address
        .parse()
        .map_err(|_| unseen("it is no address".to_owned()))?;
    who_listens(parsed, processes).map_err(|error| unseen(error.to_string()))
}

fn foreign(address: &str, holder: Holder) -> NotItsOwn {
    NotItsOwn::Foreign {
        address: address.to_owned(),
        holder,
    }
}
