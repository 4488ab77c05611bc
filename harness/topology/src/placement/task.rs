//! What is asked of a policy, and what it answers.

use super::policy::Policy;
use crate::cpuset::CpuSet;
use crate::model::Topology;

/// What a placement is asked for besides its policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Request {
    /// Logical CPUs for the target; `None` leaves it to the policy.
    pub target_cpus: Option<usize>,
    /// Logical CPUs for the generator; `None` gives about a quarter of the cores.
    pub generator_cpus: Option<usize>,
    /// Whether the target's memory is to come from its own NUMA node only.
    pub bind_memory: bool,
}

/// CPUs chosen, before the rules that hold for every policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) target: CpuSet,
    pub(super) generator: CpuSet,
    pub(super) notes: Vec<String>,
}

/// What is asked of whom, for choosing and for messages.
pub(super) struct Task<'a> {
    pub(super) topology: &'a Topology,
    pub(super) policy: &'a Policy,
    pub(super) request: &'a Request,
    /// Where the cores available are, such as "on this host".
    pub(super) place: String,
}
