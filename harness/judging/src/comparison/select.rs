//! What a side of a comparison is: a way to name cells.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use documents::figures::listed;
use documents::ranking::Ranking;
use record::axis::Axis;
use record::run::{Cell, Run};

use crate::error::JudgingError;
use crate::evidence::{label, settings};

/// Names one cell or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// The control of the target.
    Control,
    /// The cell of this rank, from 1, as `gosweep rank` numbers them.
    Rank(usize),
    /// The cell whose id starts like this.
    Id(String),
    /// The cells with these settings, whatever they have on the other axes.
    Settings(Vec<Setting>),
}

/// One condition of [`Selector::Settings`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The axis; `None` stands for the target.
    pub axis: Option<Axis>,
    /// The value as the matrix writes it; for `toolchain` also the version it came to.
    pub value: String,
}

/// The word that names the target among settings.
const TARGET: &str = "target";
/// A shorter text of digits is a rank, a longer one an id: at most 5,000 cells are run.
const LONGEST_RANK: usize = 4;
/// How an id has to start at least.
const SHORTEST_ID: usize = 4;

impl FromStr for Selector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "control" {
            return Ok(Selector::Control);
        }
        if text.contains('=') {
            return Ok(Selector::Settings(settings_of(text)?));
        }
        let digits = |fits: fn(&char) -> bool| !text.is_empty() && text.chars().all(|c| fits(&c));
        if text.len() <= LONGEST_RANK && digits(char::is_ascii_digit) {
            return match text.parse() {
                Ok(rank) if rank > 0 => Ok(Selector::Rank(rank)),
                _ => Err("ranks count from 1".to_owned()),
            };
        }
        if text.len() >= SHORTEST_ID && digits(char::is_ascii_hexdigit) {
            return Ok(Selector::Id(text.to_ascii_lowercase()));
        }
        Err(
            "write `control`, a rank such as `1`, the first digits of a cell's id, or settings such as \
             `gogc=400,gomaxprocs=2`"
                .to_owned(),
        )
    }
}

fn settings_of(text: &str) -> Result<Vec<Setting>, String> {
    let mut settings: Vec<Setting> = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (name, value) = part
            .split_once('=')
            .ok_or_else(|| format!("`{part}` is no setting: write AXIS=VALUE"))?;
        let axis = match (name, name.parse::<Axis>()) {
            (TARGET, _) => None,
            (_, Ok(axis)) => Some(axis),
            // GODEBUG is a list with commas itself: `godebug=a=1,b=2`.
            (_, Err(fix)) => match settings.last_mut() {
                Some(before) if before.axis == Some(Axis::Godebug) => {
                    before.value.push(',');
                    before.value.push_str(part);
                    continue;
                }
                _ => return Err(format!("`{name}` is no axis: {fix}")),
            },
        };
        if settings.iter().any(|setting| setting.axis == axis) {
            return Err(format!("`{name}` is given twice"));
        }
        settings.push(Setting {
            axis,
            value: value.to_owned(),
        });
    }
    Ok(settings)
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::Control => f.write_str("control"),
            Selector::Rank(rank) => write!(f, "{rank}"),
            Selector::Id(id) => f.write_str(id),
            Selector::Settings(settings) => {
                let parts: Vec<String> = settings.iter().map(Setting::to_string).collect();
                f.write_str(&parts.join(","))
            }
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.axis {
            Some(axis) => write!(f, "{axis}={}", self.value),
            None => write!(f, "{TARGET}={}", self.value),
        }
    }
}

impl Selector {
    /// The target that it names, if it does.
    pub(crate) fn target(&self) -> Option<&str> {
        self.settings()
            .iter()
            .find(|setting| setting.axis.is_none())
            .map(|setting| setting.value.as_str())
    }

    /// The axes that it names.
    pub(crate) fn axes(&self) -> impl Iterator<Item = &Axis> {
        self.settings()
            .iter()
            .filter_map(|setting| setting.axis.as_ref())
    }

    /// Whether it can only ever mean one cell of a target.
    pub(crate) fn names_one_cell(&self) -> bool {
        !matches!(self, Selector::Settings(_))
    }

    fn settings(&self) -> &[Setting] {
        match self {
            Selector::Settings(settings) => settings,
            _ => &[],
        }
    }

    /// The cells of a target that it means, by position among `cells`. `ranking` is needed for ranks only.
    pub(crate) fn cells(
        &self,
        run: &Run,
        target: &str,
        cells: &[&Cell],
        ranking: Option<&Ranking>,
    ) -> Vec<usize> {
        let ranked = |rank: usize| {
            let target = ranking?.targets.iter().find(|own| own.target == target)?;
            let cell = target.cells.iter().find(|cell| cell.rank == Some(rank))?;
            Some(cell.id.clone())
        };
        let wanted_id = match self {
            Selector::Rank(rank) => ranked(*rank),
            _ => None,
        };
        let means = |cell: &Cell| match self {
            Selector::Control => cell.control,
            Selector::Rank(_) => wanted_id.as_deref() == Some(cell.id.as_str()),
            Selector::Id(start) => cell.id.as_str().starts_with(start.as_str()),
            Selector::Settings(settings) => settings.iter().all(|setting| has(run, cell, setting)),
        };
        (0..cells.len()).filter(|&at| means(cells[at])).collect()
    }

    /// The cells of all targets that it means; `ranking` is needed for ranks only.
    ///
    /// # Errors
    /// It means no cell at all.
    pub fn cells_of_run<'a>(
        &self,
        run: &'a Run,
        ranking: Option<&Ranking>,
    ) -> Result<Vec<&'a Cell>, JudgingError> {
        let targets: BTreeSet<&str> = run.cells.iter().map(|cell| cell.target.as_str()).collect();
        let mut found = Vec::new();
        for target in targets {
            let own = run.cells.iter().filter(|cell| cell.target == target);
            let own: Vec<&Cell> = own.collect();
            let meant = self.cells(run, target, &own, ranking);
            found.extend(meant.into_iter().map(|at| own[at]));
        }
        match found.is_empty() {
            true => Err(self.unknown(run)),
            false => Ok(found),
        }
    }

    /// Why it means no cell at all, with what there is.
    pub(crate) fn unknown(&self, run: &Run) -> JudgingError {
        let reason = match self {
            Selector::Settings(settings) => settings
                .iter()
                .find_map(|setting| values_instead(run, setting))
                .unwrap_or_else(|| {
                    "names no cell of this run: each setting occurs, but not together".to_owned()
                }),
            Selector::Control => "names no cell: run.json lists no control".to_owned(),
            _ => format!("names no cell of this run, which has {}", cells_of(run)),
        };
        JudgingError::Side {
            side: self.to_string(),
            reason,
        }
    }
}

/// Whether a cell has a setting. A toolchain is also known by the version that the matrix's word came to.
fn has(run: &Run, cell: &Cell, setting: &Setting) -> bool {
    let Some(axis) = &setting.axis else {
        return cell.target == setting.value;
    };
    let settings = settings(cell);
    let own = settings.get(axis);
    let is_version = || {
        let wanted = setting.value.trim_start_matches("go");
        run.toolchains.iter().any(|toolchain| {
            toolchain.spec == own && toolchain.version.trim_start_matches("go") == wanted
        })
    };
    axis.is_same(own, &setting.value) || (*axis == Axis::Toolchain && is_version())
}

/// What an axis has instead of the value, where no cell has it.
fn values_instead(run: &Run, setting: &Setting) -> Option<String> {
    if run.cells.iter().any(|cell| has(run, cell, setting)) {
        return None;
    }
    let mut values: Vec<String> = Vec::new();
    for cell in &run.cells {
        let value = match &setting.axis {
            Some(axis) => settings(cell).get(axis).to_owned(),
            None => cell.target.clone(),
        };
        if !values.contains(&value) {
            values.push(value);
        }
    }
    let name = match &setting.axis {
        Some(axis) => axis.to_string(),
        None => TARGET.to_owned(),
    };
    Some(format!(
        "names no cell of this run: {name} is {}",
        listed(&values)
    ))
}

/// The cells of a run in a few words.
fn cells_of(run: &Run) -> String {
    const MOST_SHOWN: usize = 12;
    let shown = run.cells.iter().take(MOST_SHOWN).map(|cell| {
        let role = if cell.control { ", control" } else { "" };
        format!("{} ({}{role})", cell.id, label(cell, &[]))
    });
    let mut shown: Vec<String> = shown.collect();
    if run.cells.len() > MOST_SHOWN {
        shown.push(format!("{} more", run.cells.len() - MOST_SHOWN));
    }
    listed(&shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_read_and_shown_alike() {
        for text in [
            "control",
            "3",
            "1f2e3d",
            "gogc=400",
            "target=cache,gogc=off",
        ] {
            let selector: Selector = text.parse().unwrap();
            assert_eq!(selector.to_string(), text);
        }
        assert_eq!("12345".parse(), Ok(Selector::Id("12345".into())));
        assert_eq!("0012".parse(), Ok(Selector::Rank(12)));
    }

    #[test]
    fn godebug_keeps_its_commas() {
        let selector: Selector = "godebug=a=1,b=2,gogc=50".parse().unwrap();
        let Selector::Settings(settings) = selector else {
            panic!("not settings: {selector:?}")
        };
        assert_eq!(settings[0].value, "a=1,b=2");
        assert_eq!(settings[1].axis, Some(Axis::Gogc));
    }

    #[test]
    fn what_names_nothing_is_refused_with_a_fix() {
        for (text, fix) in [
            ("", "write `control`"),
            ("0", "from 1"),
            ("best", "write `control`"),
            ("gogcc=400", "did you mean `gogc`?"),
            ("gogc=1,gogc=2", "given twice"),
            ("gogc=1,400", "write AXIS=VALUE"),
        ] {
            let error = text.parse::<Selector>().unwrap_err();
            assert!(error.contains(fix), "{text}: {error}");
        }
    }
}
