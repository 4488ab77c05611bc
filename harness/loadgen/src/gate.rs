//! Where generator threads wait for the clock.
//!
//! The main type is [`Gate`]. A barrier would do if every thread came to it; a thread that could not
//! be started never does, and those that were would wait for it for good.

use std::sync::{Condvar, Mutex, PoisonError};

use crate::clock::Clock;

/// Opens once: with the clock, or without one when the run is called off.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    answer: Mutex<Option<Option<Clock>>>,
    opened: Condvar,
}

impl Gate {
    /// Lets all threads go, those that come later too. The first word counts.
    pub(crate) fn open(&self, clock: Option<Clock>) {
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        answer.get_or_insert(clock);
        self.opened.notify_all();
    }

    /// Waits for the word: the clock, or none when the run is called off.
    pub(crate) fn wait(&self) -> Option<Clock> {
        let answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = self
            .opened
            .wait_while(answer, |answer| answer.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        answer.flatten()
    }
}

/// Calls the run off when it goes out of scope, unless the gate was opened: on every way out, a panic
/// of the caller's hooks too, no thread is left waiting.
#[derive(Debug)]
pub(crate) struct CallOff<'a>(pub(crate) &'a Gate);

impl Drop for CallOff<'_> {
    fn drop(&mut self) {
        self.0.open(None);
    }
}
