//! Lists of CPUs, as a record writes them.

use std::collections::BTreeSet;

/// How many CPUs a list such as `0-3,6` names.
pub fn cpu_count(list: &str) -> Option<usize> {
    cpus(list).map(|cpus| cpus.len())
}

/// The CPUs that a list such as `0-3,6` names.
pub fn cpus(list: &str) -> Option<BTreeSet<u32>> {
    let mut found = BTreeSet::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        // A record is hostile input as well: no machine has more.
        if last < first || last > 65_535 {
            return None;
        }
        found.extend(first..=last);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::cpu_count;

    #[test]
    fn lists_of_cpus_are_counted() {
        assert_eq!(cpu_count("0-3,6"), Some(5));
        assert_eq!(cpu_count("2"), Some(1));
        assert_eq!(cpu_count(""), None);
    }
}
