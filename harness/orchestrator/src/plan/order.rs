//! The order of trials within a block.
//!
//! Every block runs every cell once and the control once more, in an order that is random but repeatable: slots are
//! sorted by a hash over seed, block and slot. Unlike a seeded generator this never changes between versions of a
//! library, and dropping a cell leaves the order of the others as it was. A cell goes by its settings, not by its id:
//! the id needs the built program, and a plan must show the very order that will be run.

use record::trial::Role;
use sha2::{Digest, Sha256};

use super::cells::PlannedCell;

/// One place in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Index of the cell in the plan.
    pub cell: usize,
    /// What the trial is for.
    pub role: Role,
}

/// What the order of trials takes of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderKey {
    /// Target and settings: different for every cell of a plan.
    name: String,
    /// Whether it is run twice in every block.
    control: bool,
}

impl OrderKey {
    /// The key of a cell.
    pub fn of(cell: &PlannedCell) -> OrderKey {
        OrderKey {
            name: format!("{} {}", cell.spec.target, cell.spec.settings.identity()),
            control: cell.control,
        }
    }
}

/// The slots of a block in their order. `cells` are in plan order.
pub fn block_order(cells: &[OrderKey], seed: u64, block: u32) -> Vec<Slot> {
    let measured = (0..cells.len()).map(|cell| (cell, Role::Measured));
    let duplicates = (0..cells.len())
        .filter(|cell| cells[*cell].control)
        .map(|cell| (cell, Role::ControlDuplicate));
    let mut keyed: Vec<([u8; 32], Slot)> = measured
        .chain(duplicates)
        .map(|(cell, role)| {
            let mut hash = Sha256::new();
            hash.update(seed.to_le_bytes());
            hash.update(block.to_le_bytes());
            hash.update(&cells[cell].name);
            hash.update([u8::from(role == Role::ControlDuplicate)]);
            (hash.finalize().into(), Slot { cell, role })
        })
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, slot)| slot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(count: usize) -> Vec<OrderKey> {
        let key = |at: usize| OrderKey {
            name: at.to_string(),
            control: at == 0,
        };
        (0..count).map(key).collect()
    }

    #[test]
    fn a_block_has_every_cell_and_the_control_twice() {
        let order = block_order(&cells(5), 1, 0);
        assert_eq!(order.len(), 6);
        let mut seen: Vec<usize> = order.iter().map(|slot| slot.cell).collect();
        seen.sort_unstable();
        assert_eq!(seen, [0, 0, 1, 2, 3, 4]);
    }

    #[test]
    fn the_order_changes_with_block_and_seed_and_only_with_them() {
        let cells = cells(8);
        assert_eq!(block_order(&cells, 1, 0), block_order(&cells, 1, 0));
        assert_ne!(block_order(&cells, 1, 0), block_order(&cells, 1, 1));
        assert_ne!(block_order(&cells, 1, 0), block_order(&cells, 2, 0));
    }

    #[test]
    fn every_cell_comes_first_about_equally_often() {
        let cells = cells(4);
        let mut first = [0; 4];
        for block in 0..1_000 {
            first[block_order(&cells, 7, block)[0].cell] += 1;
        }
        // The control has two of five slots.
        assert!((330..470).contains(&first[0]), "{first:?}");
        assert!(
            first[1..].iter().all(|n| (150..250).contains(n)),
            "{first:?}"
        );
    }
}
