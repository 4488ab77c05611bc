//! Profiles in pprof's protobuf form, as `/debug/pprof/*` serves them, in the text form of `debug=1`, and the CPU
//! profiles of before Go 1.9.
//!
//! Main type: [`Profile`]: samples over a table of frames. Read it ([`Profile::parse`]), select
//! ([`Profile::without`], [`Profile::focus`]), put together ([`merge`], [`diff`]), and look at it
//! ([`Profile::top`], [`Profile::stacks`]). Go profiles carry their symbols, so no binary is needed.
//!
//! Reading rules: a mutex profile blames the unlocker, a block profile the waiter; both have the
//! same value types, so [`Profile::kind`] tells them apart by their leaves. Mutex delay is not
//! comparable across Go 1.21 and 1.22: since 1.22 it is multiplied by the number of waiters
//! (release notes of Go 1.22, "Runtime"). The block profile of a net/http server is dominated by
//! `abortPendingRead`, which is no contention: [`Profile::without_idle_connections`].
//!
//! Format: <https://github.com/google/pprof/blob/main/proto/profile.proto>.
//!
//! Deliberately absent: symbolisation, mappings and addresses; drawing (`advisor`).

mod budget;
mod combine;
mod decode;
mod encode;
mod kind;
mod model;
mod old_cpu;
mod text;
mod top;
mod wire;

pub use budget::MOST_DECODED_BYTES;
pub use combine::{diff, merge};
pub use decode::{LARGEST_INPUT_BYTES, LARGEST_PROFILE_BYTES, MOST_RECORDS};
pub use kind::ProfileKind;
pub use model::{Frame, FrameIndex, Label, LabelValue, Profile, Sample, ValueType};
pub use old_cpu::begins_old_cpu_profile;
pub use top::TopRow;
