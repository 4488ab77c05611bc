//! CPU sets: the kernel's formats, and set algebra against the standard library.

use std::collections::BTreeSet;

use proptest::prelude::*;
use topology::{CpuSet, MAX_CPU_ID};

use crate::machine::set;

fn ids(set: &CpuSet) -> Vec<u32> {
    set.iter().collect()
}

#[test]
fn lists_parse_and_print() {
    for (text, printed, count) in [
        ("", "", 0),
        ("0", "0", 1),
        ("0-3,8,10-12", "0-3,8,10-12", 8),
        ("3,1,2\n", "1-3", 3),
        (" 0-1 , 4 ", "0-1,4", 3),
        ("1-61:4", "1,5,9,13,17,21,25,29,33,37,41,45,49,53,57,61", 16),
        ("0-7:2/4", "0-1,4-5", 4),
        ("1023-1025,4095", "1023-1025,4095", 4),
    ] {
        let parsed = set(text);
        assert_eq!(parsed.to_string(), printed, "{text:?}");
        assert_eq!(parsed.len(), count, "{text:?}");
    }
}

#[test]
fn masks_parse_and_print() {
    for (mask, list) in [
        ("0", ""),
        ("3", "0-1"),
        ("ff,00000001", "0,32-39"),
        ("0000,22222222", "1,5,9,13,17,21,25,29"),
        ("00000000,00000000,00000080", "7"),
        ("0xf", "0-3"),
        ("1,00000000,00000000", "64"),
    ] {
        assert_eq!(CpuSet::parse_mask(mask).unwrap(), set(list), "{mask}");
    }
    assert_eq!(set("0,32-39").to_mask(), "ff,00000001");
    assert_eq!(set("").to_mask(), "0");
    assert_eq!(set("64").to_mask(), "1,00000000,00000000");
}

#[test]
fn bad_lists_say_what_is_wrong() {
    for (text, reason) in [
        ("3-1", "range 3-1 runs backwards"),
        ("a", "\"a\" is not a number; write it like 0-3,8"),
        ("1,,2", "\"\" is not a number; write it like 0-3,8"),
        ("-1", "\"\" is not a number; write it like 0-3,8"),
        ("+1", "\"+1\" is not a number; write it like 0-3,8"),
        ("0-7:0/4", "pattern of 0-7:0/4 selects nothing"),
        ("0-7:5/4", "pattern of 0-7:5/4 selects nothing"),
        (
            "0-4000000000",
            "an id is larger than 65535, more than any Linux host has",
        ),
        (
            "99999999999999999999",
            "an id is larger than 65535, more than any Linux host has",
        ),
    ] {
        let error = text.parse::<CpuSet>().unwrap_err().to_string();
        assert_eq!(error, format!("cpu list {text:?}: {reason}"));
    }
    for mask in ["", "xyz", "1,1", "1,,00000000", "123456789,00000000", "0x"] {
        assert!(CpuSet::parse_mask(mask).is_err(), "{mask:?}");
    }
}

#[test]
fn a_long_bad_text_is_cut_in_the_message() {
    let error = "z"
        .repeat(10_000)
        .parse::<CpuSet>()
        .unwrap_err()
        .to_string();
    assert!(error.contains("..."));
}

#[test]
fn equal_sets_are_equal_however_they_came_about() {
    let mut grown = set("0-3");
    assert!(grown.insert(5000));
    assert!(!grown.insert(5000));
    assert!(grown.remove(5000));
    assert!(!grown.remove(5000));
    assert_eq!(grown, set("0-3"));
    assert_eq!(&set("0-3,900") & &set("0-3"), set("0-3"));
    assert_eq!(set("0,900").last(), Some(900));
    assert_eq!(set("").last(), None);
    assert_eq!(set("4-9").take(2), set("4-5"));
}

fn any_ids() -> impl Strategy<Value = BTreeSet<u32>> {
    let near = prop::collection::btree_set(0_u32..200, 0..40);
    let far = prop::collection::btree_set(0..=MAX_CPU_ID, 0..6);
    (near, far).prop_map(|(near, far)| near.into_iter().chain(far).collect())
}

proptest! {
    #[test]
    fn printing_and_parsing_are_inverse(ids in any_ids()) {
        let set: CpuSet = ids.iter().copied().collect();
        prop_assert_eq!(set.to_string().parse::<CpuSet>().unwrap(), set.clone());
        prop_assert_eq!(CpuSet::parse_mask(&set.to_mask()).unwrap(), set);
    }

    #[test]
    fn operations_agree_with_btreeset(a in any_ids(), b in any_ids()) {
        let (x, y): (CpuSet, CpuSet) = (a.iter().copied().collect(), b.iter().copied().collect());
        prop_assert_eq!(ids(&x), a.iter().copied().collect::<Vec<_>>());
        prop_assert_eq!(ids(&(&x & &y)), a.intersection(&b).copied().collect::<Vec<_>>());
        prop_assert_eq!(ids(&(&x | &y)), a.union(&b).copied().collect::<Vec<_>>());
        prop_assert_eq!(ids(&(&x - &y)), a.difference(&b).copied().collect::<Vec<_>>());
        prop_assert_eq!(x.is_disjoint(&y), a.is_disjoint(&b));
        prop_assert_eq!(x.is_subset(&y), a.is_subset(&b));
        prop_assert_eq!(x.len(), a.len());
        prop_assert_eq!(x.last(), a.last().copied());
        prop_assert_eq!(x == y, a == b);
    }

    #[test]
    fn no_text_makes_parsing_panic(text in "[0-9a-f,:/ x-]{0,24}|\\PC{0,24}") {
        // Either answer will do; what is accepted must print as something that parses to the same set.
        if let Ok(set) = text.parse::<CpuSet>() {
            prop_assert_eq!(set.to_string().parse::<CpuSet>().unwrap(), set);
        }
        if let Ok(set) = CpuSet::parse_mask(&text) {
            prop_assert_eq!(CpuSet::parse_mask(&set.to_mask()).unwrap(), set);
        }
    }
}
