//! What the placeholders of a target file stand for in one trial.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use record::target_file::{
    ADDR, ADMIN, FOLDER, Listener, PORT, Protocol, TMP, Target, address_name, addresses, filled,
};

/// The addresses, folders and options of one start.
#[derive(Debug)]
pub(super) struct Bindings {
    /// Of the service, `host:port`.
    pub(super) address: String,
    /// Of its admin listener, if it has one.
    pub(super) admin: Option<String>,
    /// Further ones, by name.
    pub(super) further: BTreeMap<String, String>,
    tmp: Option<PathBuf>,
    folder: PathBuf,
    options: BTreeMap<String, String>,
}

impl Bindings {
    /// Chooses free ports for a target.
    ///
    /// # Errors
    /// The system has no free port.
    pub(super) fn choose(
        target: &Target,
        options: BTreeMap<String, String>,
        tmp: Option<&Path>,
    ) -> std::io::Result<Bindings> {
        let wants_admin = target.probe || target.says(|name| name == ADMIN);
        let names: Vec<String> = addresses(target).into_iter().collect();
        // All are held until the last is chosen, so that no two are the same.
        let wanted = 1 + usize::from(wants_admin) + names.len();
        let held: Vec<TcpListener> = (0..wanted)
            .map(|_| TcpListener::bind("127.0.0.1:0"))
            .collect::<std::io::Result<_>>()?;
        let chosen = held.iter().map(|listener| listener.local_addr());
        let mut chosen = chosen
            .map(|address| Ok(address?.to_string()))
            .collect::<std::io::Result<Vec<String>>>()?
            .into_iter();
        // `target.yaml` alone has an empty folder.
        let folder = std::path::absolute(Path::new(".").join(target.folder()))?;
        Ok(Bindings {
            address: chosen.next().unwrap_or_default(),
            admin: wants_admin.then(|| chosen.next().unwrap_or_default()),
            further: names.into_iter().zip(chosen).collect(),
            tmp: tmp.map(Path::to_owned),
            folder,
            options,
        })
    }

    /// A text with its placeholders filled in.
    pub(super) fn fill(&self, text: &str) -> String {
        filled(text, |name| self.value(name))
    }

    /// A path of the target file: filled in, and relative to the file's folder.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        self.folder.join(self.fill(text))
    }

    /// The address of a listener, where the target has it.
    pub(super) fn listener(&self, listener: &Listener) -> Option<&str> {
        match listener {
            Listener::Service => Some(&self.address),
            Listener::Admin => self.admin.as_deref(),
            Listener::Named(name) => self.further.get(name).map(String::as_str),
        }
    }

    fn value(&self, name: &str) -> Option<String> {
        let path = |path: &Path| path.display().to_string();
        match name {
            ADDR => Some(self.address.clone()),
            PORT => Some(port(&self.address)),
            ADMIN => Some(self.admin.clone().unwrap_or_default()),
            TMP => Some(self.tmp.as_deref().map(path).unwrap_or_default()),
            FOLDER => Some(path(&self.folder)),
            _ => match address_name(name).and_then(|further| self.further.get(further)) {
                Some(address) if name.starts_with(PORT) => Some(port(address)),
                Some(address) => Some(address.clone()),
                None => self.options.get(name).cloned(),
            },
        }
    }
}

/// The scheme of a service's URLs.
pub(super) fn scheme(protocol: Protocol) -> &'static str {
    if protocol.tls() { "https" } else { "http" }
}

fn port(address: &str) -> String {
    let port = address.rsplit_once(':').map(|(_, port)| port);
    port.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
name: etcd
binary: ./etcd
command: [\"--listen={addr}\", \"--peer={addr.peer}:{port.peer}\", \"-n={items}\"]
options:
  items: {default: 3}
env: {ADMIN: \"{admin}\", PORT: \"{port}\", CONF: \"{tmp}/c {folder}/d {other}\"}
requests: [{path: /}]
";

    fn bindings() -> (Target, Bindings) {
        let target = Target::parse("/srv/etcd/target.yaml", FILE).unwrap();
        let options = BTreeMap::from([("items".to_owned(), "7".to_owned())]);
        let bindings = Bindings::choose(&target, options, Some(Path::new("/t"))).unwrap();
        (target, bindings)
    }

    #[test]
    fn every_placeholder_is_filled_and_no_two_addresses_are_the_same() {
        let (target, bindings) = bindings();
        let peer = &bindings.further["peer"];
        let admin = bindings.admin.clone().unwrap();
        assert!(*peer != bindings.address && admin != bindings.address && *peer != admin);
        let port = |address: &str| address.rsplit_once(':').unwrap().1.to_owned();
        let arguments: Vec<_> = target
            .command
            .iter()
            .map(|own| bindings.fill(own))
            .collect();
        assert_eq!(
            arguments,
            [
                format!("--listen={}", bindings.address),
                format!("--peer={peer}:{}", port(peer)),
                "-n=7".to_owned(),
            ]
        );
        assert_eq!(bindings.fill(&target.env["PORT"]), port(&bindings.address));
        assert_eq!(
            bindings.fill(&target.env["CONF"]),
            "/t/c /srv/etcd/d {other}"
        );
        assert_eq!(bindings.path("conf"), Path::new("/srv/etcd/conf"));
        assert_eq!(bindings.path("{tmp}/x"), Path::new("/t/x"));
    }

    #[test]
    fn a_listener_is_found_by_its_name() {
        let (_, bindings) = bindings();
        let named = |name: &str| Listener::Named(name.to_owned());
        assert_eq!(
            bindings.listener(&named("peer")),
            bindings.further.get("peer").map(String::as_str)
        );
        assert_eq!(bindings.listener(&named("none")), None);
    }
}
