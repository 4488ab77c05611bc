//! The user that targets run as, where we are root.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Gid, Uid, getuid};
use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

use crate::child;

/// The database of a machine's own users; see passwd(5).
const PASSWD: &str = "/etc/passwd";
const PATIENCE: Duration = Duration::from_secs(10);

/// A user, with the group of its entry and no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its number.
    pub uid: u32,
    /// Its group's.
    pub gid: u32,
    /// Its home folder; none for a number without an entry.
    pub home: Option<OsString>,
}

/// Why targets cannot run as a user.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserError {
    /// Only root can.
    #[error(
        "--user {0}: only root can start targets as another user; run gosweep as root, or as that user"
    )]
    NotRoot(String),
    /// No such user.
    #[error("--user {0}: there is no such user; give a name or number of `getent passwd`")]
    Unknown(String),
}

impl User {
    /// Finds a user by name or number. A number need not have an entry: its
    /// group then has the same number.
    ///
    /// # Errors
    /// See [`UserError`].
    pub fn find(wanted: &str) -> Result<User, UserError> {
        let user = fs::read(PASSWD)
            .ok()
            .and_then(|entries| of_entries(&entries, wanted))
            .or_else(|| ask_getent(wanted))
            .or_else(|| {
                let uid = wanted.parse().ok().filter(|uid| *uid != u32::MAX)?;
                Some(User {
                    uid,
                    gid: uid,
                    home: None,
                })
            })
            .ok_or_else(|| UserError::Unknown(wanted.to_owned()))?;
        if !getuid().is_root() && getuid().as_raw() != user.uid {
            return Err(UserError::NotRoot(wanted.to_owned()));
        }
        Ok(user)
    }

    /// Makes the process this user, for good. Between fork and exec: system
    /// calls only, on the only thread that there is.
    pub(crate) fn become_it(&self) -> io::Result<()> {
        if getuid().is_root() {
            let group = Gid::from_raw(self.gid);
            set_thread_groups(&[group])?;
            set_thread_gid(group)?;
            set_thread_uid(Uid::from_raw(self.uid))?;
        }
        Ok(())
    }
}

/// Users of a directory service, which only the C library's modules know.
fn ask_getent(wanted: &str) -> Option<User> {
    let mut command = Command::new("getent");
    command.args(["passwd", "--", wanted]);
    let done = child::run(command, PATIENCE, &|| false, &|| {}).ok()?;
    let entry = done.stdout.lines().next()?;
    of_entry(entry.as_bytes())
}

fn of_entries(entries: &[u8], wanted: &str) -> Option<User> {
    let number: Option<u32> = wanted.parse().ok();
    let lines = || entries.split(|&byte| byte == b'\n');
    let named = |line: &&[u8]| {
        let mut fields = line.split(|&byte| byte == b':');
        fields.next() == Some(wanted.as_bytes())
    };
    let by_name = lines().find(named).and_then(of_entry);
    by_name.or_else(|| {
        let mut users = lines().filter_map(of_entry);
        users.find(|user| Some(user.uid) == number)
    })
}

/// `name:password:uid:gid:comment:home:shell`.
fn of_entry(line: &[u8]) -> Option<User> {
    let fields: Vec<&[u8]> = line.split(|&byte| byte == b':').collect();
    let number = |at: usize| std::str::from_utf8(fields.get(at)?).ok()?.parse().ok();
    Some(User {
        uid: number(2)?,
        gid: number(3)?,
        home: fields.get(5).map(|home| OsString::from_vec(home.to_vec())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRIES: &[u8] = b"root:x:0:0:root:/root:/bin/sh\n\
        nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\nbroken\n17:x:1000:1000::/home/17:\n";

    #[test]
    fn users_are_found_by_name_then_by_number() {
        let nobody = of_entries(ENTRIES, "nobody").unwrap();
        assert_eq!((nobody.uid, nobody.gid), (65534, 65533));
        assert_eq!(nobody.home, Some("/nonexistent".into()));
        assert_eq!(of_entries(ENTRIES, "65534"), Some(nobody));
        assert_eq!(of_entries(ENTRIES, "17").unwrap().uid, 1000);
        assert_eq!(of_entries(ENTRIES, "broken"), None);
        assert_eq!(of_entries(ENTRIES, "65533"), None);
    }

    #[test]
    fn a_user_that_is_not_there_is_an_error() {
        let error = User::find("no-such-user-here").unwrap_err();
        assert!(matches!(error, UserError::Unknown(_)), "{error}");
    }
}
