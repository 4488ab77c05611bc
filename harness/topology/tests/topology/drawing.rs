//! Pictures of placements, as a person sees them.

use topology::{Policy, Request, Topology, draw, place};

use crate::machine::{Grid, restricted, set};
use crate::made_up;

fn drawn(topology: &Topology, policy: &str) -> String {
    let policy: Policy = policy.parse().unwrap();
    draw(
        topology,
        Some(&place(topology, &policy, &Request::default()).unwrap()),
    )
}

#[test]
fn a_small_host() {
    insta::assert_snapshot!(drawn(&Grid::uniform(2, 1), "split"));
    insta::assert_snapshot!(drawn(&Grid::uniform(2, 1), "none"));
}

#[test]
fn two_sockets_under_a_narrow_mask() {
    let topology = restricted(made_up::two_sockets().read(), &set("0-2,4-7"));
    insta::assert_snapshot!(drawn(&topology, "split"));
}

#[test]
fn hybrid_cores() {
    insta::assert_snapshot!(drawn(&made_up::hybrid().read(), "split"));
}

#[test]
fn a_bare_host_with_an_offline_cpu() {
    let mut topology = Grid::uniform(20, 2).clone();
    topology.cpus[39].online = false;
    insta::assert_snapshot!(draw(&topology, None));
}

#[test]
fn pictures_are_ascii_and_narrow() {
    let grid = Grid {
        packages: 2,
        nodes_per_package: 2,
        caches_per_node: 2,
        cores_per_cache: 8,
        threads: 2,
    };
    let picture = drawn(&grid.topology(), "spread");
    assert!(picture.is_ascii());
    let rows = picture.lines().filter(|line| line.contains('['));
    assert!(rows.clone().count() >= 8);
    assert!(rows.map(str::len).max().unwrap() <= 80, "{picture}");
}
