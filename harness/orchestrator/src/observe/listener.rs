//! Who listens on an address, by /proc: load must reach the target and nobody
//! else.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// `st` of /proc/net/tcp for a listening socket: TCP_LISTEN.
const LISTENING: &str = "0A";

/// The longest command line that is shown.
const LONGEST_COMMAND: usize = 200;

/// Who listens on an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listening {
    /// Nobody.
    Nobody,
    /// The processes asked for, and no other.
    Ours,
    /// Somebody else, alone or alongside them.
    Foreign(Holder),
}

/// Who holds a listening socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// This process.
    Process {
        /// Its number.
        pid: u32,
        /// Its command line, where it can be read.
        command: String,
    },
    /// A process that does not show its files to us.
    OfUser(u32),
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Holder::Process { pid, command } => write!(f, "process {pid} (`{command}`)"),
            Holder::OfUser(uid) => write!(f, "a process of user {uid} whose files cannot be read"),
        }
    }
}

/// Who listens on `address`, in our network namespace: there the load goes.
/// With several sockets on one address (SO_REUSEPORT) all must belong to
/// `processes`, since each gets a share of the connections.
///
/// # Errors
/// /proc/net/tcp cannot be read.
pub fn who_listens(address: SocketAddr, processes: &[u32]) -> std::io::Result<Listening> {
    let mut sockets =
        fs::read_to_string("/proc/net/tcp").map(|table| listeners(&table, address))?;
    // Without IPv6 there is no such table.
    if let Ok(table) = fs::read_to_string("/proc/net/tcp6") {
        sockets.extend(listeners(&table, address));
    }
    // A connection goes to the socket with the best match: Linux,
    // net/ipv4/inet_hashtables.c, __inet_lookup_listener.
    let Some(best) = sockets.iter().map(|socket| socket.matched).min() else {
        return Ok(Listening::Nobody);
    };
    sockets.retain(|socket| socket.matched == best);
    let mut foreign: BTreeSet<u64> = sockets.iter().map(|socket| socket.inode).collect();
    for pid in processes {
        if foreign.is_empty() {
            break;
        }
        for inode in sockets_of(*pid) {
            foreign.remove(&inode);
        }
    }
    let foreign = sockets
        .into_iter()
        .find(|socket| foreign.contains(&socket.inode));
    Ok(match foreign {
        None => Listening::Ours,
        Some(socket) => Listening::Foreign(holder(&socket)),
    })
}

/// How a listening socket matches an address, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Matched {
    Exactly,
    AnyAddress,
    AnyAddressOfIpv6,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Socket {
    matched: Matched,
    uid: u32,
    inode: u64,
}

/// The listening sockets of a table that take connections to `address`.
fn listeners(table: &str, address: SocketAddr) -> Vec<Socket> {
    let socket = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (ip, port) = fields.get(1)?.split_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        if *fields.get(3)? != LISTENING || port != address.port() {
            return None;
        }
        Some(Socket {
            matched: matched(ip_of(ip)?, address.ip())?,
            uid: fields.get(7)?.parse().ok()?,
            inode: fields.get(9)?.parse().ok()?,
        })
    };
    table.lines().skip(1).filter_map(socket).collect()
}

fn matched(bound: IpAddr, wanted: IpAddr) -> Option<Matched> {
    let plain = |ip: IpAddr| ip.to_canonical();
    match bound {
        bound if plain(bound) == plain(wanted) => Some(Matched::Exactly),
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) if plain(wanted).is_ipv4() => Some(Matched::AnyAddress),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Some(Matched::AnyAddressOfIpv6),
        _ => None,
    }
}

/// An address of the table: its 32-bit words in hexadecimal, in the order of
/// this machine's memory.
fn ip_of(digits: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let word = u32::from_str_radix(digits.get(8 * at..8 * at + 8)?, 16).ok()?;
        Some(word.to_ne_bytes())
    };
    match digits.len() {
        8 => Some(IpAddr::from(word(0)?)),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            Some(IpAddr::from(bytes))
        }
        _ => None,
    }
}

/// The sockets among a process's open files, by inode.
fn sockets_of(pid: u32) -> Vec<u64> {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return Vec::new();
    };
    let inode = |file: std::io::Result<fs::DirEntry>| {
        let link = fs::read_link(file.ok()?.path()).ok()?;
        let link = link.to_str()?.strip_prefix("socket:[")?;
        link.strip_suffix(']')?.parse().ok()
    };
    files.filter_map(inode).collect()
}

fn holder(socket: &Socket) -> Holder {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    match pids.find(|pid| sockets_of(*pid).contains(&socket.inode)) {
        Some(pid) => Holder::Process {
            pid,
            command: command_of(pid),
        },
        None => Holder::OfUser(socket.uid),
    }
}

fn command_of(pid: u32) -> String {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = String::from_utf8_lossy(&words).replace('\0', " ");
    let words: String = words.trim().chars().take(LONGEST_COMMAND).collect();
    if words.is_empty() {
        "its command cannot be read".to_owned()
    } else {
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn our_own_listener_is_ours_and_a_stranger_to_others() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let own = std::process::id();
        assert_eq!(who_listens(address, &[own]).unwrap(), Listening::Ours);
        let Listening::Foreign(Holder::Process { pid, command }) =
            who_listens(address, &[1]).unwrap()
        else {
            panic!("not foreign");
        };
        assert_eq!(pid, own);
        assert!(command.contains("orchestrator"), "{command}");
        drop(listener);
        assert_eq!(who_listens(address, &[own]).unwrap(), Listening::Nobody);
    }

    #[test]
    fn a_listener_on_every_address_is_found() {
        for any in ["0.0.0.0:0", "[::]:0"] {
            let Ok(listener) = TcpListener::bind(any) else {
                continue;
            };
            let port = listener.local_addr().unwrap().port();
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let own = std::process::id();
            assert_eq!(
                who_listens(address, &[own]).unwrap(),
                Listening::Ours,
                "{any}"
            );
        }
    }

    #[test]
    fn the_best_match_is_who_gets_the_connection() {
        let local = IpAddr::from(Ipv4Addr::LOCALHOST);
        let exactly = matched(local, local).unwrap();
        let any = matched(Ipv4Addr::UNSPECIFIED.into(), local).unwrap();
        let any_ipv6 = matched(Ipv6Addr::UNSPECIFIED.into(), local).unwrap();
        assert!(exactly < any && any < any_ipv6);
        let mapped = Ipv4Addr::LOCALHOST.to_ipv6_mapped();
        assert_eq!(matched(mapped.into(), local), Some(Matched::Exactly));
        assert_eq!(matched(Ipv6Addr::LOCALHOST.into(), local), None);
        assert_eq!(matched(Ipv4Addr::new(127, 0, 0, 2).into(), local), None);
    }
}
