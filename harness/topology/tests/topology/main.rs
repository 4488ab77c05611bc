//! Tests of the crate through its public face: real machines' snapshots, made-up machines, and the running host.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod affinity;
mod cgroups;
mod cpuset;
mod drawing;
mod limits;
mod lscpu;
mod machine;
mod made_up;
mod placement;
mod placement_rules;
mod policy;
mod readiness;
mod readings;
mod snapshots;
