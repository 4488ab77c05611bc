//! What holds for every placement on every host, whatever the policy.

use proptest::prelude::*;
use topology::{CpuSet, Placement, PlacementError, Policy, Request, Topology, place};

use crate::machine::{Grid, restricted};

fn any_host() -> impl Strategy<Value = Topology> {
    let grid = (1_u32..=3, 1_u32..=2, 1_u32..=3, 1_u32..=4, 1_u32..=3).prop_map(
        |(packages, nodes_per_package, caches_per_node, cores_per_cache, threads)| Grid {
            packages,
            nodes_per_package,
            caches_per_node,
            cores_per_cache,
            threads,
        },
    );
    // A random mask; the bits repeat so that small hosts see all patterns too.
    (grid, any::<u64>(), any::<bool>()).prop_map(|(grid, bits, whole)| {
        let topology = grid.topology();
        let kept = |id: &u32| whole || bits >> (id % 64) & 1 == 1;
        let mask: CpuSet = topology.sets.online.iter().filter(kept).collect();
        restricted(topology, &mask)
    })
}

fn automatic_policy() -> impl Strategy<Value = Policy> {
    prop_oneof![
        Just(Policy::Split),
        Just(Policy::Compact),
        Just(Policy::Spread),
        Just(Policy::NoSmt),
        (0_u32..8).prop_map(Policy::Node),
        (0_u32..20).prop_map(Policy::Llc),
    ]
}

fn any_request() -> impl Strategy<Value = Request> {
    (
        prop::option::of(1_usize..20),
        prop::option::of(1_usize..8),
        any::<bool>(),
    )
        .prop_map(|(target_cpus, generator_cpus, bind_memory)| Request {
            target_cpus,
            generator_cpus,
            bind_memory,
        })
}

fn cores_of(topology: &Topology, cpus: &CpuSet) -> usize {
    topology
        .cores
        .iter()
        .filter(|core| !core.cpus.is_disjoint(cpus))
        .count()
}

fn check(
    topology: &Topology,
    policy: &Policy,
    request: &Request,
    placement: &Placement,
) -> Result<(), TestCaseError> {
    let Placement {
        target,
        generator,
        memory_node,
        ..
    } = placement;
    prop_assert!(!target.is_empty() && !generator.is_empty());
    prop_assert!(target.is_subset(&topology.usable) && generator.is_subset(&topology.usable));
    prop_assert!(
        topology.with_siblings(target).is_disjoint(generator),
        "siblings shared"
    );
    prop_assert!(
        request
            .target_cpus
            .is_none_or(|count| target.len() == count)
    );
    prop_assert!(
        request
            .generator_cpus
            .is_none_or(|count| generator.len() == count)
    );
    match policy {
        Policy::Spread | Policy::NoSmt => {
            prop_assert_eq!(cores_of(topology, target), target.len());
            prop_assert_eq!(cores_of(topology, generator), generator.len());
        }
        Policy::Node(node) => {
            prop_assert_eq!(
                topology.nodes_of(&(target | generator)),
                CpuSet::from(*node)
            );
        }
        Policy::Llc(llc) => {
            prop_assert!(target.is_subset(&topology.last_level_caches[*llc as usize].cpus));
        }
        _ => {}
    }
    match memory_node {
        Some(node) => prop_assert_eq!(topology.nodes_of(target), CpuSet::from(*node)),
        None => prop_assert!(!request.bind_memory),
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_placed_keeps_the_rules(
        topology in any_host(), policy in automatic_policy(), request in any_request(),
    ) {
        let answer = place(&topology, &policy, &request);
        prop_assert_eq!(&answer, &place(&topology, &policy, &request), "not deterministic");
        match answer {
            Ok(placement) => check(&topology, &policy, &request, &placement)?,
            Err(error) => prop_assert!(error.to_string().len() > 20),
        }
    }

    #[test]
    fn two_usable_cores_are_always_enough_without_further_wishes(
        topology in any_host(), policy in automatic_policy(),
    ) {
        let enough = match policy {
            Policy::Node(_) | Policy::Llc(_) => return Ok(()),
            _ => cores_of(&topology, &topology.usable) >= 2,
        };
        let answer = place(&topology, &policy, &Request::default());
        prop_assert_eq!(answer.is_ok(), enough, "{:?}", answer);
    }

    #[test]
    fn without_a_count_split_leaves_the_generator_a_fair_share(topology in any_host()) {
        if let Ok(placement) = place(&topology, &Policy::Split, &Request::default()) {
            let target = cores_of(&topology, &placement.target);
            let generator = cores_of(&topology, &placement.generator);
            prop_assert!(target >= generator);
            let share = generator as f64 / (target + generator) as f64;
            prop_assert!(generator == 1 || (0.2..=0.34).contains(&share), "{generator} beside {target}");
            // The generator is never on another node than all of the target.
            let nodes = topology.nodes_of(&placement.target);
            let together = !nodes.is_disjoint(&topology.nodes_of(&placement.generator));
            let local_room = topology.nodes.iter().any(|node| {
                cores_of(&topology, &(&node.cpus & &topology.usable)) >= 2
            });
            prop_assert!(together || !local_room);
        }
    }

    #[test]
    fn a_count_changes_the_target_and_not_the_generator(
        cores in 4_u32..20, threads in 1_u32..=2, count in 1_usize..20,
    ) {
        let topology = Grid::uniform(cores, threads);
        let usual = place(&topology, &Policy::Split, &Request::default()).unwrap();
        let request = Request { target_cpus: Some(count), ..Request::default() };
        if count <= usual.target.len() {
            let counted = place(&topology, &Policy::Split, &request).unwrap();
            prop_assert_eq!(counted.generator, usual.generator);
            prop_assert!(counted.target.is_subset(&usual.target));
        }
    }

    #[test]
    fn named_cpus_are_used_as_named_or_refused(
        topology in any_host(),
        target in prop::collection::btree_set(0_u32..40, 1..6),
        generator in prop::collection::btree_set(0_u32..40, 1..6),
    ) {
        let target: CpuSet = target.into_iter().collect();
        let generator: CpuSet = generator.into_iter().collect();
        let fits = target.is_subset(&topology.usable) && generator.is_subset(&topology.usable);
        let policy = Policy::Cpus { target: target.clone(), generator: Some(generator.clone()) };
        match place(&topology, &policy, &Request::default()) {
            Ok(placement) => {
                prop_assert!(fits);
                prop_assert_eq!(placement.target, target.clone());
                prop_assert_eq!(placement.generator, generator.clone());
                let shares = !topology.with_siblings(&target).is_disjoint(&generator);
                let says = placement.notes.iter().any(|note| note.contains("share CPUs") || note.contains("siblings"));
                prop_assert_eq!(shares, says);
            }
            Err(PlacementError::NoUsableCpu { .. }) => prop_assert!(topology.usable.is_empty()),
            Err(error) => prop_assert!(!fits, "{}", error),
        }
        prop_assert_eq!(policy.to_string().parse::<Policy>().unwrap(), policy);
    }
}
