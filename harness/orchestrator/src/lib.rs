//! Plan → build → launch → load → observe → record.
//!
//! The measuring half of gosweep: [`run::run`] turns a matrix into trials on disk and tells whoever shows progress what
//! it does through [`events::Event`]. It ranks nothing and prints nothing.
//!
//! | step | module |
//! |---|---|
//! | cells, CPUs, order, time | [`plan`] |
//! | artifacts, by the Go toolchains of [`toolchain`] | [`build`] |
//! | processes that never outlive us | the crate [`supervise`] |
//! | /proc, the host, the probe | [`observe`] |
//! | one trial | [`trial`] |
//! | what our own side lacks | [`own_side`] |
//! | all trials, resumable | [`run`] |

pub mod build;
pub mod events;
pub mod observe;
pub mod own_side;
pub mod plan;
pub mod run;
pub mod trial;

pub use supervise::{User, protect_ourselves};
