//! How many Ps a program gets that sets no GOMAXPROCS, under a CPU quota of its cgroup.

use super::godebug::find_godebug;
use crate::GoVersion;

/// GOMAXPROCS of a program built by `version` under `go_line`, which may run on `cpus` CPUs (affinity mask) within a
/// quota of `quota_cpus` CPUs, e.g. 0.25 for `250m`; `None` for no quota.
///
/// Up to 1.24, and under a go line before 1.25, the quota does not count. After that it is rounded up and taken as at
/// least 2, and the smaller of both holds (`adjustCgroupGOMAXPROCS` in runtime/cgroup_linux.go): a limit of 250m gives
/// 2. On a machine of one CPU it stays 1.
#[must_use]
pub fn default_gomaxprocs(
    version: &GoVersion,
    go_line: &GoVersion,
    cpus: u32,
    quota_cpus: Option<f64>,
) -> u32 {
    let counts = find_godebug("containermaxprocs")
        .and_then(|key| key.value_without_setting(version, go_line))
        .is_some_and(|value| value != "0");
    let quota = quota_cpus.filter(|quota| counts && quota.is_finite() && *quota > 0.0);
    // Ends at the number of CPUs, so no quota is too large to count up to.
    let needed = quota.and_then(|quota| (2..=cpus).find(|whole| f64::from(*whole) >= quota));
    needed.unwrap_or(cpus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quota_counts_from_1_25_on_if_the_go_line_does() {
        let procs = |version: &str, line: &str, cpus, quota| {
            let parse = |text| GoVersion::parse(text).expect("version");
            default_gomaxprocs(&parse(version), &parse(line), cpus, quota)
        };
        for (version, line, cpus, quota, expected) in [
            ("1.24.13", "1.24", 14, Some(0.25), 14),
            ("1.25.5", "1.24", 14, Some(0.25), 14),
            ("1.25.5", "1.25", 14, Some(0.25), 2),
            ("1.25.5", "1.25.0", 14, Some(2.0), 2),
            ("1.27.4", "1.27", 14, Some(2.01), 3),
            ("1.27.4", "1.27", 4, Some(64.0), 4),
            ("1.27.4", "1.27", 1, Some(0.5), 1),
            ("1.27.4", "1.27", 8, None, 8),
            ("1.27.4", "1.27", 8, Some(f64::NAN), 8),
        ] {
            let procs = procs(version, line, cpus, quota);
            assert_eq!(
                procs, expected,
                "{version}, go {line}, {cpus} CPUs, {quota:?}"
            );
        }
    }
}
