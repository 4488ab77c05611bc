//! Placements by example: who gets what, and what a refusal says.

use topology::{CpuQuota, Placement, PlacementError, Policy, Request, Topology, place};

use crate::machine::{Grid, restricted, set};
use crate::made_up;

const TWO_NODES: Grid = Grid {
    packages: 2,
    nodes_per_package: 1,
    caches_per_node: 2,
    cores_per_cache: 4,
    threads: 2,
};

fn asked(topology: &Topology, policy: &str, request: Request) -> Result<Placement, PlacementError> {
    place(topology, &policy.parse::<Policy>().unwrap(), &request)
}

fn placed(topology: &Topology, policy: &str) -> Placement {
    asked(topology, policy, Request::default()).unwrap()
}

fn shown(placement: &Placement) -> String {
    format!("{} / {}", placement.target, placement.generator)
}

fn refusal(topology: &Topology, policy: &str) -> String {
    asked(topology, policy, Request::default())
        .unwrap_err()
        .to_string()
}

fn targets(count: usize) -> Request {
    Request {
        target_cpus: Some(count),
        ..Request::default()
    }
}

#[test]
fn split_gives_the_generator_about_a_quarter_and_never_nothing() {
    for (cores, target, generator) in [
        (2, "0", "1"),
        (3, "0-1", "2"),
        (4, "0-2", "3"),
        (6, "0-3", "4-5"),
        (8, "0-5", "6-7"),
        (16, "0-11", "12-15"),
    ] {
        let placement = placed(&Grid::uniform(cores, 1), "split");
        assert_eq!(
            shown(&placement),
            format!("{target} / {generator}"),
            "{cores} cores"
        );
        assert!(placement.notes.is_empty());
    }
}

#[test]
fn split_keeps_siblings_together() {
    let topology = Grid::uniform(4, 2);
    assert_eq!(shown(&placed(&topology, "split")), "0-2,4-6 / 3,7");
    // One thread per core first, then siblings; the generator stays where it is.
    for (count, target) in [(1, "0"), (3, "0-2"), (4, "0-2,4"), (6, "0-2,4-6")] {
        let placement = asked(&topology, "split", targets(count)).unwrap();
        assert_eq!(shown(&placement), format!("{target} / 3,7"), "{count}");
    }
    let error = asked(&topology, "split", targets(7)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "placement split: 7 target CPUs asked for, 6 available \
         (4 usable cores on this host, 1 of them for the generator)"
    );
}

#[test]
fn split_stays_on_one_node_and_says_so() {
    let placement = placed(&TWO_NODES.topology(), "split");
    assert_eq!(shown(&placement), "0-5,16-21 / 6-7,22-23");
    assert!(
        placement.notes[0].starts_with("kept to node 0 of nodes 0-1"),
        "{:?}",
        placement.notes
    );
    let wide = asked(&TWO_NODES.topology(), "split", targets(20)).unwrap();
    assert_eq!(wide.target.len(), 20);
    assert!(
        wide.notes[0].starts_with("no single NUMA node has room"),
        "{:?}",
        wide.notes
    );
    assert!(
        wide.notes[1].starts_with("the target spans NUMA nodes 0-1"),
        "{:?}",
        wide.notes
    );
}

#[test]
fn counts_for_the_generator_are_kept() {
    let topology = Grid::uniform(8, 2);
    let request = Request {
        generator_cpus: Some(5),
        ..Request::default()
    };
    assert_eq!(
        shown(&asked(&topology, "split", request).unwrap()),
        "0-4,8-12 / 5-7,13-14"
    );
    let request = Request {
        generator_cpus: Some(15),
        ..Request::default()
    };
    let error = asked(&topology, "split", request).unwrap_err().to_string();
    assert!(
        error.contains("15 generator CPUs asked for, 14 available"),
        "{error}"
    );
    let request = Request {
        target_cpus: Some(0),
        ..Request::default()
    };
    let error = asked(&topology, "split", request).unwrap_err().to_string();
    assert!(error.contains("zero target CPUs"), "{error}");
}

#[test]
fn compact_fills_siblings_within_one_cache() {
    let topology = TWO_NODES.topology();
    assert_eq!(shown(&placed(&topology, "compact")), "0-3,16-19 / 4,20");
    assert_eq!(
        asked(&topology, "compact", targets(3)).unwrap().target,
        set("0-1,16")
    );
    // Too large for one cache: the neighbour on the same node, not the far node.
    let larger = asked(&topology, "compact", targets(12)).unwrap();
    assert_eq!(larger.target, set("0-5,16-21"));
    assert_eq!(topology.nodes_of(&larger.generator), set("0"));
    assert_eq!(
        shown(&placed(&Grid::uniform(4, 2), "compact")),
        "0-2,4-6 / 3,7"
    );
    assert_eq!(
        asked(&Grid::uniform(4, 2), "compact", targets(2))
            .unwrap()
            .target,
        set("0,4")
    );
}

#[test]
fn spread_deals_out_over_nodes_and_caches() {
    let topology = TWO_NODES.topology();
    for (count, target) in [(2, "0,8"), (4, "0,4,8,12"), (5, "0-1,4,8,12")] {
        assert_eq!(
            asked(&topology, "spread", targets(count)).unwrap().target,
            set(target),
            "{count}"
        );
    }
    let all = placed(&topology, "spread");
    assert_eq!((all.target.len(), all.generator.len()), (12, 4));
}

#[test]
fn no_smt_uses_one_thread_per_core() {
    assert_eq!(shown(&placed(&Grid::uniform(4, 2), "no-smt")), "0-2 / 3");
    let error = asked(&Grid::uniform(4, 2), "no-smt", targets(4))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("4 target CPUs asked for, 3 available"),
        "{error}"
    );
}

#[test]
fn nodes_and_caches_by_number() {
    let topology = TWO_NODES.topology();
    assert_eq!(
        shown(&placed(&topology, "node:1")),
        "8-13,24-29 / 14-15,30-31"
    );
    assert_eq!(shown(&placed(&topology, "llc:1")), "4-7,20-23 / 0,16");
    assert_eq!(shown(&placed(&Grid::uniform(4, 1), "llc:0")), "0-2 / 3");
    let gaps = made_up::two_sockets().read();
    assert_eq!(shown(&placed(&gaps, "node:4")), "1,5 / 3,7");
    insta::assert_snapshot!(refusal(&gaps, "node:7"), @"node 7 does not exist on this host; nodes with usable CPUs: 0,4");
    insta::assert_snapshot!(refusal(&gaps, "node:6"), @"node 6 has memory only, no CPUs; nodes with usable CPUs: 0,4");
    insta::assert_snapshot!(refusal(&gaps, "llc:2"), @"llc 2 does not exist on this host; last-level cache groups with usable CPUs: 0-1");
    let half = restricted(gaps, &set("0,2,4,6"));
    insta::assert_snapshot!(refusal(&half, "node:4"), @"node 4 has no CPU in our affinity mask and cpuset; nodes with usable CPUs: 0");
}

#[test]
fn hybrid_hosts_put_the_target_on_one_kind_of_core() {
    let topology = made_up::hybrid().read();
    let placement = placed(&topology, "split");
    assert_eq!(shown(&placement), "0-3 / 4-5");
    let larger = asked(&topology, "split", targets(6)).unwrap();
    assert_eq!(larger.target.len(), 6);
    assert!(
        larger
            .notes
            .iter()
            .any(|note| note.contains("mix kinds of core (performance, efficiency)"))
    );
}

#[test]
fn one_core_is_refused_with_the_way_out() {
    let siblings = Grid::uniform(1, 2);
    insta::assert_snapshot!(refusal(&siblings, "split"), @"placement split needs 2 cores on this host, there is 1 usable (CPUs 0-1 are SMT siblings of one core); use none, or cpus:0/1 to share the core knowingly: siblings slow each other down");
    let single = Grid::uniform(1, 1);
    insta::assert_snapshot!(refusal(&single, "split"), @"placement split needs 2 cores on this host, there is 1 usable (CPU 0); use none: target and generator then share it and the results say so");
    for policy in ["compact", "spread", "no-smt", "node:0", "llc:0"] {
        assert!(
            refusal(&siblings, policy).contains("needs 2 cores"),
            "{policy}"
        );
    }
    // The ways out work.
    assert_eq!(shown(&placed(&single, "none")), "0 / 0");
    let shared = placed(&siblings, "cpus:0/1");
    assert!(
        shared.notes[0].contains("SMT siblings of the target's"),
        "{:?}",
        shared.notes
    );
}

#[test]
fn explicit_lists_are_kept_or_refused_with_reasons() {
    let mut topology = restricted(Grid::uniform(8, 1), &set("0-5"));
    assert_eq!(shown(&placed(&topology, "cpus:0-1/4")), "0-1 / 4");
    assert_eq!(shown(&placed(&topology, "cpus:0-2")), "0-2 / 3");
    topology.cpus[5].online = false;
    topology.sets.online.remove(5);
    topology.usable.remove(5);
    topology.cgroup.cpuset = Some(set("0-6"));
    insta::assert_snapshot!(refusal(&topology, "cpus:3-7,99"), @"target CPUs 3-7,99 cannot be used: 99 do not exist on this host; 5 are offline; 7 are outside our cgroup's cpuset; 6 are outside our affinity mask; usable here: 0-4");
    insta::assert_snapshot!(refusal(&topology, "cpus:0/5"), @"generator CPUs 5 cannot be used: 5 are offline; usable here: 0-4");
    insta::assert_snapshot!(refusal(&topology, "cpus:0-4"), @"placement cpus:0-4 needs 6 cores on this host, there are 5 usable and the target's CPUs touch them all; name fewer CPUs, or name the generator's too: cpus:0-4/4 shares CPU 4 knowingly");
    let overlap = placed(&topology, "cpus:0-4/4");
    assert_eq!(
        overlap.notes,
        ["target and generator share CPUs 4: each takes time from the other"]
    );
    assert_eq!(
        asked(&topology, "cpus:0-3", targets(2)).unwrap().target,
        set("0-1")
    );
    assert!(asked(&topology, "cpus:0-3", targets(5)).is_err());
}

#[test]
fn isolated_cpus_outside_our_mask_can_be_named() {
    let mut topology = restricted(Grid::uniform(8, 1), &set("0-3"));
    topology.sets.isolated = set("4-7");
    let one = placed(&topology, "cpus:4/0");
    assert_eq!(
        one.notes,
        ["CPU 4 is isolated: little else disturbs the target there"]
    );
    let several = placed(&topology, "cpus:4-6");
    assert!(
        several.notes[0].contains("isolated from scheduler balancing"),
        "{:?}",
        several.notes
    );
    assert_eq!(several.generator, set("0"));
    // Policies that choose by themselves leave them alone.
    assert!(placed(&topology, "split").target.is_disjoint(&set("4-7")));
}

#[test]
fn none_shares_everything_and_says_so() {
    let topology = restricted(Grid::uniform(4, 1), &set("1-2"));
    let placement = asked(&topology, "none", targets(1)).unwrap();
    assert_eq!(shown(&placement), "1-2 / 1-2");
    assert_eq!(placement.notes.len(), 2);
}

#[test]
fn nothing_usable_is_explained() {
    let mut topology = restricted(Grid::uniform(4, 1), &set("0-1"));
    topology.cgroup.cpuset = Some(set("2-3"));
    topology.usable = set("");
    insta::assert_snapshot!(refusal(&topology, "split"), @"no usable CPU: online 0-3, our affinity mask 0-1, cgroup cpuset 2-3 have none in common");
}

#[test]
fn memory_is_bound_to_one_node_or_refused() {
    let bind = Request {
        bind_memory: true,
        ..Request::default()
    };
    let mut topology = TWO_NODES.topology();
    assert_eq!(
        asked(&topology, "node:1", bind).unwrap().memory_node,
        Some(1)
    );
    assert_eq!(
        asked(&topology, "split", bind).unwrap().memory_node,
        Some(0)
    );
    assert_eq!(placed(&topology, "node:1").memory_node, None);
    let refused = asked(&topology, "spread", bind).unwrap_err().to_string();
    assert!(refused.contains("lie on nodes 0-1"), "{refused}");
    topology.allowed_nodes = Some(set("0"));
    let refused = asked(&topology, "node:1", bind).unwrap_err().to_string();
    assert!(
        refused.contains("not among the memory nodes allowed to us (0)"),
        "{refused}"
    );
    topology.nodes[0].memory_bytes = Some(0);
    let refused = asked(&topology, "node:0", bind).unwrap_err().to_string();
    assert!(refused.contains("has no memory of its own"), "{refused}");
    topology.nodes.clear();
    let unbound = asked(&topology, "cpus:0", bind).unwrap();
    assert_eq!(unbound.memory_node, None);
    assert!(
        unbound.notes[0].contains("no NUMA nodes"),
        "{:?}",
        unbound.notes
    );
}

#[test]
fn a_quota_below_the_targets_cpus_is_noted() {
    let mut topology = Grid::uniform(4, 1);
    topology.cgroup.quota = Some(CpuQuota {
        quota_us: 150_000,
        period_us: 100_000,
        file: "cpu.max".to_owned(),
    });
    let placement = placed(&topology, "split");
    assert!(
        placement.notes[0].starts_with("cpu.max allows 1.50 CPUs in all, the target alone has 3")
    );
    assert!(
        asked(&topology, "split", targets(1))
            .unwrap()
            .notes
            .is_empty()
    );
}
