//! A fixed number of requests in a closed loop, for `scripts/instructions` to count by callgrind
//! what one of them costs: `instructions ENGINE REQUESTS ADDRESS`. The server it is sent to must
//! not be counted and is a process of its own: `instructions serve`, which prints its address
//! and ends with its standard input. `bare-hyper` is no engine of the driver but hyper's client as
//! its own guide has it, without schedule, ledger or histograms: what hyper itself costs.

use std::error::Error;
use std::io::Read;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use loadgen::reference::{Behaviour, ReferenceServer};
use loadgen::{Endpoint, EngineChoice, Hooks, LoadSpec, RequestMix, run};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// More than any machine takes under valgrind: the budget of requests ends the run.
const LONG: Duration = Duration::from_secs(3600);
const CONNECTIONS: u64 = 64;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => serve(),
        ["h1-fast", requests, address] => drive(EngineChoice::H1Fast, requests, address),
        ["hyper", requests, address] => drive(EngineChoice::Hyper, requests, address),
        ["bare-hyper", requests, address] => bare_hyper(requests, address),
        _ => Err(
            "usage: instructions serve | instructions h1-fast|hyper|bare-hyper REQUESTS ADDRESS"
                .into(),
        ),
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
    spec.connections = CONNECTIONS as usize;
    spec.max_requests = Some(requests);
    // What is done by the clock is not the requests' cost, and differs from run to run.
    (spec.duration, spec.interval, spec.timeout) = (LONG, LONG, LONG);
    let outcome = run(&spec, &Hooks::default())?;
    if outcome.ledger.completed != requests {
        return Err(format!("not all was answered: {:?}", outcome.ledger).into());
    }
    Ok(())
}

/// The loop of hyper's guide on as many connections: a task drives the connection, another sends one
/// request after the other and reads each answer to its end.
fn bare_hyper(requests: &str, address: &str) -> Result<(), Box<dyn Error>> {
    let each = requests.parse::<u64>()?.div_ceil(CONNECTIONS);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let mut loops = JoinSet::new();
        for _ in 0..CONNECTIONS {
            loops.spawn(ask(address.to_owned(), each));
        }
        while let Some(ended) = loops.join_next().await {
            ended?.map_err(|error| error.to_string())?;
        }
        Ok(())
    })
}

async fn ask(address: String, requests: u64) -> Result<(), Box<dyn Error + Send + Sync>> {
    let stream = TcpStream::connect(&address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(driver);
    for _ in 0..requests {
        let request = Request::get("/")
            .header("host", &address)
            .body(Empty::<Bytes>::new())?;
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        answer.into_body().collect().await?;
    }
    Ok(())
}
