//! One target under libFuzzer: `GOSWEEP_FUZZ` names it, and libFuzzer reads the arguments. `GOSWEEP_FUZZ=list` prints
//! every target with its seeds, a line for each pair.

#![no_main]

use std::process::exit;
use std::sync::OnceLock;

use fuzz::{TARGETS, Target, limit_memory};
use libfuzzer_sys::fuzz_target;

static CHOSEN: OnceLock<&'static Target> = OnceLock::new();

fuzz_target!(init: choose(), |bytes: &[u8]| {
    (CHOSEN.get().expect("chosen at the start").run)(bytes);
});

fn choose() {
    let name = std::env::var("GOSWEEP_FUZZ").unwrap_or_default();
    if name == "list" {
        for target in TARGETS {
            for seed in target.seed_files() {
                println!("{}\t{}", target.name, seed.display());
            }
        }
        exit(0);
    }
    let Some(target) = TARGETS.iter().find(|target| target.name == name) else {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!(
            "GOSWEEP_FUZZ={name}: set it to `list` or one of {}",
            names.join(", ")
        );
        exit(2);
    };
    limit_memory();
    CHOSEN.get_or_init(|| target);
}
