//! The real schedule on a real folder, with trials that are made up: no process, no load, a clock that only moves with
//! trials.

use std::cell::{Cell as Counter, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use record::axis::{Axis, Settings};
use record::cell::CellId;
use record::decision::{Decision, Elimination, Finalist, Judgement, StopReason};
use record::matrix::CellSpec;
use record::run::{Design, Run};
use record::store::RunDir;
use record::trial::{Outcome, Reason, Role, RuleId, Stage, Trial};
use topology::{CpuSet, Placement};

use super::budget::Budget;
use super::error::RunError;
use super::launcher::{Job, Runner};
use super::request::Ending;
use super::schedule::{Site, run_trials};
use super::steering::Steering;
use crate::events::Event;
use crate::own_side::OwnSide;
use crate::plan::{PlannedCell, ReadyCell};
use crate::trial::Observed;

/// A trial's length by the made-up clock.
const TRIAL: Duration = Duration::from_secs(1);

fn cell(gogc: &str, control: bool) -> ReadyCell {
    let mut settings = Settings::default();
    settings.insert(Axis::Gogc, gogc);
    let cpus: CpuSet = "0".parse().unwrap();
    ReadyCell {
        id: CellId::of([gogc]),
        planned: PlannedCell {
            spec: CellSpec {
                target: "service".to_owned(),
                settings,
            },
            control,
            placement: Placement {
                target: cpus.clone(),
                generator: cpus,
                memory_node: None,
                notes: Vec::new(),
            },
            notes: Vec::new(),
        },
        program: "service".into(),
        program_sha256: String::new(),
        go_version: None,
    }
}

/// The control 100 and three rivals.
fn cells() -> Vec<ReadyCell> {
    vec![
        cell("100", true),
        cell("50", false),
        cell("200", false),
        cell("400", false),
    ]
}

fn id(gogc: &str) -> CellId {
    CellId::of([gogc])
}

/// Trials that take a second by the clock and may be asked to stop.
#[derive(Default)]
struct FakeTrials {
    run: Counter<u32>,
    /// Stop when so many were run.
    stop_at: Option<u32>,
    /// Our own side runs out when so many were run.
    disk_full_at: Option<u32>,
    /// Invalid until so many were run.
    invalid_until: u32,
    cancel: AtomicBool,
    begun: RefCell<Vec<(u32, usize)>>,
}

impl Runner for FakeTrials {
    fn begin_block(&self, block: u32, cells: &[&ReadyCell]) -> Result<bool, RunError> {
        self.begun.borrow_mut().push((block, cells.len()));
        Ok(true)
    }
    fn run(&self, job: &Job<'_>) -> Result<Option<Observed>, OwnSide> {
        assert!(job.evidence.is_dir());
        if self.stop_at == Some(self.run.get()) {
            self.cancel.store(true, Ordering::Relaxed);
            return Ok(None);
        }
        if self.disk_full_at == Some(self.run.get()) {
            return Err(OwnSide("no room on the disk".to_owned()));
        }
        self.run.set(self.run.get() + 1);
        let (rule, message) = (RuleId::V4, "made up".to_owned());
        Ok(Some(Observed {
            started: format!("trial {}", self.run.get()),
            outcome: match self.run.get() <= self.invalid_until {
                true => Outcome::Invalid(vec![Reason { rule, message }]),
                false => Outcome::Ok,
            },
            saturate: None,
            constant: None,
            process: None,
            cgroup: None,
            readback: None,
            clock_probe: None,
            warnings: Vec::new(),
        }))
    }
}

/// Answers by rule, and notes how often it was asked.
#[derive(Debug, Default)]
struct Rules {
    /// Who leaves when so many search blocks are done.
    leave: BTreeMap<usize, Vec<&'static str>>,
    /// Precise from so many search blocks on.
    precise_from: Option<usize>,
    finalist: Option<&'static str>,
    asked: RefCell<Vec<usize>>,
    broken: bool,
}

fn search_blocks(trials: &[Trial]) -> usize {
    let searched = trials.iter().filter(|trial| trial.stage == Stage::Search);
    searched
        .map(|trial| trial.block)
        .collect::<BTreeSet<_>>()
        .len()
}

impl Steering for Rules {
    fn after_block(&self, _: &Run, trials: &[Trial]) -> Result<Judgement, String> {
        let blocks = search_blocks(trials);
        self.asked.borrow_mut().push(blocks);
        if self.broken {
            return Err("no figures".to_owned());
        }
        let leave = self.leave.get(&blocks).into_iter().flatten();
        Ok(Judgement {
            eliminated: leave
                .map(|gogc| Elimination {
                    cell: id(gogc),
                    behind: Vec::new(),
                    words: format!("{gogc} is too slow"),
                })
                .collect(),
            precise: self
                .precise_from
                .filter(|from| blocks >= *from)
                .map(|_| "precise".to_owned()),
        })
    }

    fn finalists(&self, _: &Run, _: &[Trial]) -> Result<Vec<Finalist>, String> {
        let chosen = self.finalist.into_iter();
        Ok(chosen
            .map(|gogc| Finalist {
                cell: id(gogc),
                words: "the best".to_owned(),
            })
            .collect())
    }
}

/// One folder and how it is run.
struct Lab {
    folder: tempfile::TempDir,
    blocks: u32,
    design: Design,
    budget: Option<Duration>,
    extend: bool,
}

impl Lab {
    fn new(blocks: u32, design: Design) -> Lab {
        let lab = Lab {
            folder: tempfile::tempdir().unwrap(),
            blocks,
            design,
            budget: None,
            extend: false,
        };
        lab.write_run();
        lab
    }

    fn write_run(&self) {
        let run = Run {
            blocks: self.blocks,
            design: Some(self.design.clone()),
            ..sample_run()
        };
        self.dir().write_run(&run).unwrap();
    }

    fn dir(&self) -> RunDir {
        RunDir::create(self.folder.path()).unwrap()
    }

    fn trials(&self) -> Vec<Trial> {
        self.dir().read_trials().unwrap()
    }

    fn decisions(&self) -> Vec<Decision> {
        self.dir().read_run().unwrap().decisions
    }

    /// One call of `gosweep run`.
    fn call(&self, runner: &FakeTrials, rules: &Rules) -> Result<Ending, RunError> {
        let dir = self.dir();
        let cells = cells();
        let warnings = RefCell::new(Vec::new());
        let site = Site {
            dir: &dir,
            lock: None,
            cells: &cells,
            runner,
            steering: rules,
            cancel: &runner.cancel,
            listener: &|event| {
                if let Event::Warning(words) = event {
                    warnings.borrow_mut().push(words);
                }
            },
            extend: self.extend,
        };
        let clock = || TRIAL * runner.run.get();
        let budget = Budget::new(&clock, self.budget, TRIAL);
        let ending = run_trials(&site, dir.read_run().unwrap(), budget);
        assert_eq!(rules.broken, !warnings.borrow().is_empty());
        ending
    }

    fn complete(&self, rules: &Rules) {
        let ending = self.call(&FakeTrials::default(), rules).unwrap();
        assert_eq!(ending, Ending::Complete);
    }

    /// The cells of a block by their GOGC in the order run; `'` is the A/A trial.
    fn block(&self, block: u32) -> Vec<String> {
        let cells = cells();
        let trials = self.trials();
        let own = trials.iter().filter(|trial| trial.block == block);
        own.map(|trial| {
            let cell = cells.iter().find(|cell| cell.id == trial.cell).unwrap();
            let mark = match trial.role {
                Role::Measured => "",
                Role::ControlDuplicate => "'",
            };
            let gogc = cell.planned.spec.settings.get(&Axis::Gogc);
            format!("{gogc}{mark}")
        })
        .collect()
    }

    fn blocks_of(&self, stage: Stage) -> BTreeSet<u32> {
        let trials = self.trials();
        let own = trials.iter().filter(|trial| trial.stage == stage);
        own.map(|trial| trial.block).collect()
    }

    fn last_stops(&self) -> Vec<StopReason> {
        let decisions = self.decisions();
        decisions
            .iter()
            .filter_map(|decision| Some(decision.stop.as_ref()?.reason))
            .collect()
    }
}

/// A run of the stored format's own sample; its cells are not looked at.
fn sample_run() -> Run {
    let fixture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../record/tests/fixtures/format-1"
    );
    RunDir::open(fixture.as_ref()).unwrap().read_run().unwrap()
}

fn raced() -> Design {
    Design {
        min_blocks: 3,
        race: true,
        confirm_blocks: 2,
        ..Design::default()
    }
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

#[test]
fn every_block_has_every_cell_in_its_own_order_and_the_control_twice() {
    let lab = Lab::new(4, Design::default());
    lab.complete(&Rules::default());
    let orders: BTreeSet<Vec<String>> = (0..4).map(|block| lab.block(block)).collect();
    assert!(orders.len() > 1, "{orders:?}");
    for order in orders {
        assert_eq!(sorted(order), ["100", "100'", "200", "400", "50"]);
    }
    assert_eq!(lab.last_stops(), [StopReason::Blocks]);
}

#[test]
fn who_leaves_the_race_is_run_no_more_and_moves_nobody() {
    let whole = Lab::new(6, Design::default());
    whole.complete(&Rules::default());
    let lab = Lab::new(6, raced());
    let rules = Rules {
        leave: [(3, vec!["50"]), (4, vec!["200"])].into(),
        ..Rules::default()
    };
    lab.complete(&rules);
    assert_eq!(
        *rules.asked.borrow(),
        [3, 4, 5],
        "not before the minimum, not at the end"
    );
    for block in 0..6 {
        let gone: &[&str] = match block {
            0..3 => &[],
            3 => &["50"],
            _ => &["50", "200"],
        };
        let mut expected = whole.block(block);
        expected.retain(|name| !gone.contains(&name.as_str()));
        assert_eq!(lab.block(block), expected);
    }
    let words: Vec<String> = lab
        .decisions()
        .iter()
        .flat_map(|decision| decision.eliminated.clone())
        .map(|out| out.words)
        .collect();
    assert_eq!(words, ["50 is too slow", "200 is too slow"]);
}

#[test]
fn without_race_nobody_leaves() {
    let design = Design {
        race: false,
        precision: [(record::objective::Objective::Qps, 0.02)].into(),
        ..raced()
    };
    let lab = Lab::new(4, design);
    lab.complete(&Rules {
        leave: [(3, vec!["50"])].into(),
        ..Rules::default()
    });
    assert_eq!(lab.block(3).len(), 5);
}

#[test]
fn the_search_ends_when_only_controls_are_left() {
    let lab = Lab::new(9, raced());
    lab.complete(&Rules {
        leave: [(3, vec!["50", "200", "400"])].into(),
        ..Rules::default()
    });
    assert_eq!(lab.blocks_of(Stage::Search).len(), 3);
    assert_eq!(lab.last_stops(), [StopReason::Decided]);
}

#[test]
fn precision_ends_the_search_and_finalists_get_fresh_blocks() {
    let lab = Lab::new(30, raced());
    lab.complete(&Rules {
        precise_from: Some(5),
        finalist: Some("400"),
        ..Rules::default()
    });
    assert_eq!(lab.blocks_of(Stage::Search), (0..5).collect());
    assert_eq!(lab.blocks_of(Stage::Confirm), (5..7).collect());
    assert_eq!(
        sorted(lab.block(5)),
        ["100", "100'", "400"],
        "with a noise floor of their own"
    );
    // The second fresh block runs the first one's order backwards.
    let mut backwards = lab.block(6);
    backwards.reverse();
    assert_eq!(lab.block(5), backwards);
    let decisions = lab.decisions();
    assert_eq!(decisions[4].finalists[0].cell, id("400"));
    assert_eq!(lab.last_stops(), [StopReason::Precise, StopReason::Blocks]);
}

#[test]
fn without_a_finalist_nothing_is_confirmed() {
    let lab = Lab::new(3, raced());
    lab.complete(&Rules::default());
    assert_eq!(lab.blocks_of(Stage::Confirm), BTreeSet::new());
}

#[test]
fn a_budget_ends_the_search_with_time_for_the_finalist() {
    // Blocks of 5 s, a confirmation of 2 blocks of 3 s: after 4 blocks 26 s are spoken for, a fifth would make 31.
    let mut lab = Lab::new(30, raced());
    lab.budget = Some(Duration::from_secs(30));
    let rules = Rules {
        finalist: Some("200"),
        ..Rules::default()
    };
    lab.complete(&rules);
    assert_eq!(lab.blocks_of(Stage::Search).len(), 4);
    assert_eq!(lab.blocks_of(Stage::Confirm).len(), 2);
    let stop = lab.decisions()[3].stop.clone().unwrap();
    assert_eq!(stop.reason, StopReason::Budget);
    assert_eq!(
        stop.words,
        "the next block (about 5s) would overrun the time budget of 30s, with 6s kept for \
         measuring the finalists afresh"
    );
}

/// Slower than planned: two of six blocks fit, which is no ground to choose a finalist on; nor is time kept for one.
#[test]
fn a_budget_below_the_least_blocks_chooses_no_finalist() {
    let mut lab = Lab::new(
        30,
        Design {
            min_blocks: 6,
            ..raced()
        },
    );
    lab.budget = Some(Duration::from_secs(14));
    lab.complete(&Rules {
        finalist: Some("200"),
        ..Rules::default()
    });
    assert_eq!(lab.blocks_of(Stage::Search).len(), 2);
    assert_eq!(lab.blocks_of(Stage::Confirm), BTreeSet::new());
    let stop = lab.decisions()[1].stop.clone().unwrap();
    assert_eq!(stop.reason, StopReason::Budget);
    assert_eq!(
        stop.words,
        "the next block (about 5s) would overrun the time budget of 14s; that is fewer than 6 blocks, so no cell was \
         chosen to be measured afresh"
    );
}

#[test]
fn what_a_budget_cut_short_goes_on_with_a_new_one() {
    let mut lab = Lab::new(8, raced());
    lab.budget = Some(Duration::from_secs(28));
    lab.complete(&Rules {
        finalist: Some("200"),
        ..Rules::default()
    });
    let cut = lab.trials();
    let rules = Rules {
        finalist: Some("400"),
        ..Rules::default()
    };
    // Without being asked for more, it stays as it is.
    lab.budget = None;
    lab.complete(&rules);
    assert_eq!(lab.trials(), cut);
    lab.extend = true;
    lab.complete(&rules);
    assert_eq!(lab.trials()[..cut.len()], cut[..]);
    assert_eq!(
        lab.blocks_of(Stage::Search),
        [0, 1, 2, 3, 6, 7, 8, 9].into()
    );
    assert_eq!(lab.blocks_of(Stage::Confirm), [4, 5, 10, 11].into());
    assert_eq!(sorted(lab.block(10)), ["100", "100'", "400"]);
    // And asking again changes nothing: all blocks are done.
    let whole = lab.trials();
    lab.complete(&rules);
    assert_eq!(lab.trials(), whole);
}

#[test]
fn more_blocks_extend_a_run() {
    let mut lab = Lab::new(3, Design::default());
    lab.complete(&Rules::default());
    lab.blocks = 5;
    lab.write_run();
    lab.extend = true;
    lab.complete(&Rules::default());
    assert_eq!(lab.blocks_of(Stage::Search), (0..5).collect());
}

#[test]
fn killed_anywhere_it_ends_as_it_would_have() {
    let rules = || Rules {
        leave: [(3, vec!["50"]), (4, vec!["200"])].into(),
        precise_from: Some(5),
        finalist: Some("400"),
        ..Rules::default()
    };
    let whole = Lab::new(9, raced());
    whole.complete(&rules());
    let places = |lab: &Lab| -> Vec<_> {
        let trials = lab.trials();
        let place = |trial: &Trial| (trial.id.clone(), trial.stage, trial.position);
        trials.iter().map(place).collect()
    };
    let trials = u32::try_from(whole.trials().len()).unwrap();
    for stop_at in 0..=trials {
        let lab = Lab::new(9, raced());
        let runner = FakeTrials {
            stop_at: Some(stop_at),
            ..FakeTrials::default()
        };
        let ending = lab.call(&runner, &rules()).unwrap();
        assert_eq!(ending == Ending::Complete, stop_at == trials);
        lab.complete(&rules());
        assert_eq!(places(&lab), places(&whole), "stopped at trial {stop_at}");
        assert_eq!(lab.decisions(), whole.decisions());
    }
}

#[test]
fn a_block_is_made_ready_once() {
    let runner = FakeTrials::default();
    let lab = Lab::new(2, Design::default());
    lab.call(&runner, &Rules::default()).unwrap();
    assert_eq!(runner.begun.into_inner(), [(0, 5), (1, 5)]);
}

#[test]
fn invalid_slots_are_tried_again_at_the_end_of_their_block() {
    let lab = Lab::new(1, Design::default());
    let runner = FakeTrials {
        invalid_until: 2,
        ..FakeTrials::default()
    };
    lab.call(&runner, &Rules::default()).unwrap();
    let attempts: Vec<u32> = lab.trials().iter().map(|trial| trial.attempt).collect();
    assert_eq!(attempts, [0, 0, 0, 0, 0, 1, 1]);
}

#[test]
fn first_trials_without_a_valid_one_end_the_run_before_their_block_ends() {
    let lab = Lab::new(6, Design::default());
    let runner = FakeTrials {
        invalid_until: u32::MAX,
        ..FakeTrials::default()
    };
    let error = lab.call(&runner, &Rules::default()).unwrap_err();
    // Of five slots, three times each.
    assert!(
        matches!(&error, RunError::NotFit { trials: 8, reason } if reason == "made up"),
        "{error}"
    );
    // Whoever goes on gets new tries.
    let calm = FakeTrials::default();
    assert_eq!(
        lab.call(&calm, &Rules::default()).unwrap(),
        Ending::Complete
    );
}

mod decisions;
mod own_side;
