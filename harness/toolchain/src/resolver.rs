//! Addresses that are there already, without the thread that ureq starts to look
//! up names, and whose absence is a panic in it.

use std::net::SocketAddr;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Takes addresses as they are, and asks ureq's resolver for names.
#[derive(Debug, Default)]
pub(super) struct LiteralFirst(DefaultResolver);

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
            None => self.0.resolve(uri, config, timeout),
        }
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
}
