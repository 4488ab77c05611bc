//! The host as a run records it.

use record::run::Host;
use sha2::{Digest, Sha256};
use sysinfo::System;
use topology::{CpuQuota, State, Topology};

/// Describes this host. Hosts with the same fingerprint are comparable.
pub fn describe(topology: &Topology) -> Host {
    let memory = System::new().map_or(0, |mut system| {
        system.refresh_memory();
        system.total_memory()
    });
    let summary = topology.summary();
    let kernel = System::kernel_version().unwrap_or_default();
    let mut hash = Sha256::new();
    // Memory is rounded to GiB: kernels report a few pages more or less.
    let identity = [
        summary.to_string(),
        kernel.clone(),
        (memory >> 30).to_string(),
        format!("{:?}", topology.cgroup.quota.as_ref().map(CpuQuota::cpus)),
    ];
    for part in &identity {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let findings = topology::readiness(std::path::Path::new("/"))
        .into_iter()
        .filter(|check| matches!(check.state, State::Warn | State::Bad))
        .map(|check| format!("{}: {}", check.id, check.found))
        .collect();
    Host {
        machine: machine(),
        fingerprint: hex(&digest),
        cpu: topology.model.name.clone().unwrap_or_default(),
        cpus: topology.usable.len(),
        topology: summary.to_string(),
        memory_bytes: memory,
        kernel,
        os: System::long_os_version().unwrap_or_default(),
        virtualization: virtualization(topology),
        findings,
    }
}

/// Whether a run was made on this machine, as far as its record tells: by the machine's id, or, where
/// one of the two is not known, by what the machine is like.
pub fn is_made_here(made_on: &Host, topology: &Topology) -> bool {
    match (&made_on.machine, machine()) {
        (Some(there), Some(here)) => *there == here,
        _ => made_on.fingerprint == describe(topology).fingerprint,
    }
}

/// The id is not to be shown itself (machine-id(5)), so a hash over it that is only ours.
fn machine() -> Option<String> {
    let path = std::path::Path::new("/etc/machine-id");
    let id = safefile::read_named_text(path, 1000).ok()?;
    let id = id.trim();
    let is_set = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_set.then(|| hex(&Sha256::digest(format!("gosweep machine {id}"))))
}

fn hex(digest: &[u8]) -> String {
    let bytes = digest.iter().take(8);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// Every hypervisor on x86 sets this CPU flag; elsewhere nothing is known.
fn virtualization(topology: &Topology) -> Option<String> {
    let virtual_machine = topology.model.flags.iter().any(|flag| flag == "hypervisor");
    virtual_machine.then(|| "virtual machine".to_owned())
}
