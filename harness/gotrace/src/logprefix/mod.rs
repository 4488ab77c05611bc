//! What container runtimes, log collectors and exports put around a line of a process's output.
//!
//! Main function: [`unwrap`]. Known wrappers: Docker's json-file driver, the CRI format of
//! containerd and CRI-O (kubelet logs), `kubectl logs --timestamps` and `docker logs -t`
//! (RFC 3339), journald and syslog (`Nov 21 09:35:34 host unit[12]: `), `docker compose`
//! (`name  | `), JSON of fluent-bit, Google Cloud Logging, journalctl and Loki, Heroku, `kubectl logs --prefix`
//! (`[pod/name/container] `), klog-like and Go `log` stamps, and terminal colour codes. Shapes were taken from those
//! programs' documentation and from public issue threads; see tests/fixtures/foreign and tests/fixtures/log-wrappers.
//!
//! What is not known by name is told by its form: [`Fields`] takes a line apart that holds quoted values (JSON, logfmt,
//! CSV, YAML), `Template` keeps the form of whatever stood before a line of the runtime's, and `escaped` finds a dump
//! that a logger wrote into one line.
//!
//! Deliberately absent: the timestamps themselves. The runtime's own lines carry better ones.

mod escaped;
mod fields;
mod known;
mod template;

pub(crate) use escaped::dump_in_one_line;
pub use fields::{Field, Fields, Key};
pub(crate) use fields::{announced, identity};
pub(crate) use known::without_colour;
pub use known::{Stream, Unwrapped, unwrap};
pub(crate) use template::{Template, writer};
