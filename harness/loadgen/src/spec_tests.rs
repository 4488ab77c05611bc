//! What specifications and URLs are refused for.

use super::*;
use crate::endpoint::Address;

#[test]
fn urls_resolve_to_endpoints() {
    let (endpoint, target) = Endpoint::from_url("http://127.0.0.1:8080/a?b=c").unwrap();
    assert_eq!(endpoint.address.to_string(), "127.0.0.1:8080");
    assert_eq!(
        (endpoint.authority.as_str(), target.as_str()),
        ("127.0.0.1:8080", "/a?b=c")
    );
    let (endpoint, target) = Endpoint::from_url("https://[::1]").unwrap();
    assert_eq!(
        endpoint.address,
        Address::Tcp {
            host: "::1".into(),
            port: 443
        }
    );
    assert!(endpoint.tls.is_some());
    assert_eq!(target, "/");
}

#[test]
fn urls_that_cannot_be_used_say_why() {
    for (url, word) in [
        ("127.0.0.1:80/", ""),
        ("ftp://host/", "scheme"),
        ("http://u:p@host/", "authorization"),
        ("http://host:0/", "port"),
        ("http://host:99999/", ""),
        ("", ""),
    ] {
        let text = Endpoint::from_url(url).unwrap_err().to_string();
        assert!(text.contains(word), "{url}: {text}");
    }
}

#[test]
fn no_request_can_get_older_than_a_histogram_tells() {
    let endpoint = Endpoint::tcp(([127, 0, 0, 1], 1).into());
    let mut spec = LoadSpec::new(endpoint, RequestMix::get("/"));
    let day = Duration::from_secs(24 * 3600);
    (spec.duration, spec.drain) = (30 * day, day);
    spec.validate().unwrap();
    let oldest = spec.duration + spec.drain;
    assert!(oldest.as_nanos() <= u128::from(crate::histogram::MAX_TRACKED_NS));
    spec.drain = 2 * day;
    assert!(spec.validate().unwrap_err().to_string().contains("drain"));
}

#[test]
fn auto_takes_hyper_while_the_rate_leaves_it_half_of_each_cpu() {
    let endpoint = Endpoint::from_url("http://127.0.0.1:1/").unwrap().0;
    let mut spec = LoadSpec::new(endpoint, RequestMix::get("/"));
    assert_eq!(spec.resolved_engine(), EngineChoice::H1Fast);
    let mut at = |rate_per_s: f64, threads: usize| {
        spec.arrival = Arrival::Constant { rate_per_s };
        spec.threads = threads;
        spec.resolved_engine()
    };
    assert_eq!(at(10_000.0, 1), EngineChoice::Hyper);
    assert_eq!(at(30_000.0, 1), EngineChoice::H1Fast);
    assert_eq!(at(30_000.0, 2), EngineChoice::Hyper);
    // The highest rate of a ramp counts, and what was asked for by name is taken.
    let second = Duration::from_secs(1);
    let stage = |from_per_s, to_per_s| crate::arrival::Stage {
        duration: second,
        from_per_s,
        to_per_s,
    };
    spec.threads = 1;
    spec.arrival = Arrival::Stages {
        stages: vec![stage(10.0, 40_000.0), stage(10.0, 10.0)],
        spacing: crate::arrival::Spacing::Even,
    };
    assert_eq!(spec.resolved_engine(), EngineChoice::H1Fast);
    spec.engine = EngineChoice::Hyper;
    assert_eq!(spec.resolved_engine(), EngineChoice::Hyper);
}
