//! Measures pacing from the server's side, generator and server on a core each:
//! `pacing RATE [SECONDS] [SPIN_US] [constant|poisson] [ENGINE]`.

use std::time::Duration;

use loadgen::reference::{Behaviour, ReferenceServer};
use loadgen::{Arrival, Endpoint, EngineChoice, Hooks, LoadSpec, RequestMix, run};
use rustix::thread::{CpuSet, sched_setaffinity};

fn pin(cpu: usize) -> Result<(), String> {
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(None, &set).map_err(|error| error.to_string())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |index: usize, default: &'static str| {
        arguments
            .get(index)
            .map_or(default, String::as_str)
            .to_owned()
    };
    let rate_per_s: f64 = argument(0, "2000").parse()?;
    pin(0)?;
    let server = ReferenceServer::start(Behaviour::default())?;
    let mut spec = LoadSpec::new(Endpoint::tcp(server.address()), RequestMix::get("/"));
    spec.connections = 64;
    spec.duration = Duration::from_secs_f64(argument(1, "5").parse()?);
    spec.spin = Duration::from_micros(argument(2, "20").parse()?);
    spec.drain = Duration::from_millis(200);
    if argument(4, "h1-fast") == "hyper" {
        spec.engine = EngineChoice::Hyper;
    }
    let is_poisson = argument(3, "constant") == "poisson";
    spec.arrival = if is_poisson {
        Arrival::Poisson { rate_per_s }
    } else {
        Arrival::Constant { rate_per_s }
    };
    let hook = |_: usize| pin(1);
    let outcome = run(
        &spec,
        &Hooks {
            pin: Some(&hook),
            ..Hooks::default()
        },
    )?;
    let mut arrivals = server.log().arrivals_ns();
    arrivals.sort_unstable();
    let gaps: Vec<f64> = arrivals
        .windows(2)
        .map(|pair| (pair[1] - pair[0]) as f64)
        .collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
    print!(
        "{} requests, gap CV {:.3}",
        arrivals.len(),
        variance.sqrt() / mean
    );
    if !is_poisson {
        let due = |k: usize| outcome.started_monotonic_ns as f64 + k as f64 / rate_per_s * 1e9;
        let mut late: Vec<f64> = arrivals
            .iter()
            .enumerate()
            .map(|(k, at)| (*at as f64 - due(k)) / 1e3)
            .collect();
        late.sort_by(f64::total_cmp);
        let quantile = |q: f64| late[((late.len() - 1) as f64 * q) as usize];
        print!(
            ", lateness us P50 {:.0} P90 {:.0} P99 {:.0}",
            quantile(0.5),
            quantile(0.9),
            quantile(0.99)
        );
    }
    let cost = &outcome.generator;
    println!(
        ", cpu us/req {:.1} (spin share {:.2}), run delay {:.3} s, {}",
        cost.cpu_us_per_request.unwrap_or(0.0),
        cost.spin_seconds / cost.cpu_seconds,
        cost.run_delay_seconds.unwrap_or(0.0),
        outcome.verdict.name()
    );
    Ok(())
}
