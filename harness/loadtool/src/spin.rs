//! `--spin`: whether the generator may busy-wait until requests are due.
//!
//! [`resolve`] turns the word of the command line into what `loadgen` does. A thread that spins
//! takes a whole CPU: harmless where nobody else needs it, and a lie about the service where the
//! service does. So `auto` spins only where everything that this takes is known to hold.
//! Deliberately absent: how long is spun, which `loadgen` measures.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, ToSocketAddrs, UdpSocket};
use std::path::Path;

use loadgen::{Address, LoadSpec, Spin};
use topology::{CpuSet, Topology};

use crate::options::SpinChoice;

/// What `auto` decides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Facts {
    /// Whether every generator thread is pinned to a CPU that no other one is pinned to.
    has_own_cpus: bool,
    /// Whether a CPU quota bounds this process, and perhaps the server with it.
    has_quota: bool,
    /// Where the server runs, as seen from the generator's CPUs.
    server: Server,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Server {
    /// On another machine.
    Remote,
    /// On this one, bound to other cores.
    Apart,
    /// On this one, and may use the generator's cores.
    Shared,
    /// On this one, in a process that cannot be seen.
    Unseen,
}

/// How threads are to wait for due times, and why.
pub(crate) fn resolve(name: SpinChoice, spec: &LoadSpec, cpus: &[u32]) -> (Spin, &'static str) {
    match name {
        SpinChoice::Adaptive => (Spin::Adaptive, "chosen by --spin"),
        SpinChoice::Short => (Spin::Short, "chosen by --spin"),
        SpinChoice::Off => (Spin::Off, "chosen by --spin"),
        SpinChoice::Auto => decide(facts(spec, cpus)),
    }
}

fn decide(facts: Facts) -> (Spin, &'static str) {
    let short = |why| (Spin::Short, why);
    if !facts.has_own_cpus {
        return short("the threads are not pinned to a CPU each (--cpus)");
    }
    if facts.has_quota {
        return short("spinning would use up this cgroup's CPU quota");
    }
    match facts.server {
        Server::Shared => short("the server may use the generator's cores"),
        Server::Unseen => short("it cannot be seen which CPUs the server uses"),
        Server::Apart => (Spin::Adaptive, "the server is bound to other cores"),
        Server::Remote => (Spin::Adaptive, "the server is on another machine"),
    }
}

fn facts(spec: &LoadSpec, cpus: &[u32]) -> Facts {
    let pinned: CpuSet = match cpus {
        // Bound from outside, as by taskset.
        [] => topology::current_affinity().unwrap_or_default(),
        named => named.iter().copied().collect(),
    };
    let has_own_cpus = match cpus {
        [] => pinned.len() == 1 && spec.threads == 1,
        _ => pinned.len() >= spec.threads,
    };
    if !has_own_cpus {
        // The rest takes a look at every process and is not needed.
        return Facts {
            has_own_cpus,
            has_quota: false,
            server: Server::Unseen,
        };
    }
    let topology = topology::read(Path::new("/")).ok();
    let quota = topology
        .as_ref()
        .and_then(|host| host.cgroup.quota.as_ref());
    Facts {
        has_own_cpus,
        has_quota: quota.is_some(),
        server: server(&spec.endpoint.address, &pinned, topology.as_ref()),
    }
}

fn server(address: &Address, generator: &CpuSet, topology: Option<&Topology>) -> Server {
    let Some(sockets) = local_sockets(address) else {
        return Server::Remote;
    };
    let cpus = cpus_of_holders(&sockets);
    let Some(topology) = topology.filter(|_| !cpus.is_empty()) else {
        return Server::Unseen;
    };
    if topology.with_siblings(generator).is_disjoint(&cpus) {
        Server::Apart
    } else {
        Server::Shared
    }
}

/// The inodes of the sockets that listen at `address`; none where it is another machine's.
fn local_sockets(address: &Address) -> Option<BTreeSet<String>> {
    let read = |name: &str| fs::read_to_string(format!("/proc/net/{name}")).unwrap_or_default();
    match address {
        Address::Unix(path) => Some(unix_listeners(&read("unix"), &path.to_string_lossy())),
        Address::Tcp { host, port } => {
            let addresses = (host.as_str(), *port).to_socket_addrs().ok()?;
            let mut ips = addresses.map(|address| address.ip());
            ips.any(is_local).then(|| {
                let mut sockets = tcp_listeners(&read("tcp"), *port);
                sockets.extend(tcp_listeners(&read("tcp6"), *port));
                sockets
            })
        }
    }
}

/// Whether an address is this machine's: no other can be bound.
fn is_local(ip: IpAddr) -> bool {
    ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok()
}

/// Inodes of the listening sockets of a port, whatever their address: proc_net_tcp, where the
/// second field is `ADDRESS:PORT` in hexadecimal, the fourth the state (0A: listening) and the
/// tenth the inode (proc_pid_net(5)).
fn tcp_listeners(table: &str, port: u16) -> BTreeSet<String> {
    let ending = format!(":{port:04X}");
    let rows = table
        .lines()
        .map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.get(1).is_some_and(|local| local.ends_with(&ending)))
        .filter(|row| row.get(3) == Some(&"0A"))
        .filter_map(|row| row.get(9).map(|inode| (*inode).to_owned()))
        .collect()
}

/// Inodes of the Unix sockets at `path`: the seventh field, before the path.
fn unix_listeners(table: &str, path: &str) -> BTreeSet<String> {
    let rows = table
        .lines()
        .map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.get(7) == Some(&path))
        .filter_map(|row| row.get(6).map(|inode| (*inode).to_owned()))
        .collect()
}

/// The CPUs that any thread of a process with one of `sockets` open may use.
fn cpus_of_holders(sockets: &BTreeSet<String>) -> CpuSet {
    let names = |folder: &str| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let holds = |process: &Path| {
        let files = names(&process.join("fd").to_string_lossy());
        files.iter().any(|file| {
            let target = fs::read_link(file).unwrap_or_default();
            let target = target.to_string_lossy();
            let inode = target
                .strip_prefix("socket:[")
                .and_then(|rest| rest.strip_suffix(']'));
            inode.is_some_and(|inode| sockets.contains(inode))
        })
    };
    let mut cpus = CpuSet::new();
    if sockets.is_empty() {
        return cpus;
    }
    for process in names("/proc").iter().filter(|process| holds(process)) {
        let threads = names(&process.join("task").to_string_lossy());
        let ids = threads
            .iter()
            .filter_map(|thread| thread.file_name()?.to_str()?.parse().ok());
        for allowed in ids.filter_map(|id| topology::affinity_of(id).ok()) {
            cpus = cpus.union(&allowed);
        }
    }
    cpus
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIT: Facts = Facts {
        has_own_cpus: true,
        has_quota: false,
        server: Server::Apart,
    };

    #[test]
    fn spins_only_where_nobody_else_needs_the_cpu() {
        let choice = |facts| decide(facts).0;
        assert_eq!(choice(FIT), Spin::Adaptive);
        let remote = Facts {
            server: Server::Remote,
            ..FIT
        };
        assert_eq!(choice(remote), Spin::Adaptive);
        for server in [Server::Shared, Server::Unseen] {
            assert_eq!(choice(Facts { server, ..FIT }), Spin::Short);
        }
        let unpinned = Facts {
            has_own_cpus: false,
            ..FIT
        };
        let bounded = Facts {
            has_quota: true,
            ..FIT
        };
        assert_eq!(choice(unpinned), Spin::Short);
        assert_eq!(choice(bounded), Spin::Short);
    }

    #[test]
    fn the_cpus_of_a_local_server_are_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let tcp = Address::Tcp {
            host: "localhost".to_owned(),
            port,
        };
        let sockets = local_sockets(&tcp).expect("it is this machine's");
        assert_eq!(sockets.len(), 1, "{sockets:?}");
        // Another test's thread may be pinned; together they may use what this one may.
        let cpus = cpus_of_holders(&sockets);
        assert!(
            topology::current_affinity().unwrap().is_subset(&cpus),
            "{cpus}"
        );

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let sockets = local_sockets(&Address::Unix(path)).expect("it is this machine's");
        assert_eq!(cpus_of_holders(&sockets), cpus);
    }

    #[test]
    fn an_address_of_another_machine_is_remote() {
        // Of the block for documentation (RFC 5737), which no machine has.
        let elsewhere = Address::Tcp {
            host: "192.0.2.1".to_owned(),
            port: 80,
        };
        assert_eq!(local_sockets(&elsewhere), None);
    }

    #[test]
    fn only_listening_sockets_of_the_port_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 4242 1 0 100 0 0 10 0\n\
             1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  0  0 4243 1 0 20 4 30 10 -1\n\
             2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 4244 1 0 100 0 0 10 0\n";
        assert_eq!(
            tcp_listeners(table, 8080),
            BTreeSet::from(["4242".to_owned()])
        );
        assert_eq!(tcp_listeners(table, 81), BTreeSet::new());
    }
}
