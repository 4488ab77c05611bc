//! What GOMEMLIMIT becomes for another container than the one that was measured.
//!
//! It is part of the memory that the process may use, so it follows that: a literal derived from a stated limit, or a
//! share that a script computes when the service starts. Nothing else is exported: the downward API of Kubernetes
//! (`resourceFieldRef: limits.memory`) gives the whole limit, and the memory of the node where the container has none.

use documents::advice::Recommendation;
use documents::export::{Carrier, Value};
use record::quantity::{format_bytes, parse_bytes};

use super::{ExportRequest, Made};

const MIB: u64 = 1 << 20;
/// Below this a literal is not rounded to whole MiB.
const ROUNDED_FROM: u64 = 16 * MIB;

pub(super) fn value(
    text: &str,
    change: &Recommendation,
    request: &ExportRequest,
    made: &mut Made,
) -> Option<Value> {
    let measured = parse_bytes(text).ok()?;
    let cap = change.validity.memory_cap_bytes;
    match (request.memory_bytes, cap) {
        (Some(limit), Some(cap)) if cap != limit => {
            made.cautions.push(format!(
                "GOMEMLIMIT was measured as {text} of a memory cap of {}; here it is the same share of {}, which was not measured",
                format_bytes(cap as f64),
                format_bytes(limit as f64)
            ));
            Some(Value::Text(literal(share_of(measured, cap, limit))))
        }
        (Some(_), _) => Some(Value::Text(text.to_owned())),
        (None, Some(cap)) if request.carrier == Carrier::Script && measured < cap => {
            Some(Value::PercentOfMemory(percent(measured, cap)))
        }
        (None, _) => {
            let why = match request.carrier {
                Carrier::Script => "it was measured without a memory cap, so it is no share of one",
                _ => {
                    "it is part of the container's memory limit, which is not known here; the downward API \
                     (resourceFieldRef: limits.memory) would give all of the limit, and the node's memory where there \
                     is none"
                }
            };
            made.refuse(
                format!("GOMEMLIMIT={text}"),
                why,
                "state the limit with --limit, e.g. --limit 512MiB, or compute it in the entrypoint: --as env makes the script \
                 where the run had a memory cap",
            );
            None
        }
    }
}

/// The same share of another limit.
fn share_of(measured: u64, cap: u64, limit: u64) -> u64 {
    let share = u128::from(measured) * u128::from(limit) / u128::from(cap.max(1));
    u64::try_from(share).unwrap_or(u64::MAX)
}

fn percent(measured: u64, cap: u64) -> u32 {
    u32::try_from(share_of(measured, cap, 100)).unwrap_or(100)
}

fn literal(bytes: u64) -> String {
    match bytes {
        bytes if bytes >= ROUNDED_FROM => format!("{}MiB", bytes / MIB),
        bytes => format!("{}KiB", bytes / 1024),
    }
}
