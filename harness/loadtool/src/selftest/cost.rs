//! E6: what a request costs the client in CPU time, alongside the rivals; and memory.
//!
//! Every client is a process, measured as a whole by the kernel's account of it, and requests
//! are counted by the server: no client's own word is taken. Rounds are interleaved, and ratios
//! are of the same round, so that what drifts on the machine meets all alike.

use std::time::{Duration, Instant};

use super::client::Client;
use super::findings::Findings;
use super::lab::Lab;
use super::pacing::Paced;
use super::process::{Cost, measured};
use super::server::ServerSpec;
use super::table::{ClientRow, Row};
use crate::failure::Failure;

const PACED_RATE: u64 = 10_000;
const MOST_MEMORY_BYTES: u64 = 64 << 20;

/// One client in one round.
#[derive(Debug, Clone, Copy)]
struct Sample {
    us_per_request: f64,
    rate_per_s: f64,
    peak_bytes: u64,
}

/// E6, for `clients`, of which the first two are this program's engines.
pub(super) fn cost(lab: &Lab, clients: &[Client], findings: &mut Findings) -> Result<(), Failure> {
    let (rounds, seconds) = if lab.is_quick { (1, 1) } else { (3, 2) };
    let mut samples: Vec<Vec<Option<Sample>>> = vec![Vec::new(); clients.len()];
    for _ in 0..rounds {
        for (client, samples) in clients.iter().zip(&mut samples) {
            samples.push(closed(lab, client, seconds)?);
        }
    }
    judge(clients, &samples, findings);
    for (client, samples) in clients.iter().zip(&samples) {
        let paced = paced(lab, client)?;
        findings.clients.push(ClientRow {
            name: client.name.to_owned(),
            cpu_us_per_request: median(
                samples.iter().flatten().map(|sample| sample.us_per_request),
            ),
            rate_per_s: median(samples.iter().flatten().map(|sample| sample.rate_per_s)),
            gap_variation: paced.map(|paced| paced.gap_variation),
            lag_us: paced.map(|paced| paced.lag_us),
        });
    }
    Ok(())
}

fn closed(lab: &Lab, client: &Client, seconds: u64) -> Result<Option<Sample>, Failure> {
    let mut server = lab.server(ServerSpec::default())?;
    let url = format!("http://{}/", server.address());
    let started = Instant::now();
    let cost = measured(
        lab,
        client.closed(&url, seconds),
        Duration::from_secs(seconds + 5),
    )?;
    let elapsed_s = started.elapsed().as_secs_f64();
    lab.refuse_cancelled()?;
    let requests = server.count()?;
    Ok(cost.filter(|_| requests > 0).map(
        |Cost {
             cpu_seconds,
             peak_bytes,
         }| Sample {
            us_per_request: cpu_seconds * 1e6 / requests as f64,
            rate_per_s: requests as f64 / elapsed_s,
            peak_bytes,
        },
    ))
}

fn paced(lab: &Lab, client: &Client) -> Result<Option<Paced>, Failure> {
    let length = lab.length(2_000, 1_000);
    let mut server = lab.witness()?;
    let url = format!("http://{}/", server.address());
    let Some(command) = client.paced(&url, PACED_RATE, length) else {
        return Ok(None);
    };
    let ended_well = measured(lab, command, length + Duration::from_secs(5))?.is_some();
    lab.refuse_cancelled()?;
    let log = server.log()?;
    // No client is asked where its schedule began: all are judged from outside alike.
    Ok(ended_well.then(|| Paced::of(log.arrivals_ns, PACED_RATE as f64, None)))
}

fn judge(clients: &[Client], samples: &[Vec<Option<Sample>>], findings: &mut Findings) {
    let of = |name: &str| {
        clients
            .iter()
            .position(|client| client.name == name)
            .map(|at| &samples[at])
    };
    for (ours, rival, bar) in [
        ("gosweep hyper", "wrk", 0.85),
        ("gosweep hyper", "oha", 1.3),
        ("gosweep h1-fast", "wrk", 1.25),
    ] {
        let what = format!("{ours}: requests per CPU-s of {rival}'s");
        let ratio = of(ours).zip(of(rival)).and_then(|(ours, theirs)| {
            let pairs = ours
                .iter()
                .zip(theirs)
                .filter_map(|(ours, theirs)| ours.zip(*theirs));
            median(pairs.map(|(ours, theirs)| theirs.us_per_request / ours.us_per_request))
        });
        findings.add(match ratio {
            Some(ratio) => Row::judged(
                "E6",
                what,
                format!("{ratio:.3}x"),
                format!(">= {bar}x"),
                ratio >= bar,
            ),
            None => Row {
                experiment: "E6",
                ..Row::shown(what, format!("{rival} was not measured"))
            },
        });
    }
    let own = clients
        .iter()
        .zip(samples)
        .filter(|(client, _)| client.is_own());
    let own = own.flat_map(|(_, samples)| samples.iter().flatten());
    if let Some(most) = own.max_by_key(|sample| sample.peak_bytes) {
        findings.add(Row::judged(
            "E6",
            "peak memory of a client",
            format!(
                "{:.1} MiB at {:.0}/s",
                most.peak_bytes as f64 / 1048576.0,
                most.rate_per_s
            ),
            "< 64 MiB",
            most.peak_bytes < MOST_MEMORY_BYTES,
        ));
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        count if count % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), Some(2.5));
        assert_eq!(median(std::iter::empty()), None);
    }
}
