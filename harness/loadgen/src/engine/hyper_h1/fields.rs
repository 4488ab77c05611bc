//! How many header fields the answers have, which hyper wants to know beforehand.
//!
//! The main type is [`Fields`]. hyper reads a head of up to 100 fields on the stack and for more
//! allocates room for the most there may be, for every answer: 6 % of what a request costs. So
//! connections begin with room for many, and go on without once every class of requests was answered
//! with few.

use std::cell::Cell;

/// Most header fields of an answer: hyper refuses one that has more.
pub(super) const MOST: usize = crate::http1::MAX_FIELDS;
/// Answers below this many fields are not expected to have more than hyper's 100 the next time.
const FEW: usize = 50;

/// What the answers of one thread had.
pub(super) struct Fields {
    /// Classes that have not been answered.
    unknown: Cell<usize>,
    is_known: Box<[Cell<bool>]>,
    most: Cell<usize>,
}

impl Fields {
    pub(super) fn new(classes: usize) -> Self {
        Self {
            unknown: Cell::new(classes),
            is_known: vec![Cell::new(false); classes].into(),
            most: Cell::new(0),
        }
    }

    /// Takes the number of fields of an answer.
    #[inline]
    pub(super) fn answered(&self, class: usize, fields: usize) {
        if !self.is_known[class].replace(true) {
            self.unknown.set(self.unknown.get() - 1);
        }
        self.most.set(self.most.get().max(fields));
    }

    /// Takes an answer that may have had more fields than there was room for.
    pub(super) fn are_many(&self) {
        self.most.set(MOST);
    }

    /// Whether few are to be expected.
    #[inline]
    pub(super) fn are_few(&self) -> bool {
        self.unknown.get() == 0 && self.most.get() < FEW
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_expected_once_every_class_had_few_and_none_ever_had_many() {
        let fields = Fields::new(2);
        fields.answered(0, 3);
        fields.answered(0, 3);
        assert!(!fields.are_few());
        fields.answered(1, 7);
        assert!(fields.are_few());
        fields.are_many();
        fields.answered(0, 3);
        assert!(!fields.are_few());
    }
}
