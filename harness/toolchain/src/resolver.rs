//! Looks up names for ureq, whose own resolver panics where no more threads are to be had.

use std::net::SocketAddr;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use ureq::unversioned::transport::time::Duration;

/// Takes addresses as they are, and looks names up on a thread, so that a limit of time holds.
#[derive(Debug, Default)]
pub struct LiteralFirst;

impl Resolver for LiteralFirst {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        match literal(uri) {
            Some(address) => {
                let mut found = self.empty();
                found.push(address);
                Ok(found)
            }
            None => looked_up(uri.clone(), config.clone(), timeout),
        }
    }
}

fn looked_up(uri: Uri, config: Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
    // Without a limit ureq's resolver needs no thread of its own.
    let unlimited = NextTimeout {
        after: Duration::NotHappening,
        ..timeout
    };
    let (found, answer) = mpsc::sync_channel(1);
    let look = move || {
        // Nobody listens once the time is over.
        let _ = found.send(DefaultResolver::default().resolve(&uri, &config, unlimited));
    };
    thread::Builder::new()
        .name("names".to_owned())
        .spawn(look)
        .map_err(Error::Io)?;
    match answer.recv_timeout(*timeout.after) {
        Ok(found) => found,
        Err(RecvTimeoutError::Timeout) => Err(Error::Timeout(timeout.reason)),
        Err(RecvTimeoutError::Disconnected) => Err(Error::HostNotFound),
    }
}

fn literal(uri: &Uri) -> Option<SocketAddr> {
    uri.authority()?.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_and_a_name_is_not() {
        let of = |uri: &str| literal(&uri.parse().unwrap());
        let address = "127.0.0.1:80".parse().unwrap();
        assert_eq!(of("http://127.0.0.1:80/x?y"), Some(address));
        assert_eq!(of("http://[::1]:80/"), Some("[::1]:80".parse().unwrap()));
        for name in [
            "http://localhost:80/",
            "http://127.0.0.1/",
            "http://u@127.0.0.1:80/",
        ] {
            assert_eq!(of(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_is_looked_up_with_and_without_a_limit() {
        let look = |uri: &str, after| {
            let timeout = NextTimeout {
                after,
                ..NextTimeout::default()
            };
            LiteralFirst.resolve(&uri.parse().unwrap(), &Config::default(), timeout)
        };
        let found = look("http://localhost:81/", Duration::from_secs(60)).unwrap();
        assert!(
            found
                .iter()
                .all(|address| address.ip().is_loopback() && address.port() == 81)
        );
        assert!(look("http://localhost/", Duration::NotHappening).is_ok());
    }
}
