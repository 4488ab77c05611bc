//! A fixed number of requests in a closed loop, for `scripts/instructions` to count by callgrind
//! what one of them costs: `instructions ENGINE REQUESTS ADDRESS`. The server it is sent to must
//! not be counted and is a process of its own: `instructions serve`, which prints its address
//! and ends with its standard input.

use std::error::Error;
use std::io::Read;
use std::time::Duration;

use loadgen::reference::{Behaviour, ReferenceServer};
use loadgen::{Endpoint, EngineChoice, Hooks, LoadSpec, RequestMix, run};

/// More than any machine takes under valgrind: the budget of requests ends the run.
const LONG: Duration = Duration::from_secs(3600);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => serve(),
        ["h1-fast", requests, address] => drive(EngineChoice::H1Fast, requests, address),
        ["hyper", requests, address] => drive(EngineChoice::Hyper, requests, address),
        _ => Err("usage: instructions serve | instructions h1-fast|hyper REQUESTS ADDRESS".into()),
    }
}

fn serve() -> Result<(), Box<dyn Error>> {
    let server = ReferenceServer::start(Behaviour::default())?;
    println!("{}", server.address());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn drive(engine: EngineChoice, requests: &str, address: &str) -> Result<(), Box<dyn Error>> {
    let requests: u64 = requests.parse()?;
    let mut spec = LoadSpec::new(Endpoint::tcp(address.parse()?), RequestMix::get("/"));
    spec.engine = engine;
    spec.connections = 64;
    spec.max_requests = Some(requests);
    // What is done by the clock is not the requests' cost, and differs from run to run.
    (spec.duration, spec.interval, spec.timeout) = (LONG, LONG, LONG);
    let outcome = run(&spec, &Hooks::default())?;
    if outcome.ledger.completed != requests {
        return Err(format!("not all was answered: {:?}", outcome.ledger).into());
    }
    Ok(())
}
