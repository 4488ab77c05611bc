//! Sets of CPU ids in the formats that Linux reads and prints.
//!
//! [`CpuSet`] is the main type. It knows nothing of a host: whether a CPU exists or may be used is for
//! [`crate::Topology`] to say.

use std::fmt;
use std::ops::{BitAnd, BitOr, Sub};

use serde::{Serialize, Serializer};

/// The largest id a set takes. Linux builds go to 8192 CPUs (`NR_CPUS` with `MAXSMP`, arch/x86/Kconfig); the margin
/// costs nothing and the bound keeps a garbage file such as `0-4000000000` from asking for half a gigabyte.
pub const MAX_CPU_ID: u32 = 65_535;

const WORD_BITS: u32 = u64::BITS;

/// A set of CPU ids (or of NUMA node numbers, which Linux prints alike).
///
/// Parses and prints the list format of `cpuset(7)`: `0-3,8,10-12`. Parsing also takes the kernel's grouped form
/// `0-31:2/4` (2 out of every 4) and util-linux's stride form `0-62:2`; the empty text is the empty set.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CpuSet {
    /// Bit `id % 64` of word `id / 64`; the last word is never zero, so that equal sets have equal words.
    words: Vec<u64>,
}

impl CpuSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Prints the mask format that [`CpuSet::parse_mask`] reads.
    pub fn to_mask(&self) -> String {
        let groups: Vec<u32> = self
            .words
            .iter()
            .flat_map(|word| [*word as u32, (*word >> 32) as u32])
            .collect();
        let significant = groups.iter().rposition(|group| *group != 0).unwrap_or(0);
        let mut text = format!("{:x}", groups.get(significant).copied().unwrap_or(0));
        for group in groups.iter().take(significant).rev() {
            text.push_str(&format!(",{group:08x}"));
        }
        text
    }

    /// Adds an id; says whether it was new.
    ///
    /// # Panics
    /// If `id` is larger than [`MAX_CPU_ID`]; parsing refuses such ids with an error instead.
    pub fn insert(&mut self, id: u32) -> bool {
        assert!(id <= MAX_CPU_ID, "CPU id {id} is larger than {MAX_CPU_ID}");
        let (word, bit) = position(id);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let was_there = self.words[word] & bit != 0;
        self.words[word] |= bit;
        !was_there
    }

    /// Takes an id away; says whether it was there.
    pub fn remove(&mut self, id: u32) -> bool {
        let was_there = self.contains(id);
        if was_there {
            let (word, bit) = position(id);
            self.words[word] &= !bit;
            self.trim();
        }
        was_there
    }

    /// Whether the id is in the set.
    pub fn contains(&self, id: u32) -> bool {
        let (word, bit) = position(id);
        self.words.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The smallest id.
    pub fn first(&self) -> Option<u32> {
        self.iter().next()
    }

    /// The largest id.
    pub fn last(&self) -> Option<u32> {
        let word = self.words.last()?;
        let index = self.words.len() as u32 - 1;
        Some(index * WORD_BITS + WORD_BITS - 1 - word.leading_zeros())
    }

    /// The ids in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let base = index as u32 * WORD_BITS;
            (0..WORD_BITS)
                .filter(move |bit| word >> bit & 1 == 1)
                .map(move |bit| base + bit)
        })
    }

    /// The `count` smallest ids (all of them when there are fewer).
    pub fn take(&self, count: usize) -> Self {
        self.iter().take(count).collect()
    }

    /// Ids in both sets.
    pub fn intersection(&self, other: &Self) -> Self {
        let words = self.words.iter().zip(&other.words).map(|(a, b)| a & b);
        Self::from_words(words.collect())
    }

    /// Ids in either set.
    pub fn union(&self, other: &Self) -> Self {
        let length = self.words.len().max(other.words.len());
        let word = |set: &Self, index: usize| set.words.get(index).copied().unwrap_or(0);
        Self::from_words(
            (0..length)
                .map(|i| word(self, i) | word(other, i))
                .collect(),
        )
    }

    /// Ids of this set that are not in the other.
    pub fn difference(&self, other: &Self) -> Self {
        let minus =
            |(index, word): (usize, &u64)| word & !other.words.get(index).copied().unwrap_or(0);
        Self::from_words(self.words.iter().enumerate().map(minus).collect())
    }

    /// Whether the sets have no id in common.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).all(|(a, b)| a & b == 0)
    }

    /// Whether every id of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.difference(other).is_empty()
    }

    fn from_words(words: Vec<u64>) -> Self {
        let mut set = Self { words };
        set.trim();
        set
    }

    fn trim(&mut self) {
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
    }
}

fn position(id: u32) -> (usize, u64) {
    ((id / WORD_BITS) as usize, 1 << (id % WORD_BITS))
}

impl fmt::Display for CpuSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let mut ids = self.iter().peekable();
        while let Some(first) = ids.next() {
            let mut last = first;
            while let Some(next) = ids.next_if(|next| *next == last + 1) {
                last = next;
            }
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(&first.to_string());
            if last > first {
                text.push_str(&format!("-{last}"));
            }
        }
        formatter.pad(&text)
    }
}

impl fmt::Debug for CpuSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CpuSet({self})")
    }
}

/// Serialises as the list text, `"0-3,8"`.
impl Serialize for CpuSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromIterator<u32> for CpuSet {
    fn from_iter<I: IntoIterator<Item = u32>>(ids: I) -> Self {
        let mut set = Self::new();
        set.extend(ids);
        set
    }
}

impl Extend<u32> for CpuSet {
    fn extend<I: IntoIterator<Item = u32>>(&mut self, ids: I) {
        for id in ids {
            self.insert(id);
        }
    }
}

/// The set that holds this one CPU.
impl From<u32> for CpuSet {
    fn from(id: u32) -> Self {
        Self::from_iter([id])
    }
}

impl From<&CpuSet> for CpuSet {
    fn from(set: &CpuSet) -> Self {
        set.clone()
    }
}

impl BitAnd for &CpuSet {
    type Output = CpuSet;
    fn bitand(self, other: &CpuSet) -> CpuSet {
        self.intersection(other)
    }
}

impl BitOr for &CpuSet {
    type Output = CpuSet;
    fn bitor(self, other: &CpuSet) -> CpuSet {
        self.union(other)
    }
}

impl Sub for &CpuSet {
    type Output = CpuSet;
    fn sub(self, other: &CpuSet) -> CpuSet {
        self.difference(other)
    }
}
