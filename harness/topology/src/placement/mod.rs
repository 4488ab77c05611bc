//! Which CPUs the target and the load generator get.
//!
//! [`place`] is a pure function: a [`crate::Topology`], a [`Policy`] and a [`Request`] give a [`Placement`] or the
//! reason why this host cannot do it. The same input always gives the same answer. `slots` holds the free cores and how
//! CPUs are picked from them, `automatic` the policies that choose, `explicit` the ones that are told, `place` the
//! rules that hold for all.
//!
//! Deliberately absent: any system call (see [`crate::ChildPinning`]).

mod automatic;
mod explicit;
mod place;
mod policy;
mod slots;
mod task;

pub use place::{Placement, place};
pub use policy::Policy;
pub use task::Request;
