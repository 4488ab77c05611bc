//! Drives a URL from the command line and prints what came of it, for measuring the engines:
//! `drive URL ENGINE CONNECTIONS SECONDS [RATE] [constant|poisson]`, or `drive serve PORT` for
//! the reference server alone.

use std::time::Duration;

use loadgen::reference::{Behaviour, ReferenceServer};
use loadgen::{
    Arrival, Endpoint, EngineChoice, Hooks, LoadSpec, Protocol, RequestMix, Summary, run,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |index: usize| arguments.get(index).map(String::as_str);
    if argument(0) == Some("serve") {
        let port: u16 = argument(1).unwrap_or("0").parse()?;
        let server =
            ReferenceServer::start_on(([127, 0, 0, 1], port).into(), Behaviour::default())?;
        println!("{}", server.address());
        loop {
            std::thread::park();
        }
    }
    let (endpoint, target) = Endpoint::from_url(argument(0).ok_or("url")?)?;
    let mut spec = LoadSpec::new(endpoint, RequestMix::get(target));
    match argument(1).unwrap_or("h1-fast") {
        "hyper" => spec.engine = EngineChoice::Hyper,
        "h2" => spec.protocol = Protocol::Http2,
        _ => spec.engine = EngineChoice::H1Fast,
    }
    spec.connections = argument(2).unwrap_or("64").parse()?;
    spec.duration = Duration::from_secs_f64(argument(3).unwrap_or("5").parse()?);
    if let Some(rate) = argument(4) {
        let rate_per_s = rate.parse()?;
        spec.arrival = match argument(5) {
            Some("poisson") => Arrival::Poisson { rate_per_s },
            _ => Arrival::Constant { rate_per_s },
        };
    }
    if let Some(spin) = argument(6) {
        spec.spin = Duration::from_micros(spin.parse()?);
    }
    let outcome = run(&spec, &Hooks::default())?;
    println!("verdict   {:?}", outcome.verdict);
    println!("ledger    {:?}", outcome.ledger);
    println!("rate      {:.0}/s", outcome.achieved_rate_per_s);
    println!("response  {:?}", Summary::of_ms(&outcome.latency.response));
    println!("send lag  {:?}", Summary::of_ms(&outcome.latency.send_lag));
    println!("generator {:?}", outcome.generator);
    println!("little    {:?}", outcome.littles_law);
    Ok(())
}
