//! Reads what lscpu printed for a snapshot: the expectation of an independent implementation.

use std::collections::BTreeMap;

use topology::CpuSet;

/// lscpu's account of one machine.
pub(crate) struct Expected {
    /// `Key: value` lines in order; keys repeat where there are several types.
    lines: Vec<(String, String)>,
    /// Rows by CPU in lscpu's own numbering.
    pub(crate) logical: Table,
    /// Rows by CPU in the kernel's ids.
    pub(crate) kernel: Table,
}

/// Per CPU, the value of each named column; a missing or "-" cell is `None`.
pub(crate) type Table = BTreeMap<u32, BTreeMap<String, Option<u32>>>;

impl Expected {
    pub(crate) fn parse(text: &str) -> Self {
        let described = text.lines().take_while(|line| !line.starts_with('#'));
        let lines = described
            .filter_map(|line| line.split_once(':'))
            .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
            .collect();
        let mut tables = text.split("# CPU,").skip(1).map(parse_table);
        let logical = tables.next().expect("a table in lscpu's numbering");
        let kernel = tables.next().expect("a table in the kernel's ids");
        assert!(tables.next().is_none());
        Self {
            lines,
            logical,
            kernel,
        }
    }

    pub(crate) fn all(&self, key: &str) -> Vec<&str> {
        let lines = self.lines.iter().filter(|(name, _)| name == key);
        lines.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn one(&self, key: &str) -> Option<&str> {
        self.all(key).first().copied()
    }

    pub(crate) fn number(&self, key: &str) -> Option<usize> {
        self.one(key).map(|value| value.parse().unwrap())
    }

    pub(crate) fn set(&self, key: &str) -> Option<CpuSet> {
        self.one(key).map(|value| value.parse().unwrap())
    }

    /// `L1d cache: 192 KiB (4 instances)` as name, total bytes and instances.
    pub(crate) fn caches(&self) -> Vec<(String, u64, usize)> {
        let parse = |(key, value): &(String, String)| {
            let name = key.strip_suffix(" cache")?;
            let words: Vec<&str> = value.split(' ').collect();
            let unit = match words[1] {
                "KiB" => 1 << 10,
                "MiB" => 1 << 20,
                other => panic!("unit {other}"),
            };
            let instances = words[2].trim_start_matches('(').parse().unwrap();
            Some((
                name.to_owned(),
                words[0].parse::<u64>().unwrap() * unit,
                instances,
            ))
        };
        self.lines.iter().filter_map(parse).collect()
    }

    /// `NUMA node2 CPU(s): 1-61:4` as node number and CPUs.
    pub(crate) fn nodes(&self) -> Vec<(u32, CpuSet)> {
        let parse = |(key, value): &(String, String)| {
            let number = key.strip_prefix("NUMA node")?.strip_suffix(" CPU(s)")?;
            Some((number.parse().ok()?, value.parse().unwrap()))
        };
        self.lines.iter().filter_map(parse).collect()
    }
}

fn parse_table(text: &str) -> Table {
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows = lines.take_while(|line| line.starts_with(|first: char| first.is_ascii_digit()));
    rows.map(|row| {
        let mut cells = row.split(',');
        let cpu = cells.next().unwrap().parse().unwrap();
        let cells = columns
            .iter()
            .zip(cells)
            .filter(|(name, _)| !name.is_empty());
        (
            cpu,
            cells
                .map(|(name, cell)| ((*name).to_owned(), cell.parse().ok()))
                .collect(),
        )
    })
    .collect()
}
