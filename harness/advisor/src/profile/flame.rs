//! Flame graphs, the root on top: of one profile, or of the difference between two.
//!
//! Main functions: [`flame_graph`] and [`difference`]. What comes out is a [`FlameGraph`], which crate `report` draws. Equal
//! input gives an equal graph.
//!
//! Deliberately absent: time on the axis (a flame graph has none), and bottom-up views.

use documents::figures::percent_text;
use documents::profile::{FlameCall, FlameColour, FlameGraph, Measure};
use gotrace::profile::{Profile, ProfileKind};

use super::tree::{Node, Pruned, Stacks, Tree};
use crate::error::AdvisorError;

/// Calls narrower than this share of the whole are not drawn by default: less than a unit of a picture 1,200 wide.
const LEAST_SHARE: f64 = 1.0 / 1200.0;

/// What to draw and how.
#[derive(Debug, Clone, PartialEq)]
pub struct FlameOptions {
    /// Makes ids unique where several pictures stand in one page: letters, digits and `-`.
    pub id: String,
    /// What stands above the picture.
    pub title: String,
    /// Which value; the profile's main one if absent.
    pub measure: Option<Measure>,
    /// Calls narrower than this share of the whole are left out, which the picture says.
    pub least_share: f64,
    /// At most so many calls, the widest ones: bounds the size at about 300 bytes each.
    pub most_calls: usize,
}

impl Default for FlameOptions {
    fn default() -> Self {
        FlameOptions {
            id: "flame".to_owned(),
            title: String::new(),
            measure: None,
            least_share: LEAST_SHARE,
            most_calls: 4000,
        }
    }
}

/// By what the two sides of a difference are divided before they are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scaling {
    /// By nothing: the windows were equal, or the profiles are of an instant.
    AsTaken,
    /// By the profiles' own windows.
    PerSecond,
    /// By the requests that were answered while each was taken.
    PerRequest {
        /// Before.
        before: f64,
        /// After.
        after: f64,
    },
}

/// A flame graph of one profile.
///
/// # Errors
/// [`AdvisorError::Profile`] if the profile has no such value, or nothing of it.
pub fn flame_graph(profile: &Profile, options: &FlameOptions) -> Result<FlameGraph, AdvisorError> {
    let measure = chosen(profile, options)?;
    let mut stacks = Stacks::new();
    let mut negative = 0.0;
    for (stack, value) in profile.stacks(measure.index) {
        negative += (value.min(0) as f64).abs();
        stacks.insert(stack, [value.max(0) as f64, 0.0]);
    }
    let mut tree = Tree::of(&stacks);
    let pruned = tree.prune(options.least_share, options.most_calls);
    let whole = tree.nodes.first().map_or(0.0, |root| root.width);
    if whole <= 0.0 {
        return Err(nothing(&measure));
    }
    let mut notes = vec![format!("{}: {} in all", measure.kind, measure.text(whole))];
    if negative > 0.0 {
        notes.push(format!(
            "{} that were freed in the window are not drawn",
            measure.text(negative)
        ));
    }
    notes.extend(pruned_note(pruned));
    let look = |node: &Node, name: &str| Look {
        colour: package_colour(name),
        value: format!(
            "{}, {}",
            measure.text(node.sides[0]),
            percent_text(node.sides[0] / whole)
        ),
    };
    Ok(laid_out(&tree, options, notes.join("; "), look))
}

/// A flame graph of what changed from `before` to `after`: red is more, blue is less, grey is no change or, for CPU
/// profiles, no more than two standard deviations of the sampling.
///
/// A call is as wide as the larger of its sides, per stack, so that what vanished is seen as well as what is new.
///
/// # Errors
/// [`AdvisorError::Profile`] if the profiles do not count the same, if there is nothing in either, or if the scaling
/// asks for a window or requests that are not known.
pub fn difference(
    before: &Profile,
    after: &Profile,
    scaling: Scaling,
    options: &FlameOptions,
) -> Result<FlameGraph, AdvisorError> {
    let measure = chosen(before, options)?;
    if before.sample_types != after.sample_types {
        return Err(AdvisorError::Profile(
            "the two profiles do not count the same; give two of one kind".to_owned(),
        ));
    }
    let (divisors, per) = divisors(before, after, scaling)?;
    let mut stacks = Stacks::new();
    for (side, profile) in [before, after].into_iter().enumerate() {
        for (stack, value) in profile.stacks(measure.index) {
            stacks.entry(stack).or_default()[side] += value.max(0) as f64 / divisors[side];
        }
    }
    let mut tree = Tree::of(&stacks);
    let pruned = tree.prune(options.least_share, options.most_calls);
    let totals = tree.nodes.first().map_or([0.0; 2], |root| root.sides);
    if totals[0].max(totals[1]) <= 0.0 {
        return Err(nothing(&measure));
    }
    let change = Change {
        measure: &measure,
        per,
        totals,
        sample: sample_sizes(before, after, &measure, divisors),
    };
    let mut notes = vec![format!(
        "{}: {} before, {} after; width: the larger side of each stack; red: more, blue: less",
        measure.kind,
        change.amount(totals[0]),
        change.amount(totals[1]),
    )];
    if change.sample.is_some() {
        notes.push("grey: within two standard deviations of the sampling".to_owned());
    }
    notes.extend(pruned_note(pruned));
    let look = |node: &Node, _: &str| Look {
        colour: change.colour(node.sides),
        value: change.text(node.sides),
    };
    Ok(laid_out(&tree, options, notes.join("; "), look))
}

fn chosen(profile: &Profile, options: &FlameOptions) -> Result<Measure, AdvisorError> {
    options
        .measure
        .clone()
        .filter(|measure| measure.index < profile.sample_types.len())
        .or_else(|| crate::profile::main_measure(profile))
        .ok_or_else(|| AdvisorError::Profile("the profile counts nothing".to_owned()))
}

fn nothing(measure: &Measure) -> AdvisorError {
    AdvisorError::Profile(format!(
        "there is no {} in the profile: nothing of the kind happened in its window, or recording it is off",
        measure.kind
    ))
}

fn pruned_note(pruned: Pruned) -> Option<String> {
    (pruned.calls > 0).then(|| {
        let calls = if pruned.calls == 1 { "call" } else { "calls" };
        format!(
            "{} {calls} of at most {} left out",
            pruned.calls,
            percent_text(pruned.widest_share)
        )
    })
}

fn divisors(
    before: &Profile,
    after: &Profile,
    scaling: Scaling,
) -> Result<([f64; 2], &'static str), AdvisorError> {
    let (divisors, per, missing) = match scaling {
        Scaling::AsTaken => return Ok(([1.0; 2], "")),
        Scaling::PerSecond => (
            [before, after].map(|it| it.duration_ns as f64 / 1e9),
            " per s",
            "a profile does not say how long its window was",
        ),
        Scaling::PerRequest { before, after } => (
            [before, after],
            " per request",
            "there were no requests on one side",
        ),
    };
    if divisors.iter().all(|it| it.is_finite() && *it > 0.0) {
        Ok((divisors, per))
    } else {
        Err(AdvisorError::Profile(format!(
            "cannot compare{per}: {missing}"
        )))
    }
}

/// What one sample of a CPU profile amounts to on each side: the unit of its sampling error.
fn sample_sizes(
    before: &Profile,
    after: &Profile,
    measure: &Measure,
    divisors: [f64; 2],
) -> Option<[f64; 2]> {
    if before.kind() != ProfileKind::Cpu {
        return None;
    }
    let size = |profile: &Profile| match measure.unit.as_str() {
        "nanoseconds" => profile.period as f64,
        _ => 1.0,
    };
    Some([size(before) / divisors[0], size(after) / divisors[1]])
}

/// How two sides are shown.
struct Change<'a> {
    measure: &'a Measure,
    per: &'static str,
    totals: [f64; 2],
    sample: Option<[f64; 2]>,
}

impl Change<'_> {
    fn amount(&self, value: f64) -> String {
        format!("{}{}", self.measure.text(value), self.per)
    }

    fn text(&self, [before, after]: [f64; 2]) -> String {
        let share = |value: f64, total: f64| {
            if total > 0.0 {
                percent_text(value / total)
            } else {
                "–".to_owned()
            }
        };
        let sign = if after > before { "+" } else { "" };
        let note = if self.is_noise([before, after]) {
            ", within the sampling error"
        } else {
            ""
        };
        format!(
            "before {} ({}), after {} ({}): {sign}{}{note}",
            self.amount(before),
            share(before, self.totals[0]),
            self.amount(after),
            share(after, self.totals[1]),
            self.amount(after - before),
        )
    }

    /// Samples of a CPU profile are counts of rare events: their variance is their number (Poisson), so a value v of
    /// samples worth u each has the variance v·u.
    fn is_noise(&self, [before, after]: [f64; 2]) -> bool {
        self.sample.is_some_and(|unit| {
            (after - before).abs() <= 2.0 * (before * unit[0] + after * unit[1]).sqrt()
        })
    }

    fn colour(&self, sides: [f64; 2]) -> FlameColour {
        let [before, after] = sides;
        let relative = (after - before).abs() / before.max(after);
        // Half a per cent is not worth a colour, whatever the kind.
        if self.is_noise(sides) || relative < 0.005 || relative.is_nan() {
            return FlameColour::Same;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of 0 to 1 times four"
        )]
        let step = 1 + ((relative * 4.0) as u8).min(3);
        if after > before {
            FlameColour::More(step)
        } else {
            FlameColour::Less(step)
        }
    }
}

/// Colour by who wrote the code: the runtime, the standard library, everything else; the shade by package.
fn package_colour(function: &str) -> FlameColour {
    let package = package_of(function);
    // FNV-1a: the same shade on every machine and in every version.
    let hash = package.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let shade = [0, 1, 2][hash as usize % 3];
    if package == "runtime" || package.starts_with("runtime/") {
        FlameColour::Runtime(shade)
    } else if is_standard(package) {
        FlameColour::Standard(shade)
    } else {
        FlameColour::Other(shade)
    }
}

/// `net/http` of `net/http.(*conn).serve`.
fn package_of(function: &str) -> &str {
    // Type arguments hold paths of their own.
    let plain = function.split(['[', '(']).next().unwrap_or(function);
    let after_slash = plain.rfind('/').map_or(0, |at| at + 1);
    let dot = plain[after_slash..].find('.');
    dot.map_or(plain, |at| &plain[..after_slash + at])
}

/// Module paths of others begin with a domain (go help modules); main is the program's own.
fn is_standard(package: &str) -> bool {
    let first = package.split('/').next().unwrap_or_default();
    !first.is_empty()
        && first != "main"
        && first != "command-line-arguments"
        && !first.contains('.')
}

struct Look {
    colour: FlameColour,
    value: String,
}

fn laid_out(
    tree: &Tree<'_>,
    options: &FlameOptions,
    note: String,
    look: impl Fn(&Node, &str) -> Look,
) -> FlameGraph {
    let whole = tree.nodes.first().map_or(1.0, |root| root.width);
    let calls = tree.nodes.iter().map(|node| {
        let name = match node.level {
            0 => "all",
            _ => tree.names[node.name],
        };
        let Look { colour, value } = look(node, name);
        let changed = matches!(colour, FlameColour::More(_) | FlameColour::Less(_));
        FlameCall {
            colour: match node.level {
                0 if !changed => FlameColour::Root,
                _ => colour,
            },
            name: name.to_owned(),
            value,
            level: node.level,
            left: node.left / whole,
            width: node.width / whole,
        }
    });
    FlameGraph {
        id: options.id.clone(),
        title: options.title.clone(),
        note,
        calls: calls.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_told_apart() {
        for (function, package, standard) in [
            ("net/http.(*conn).serve", "net/http", true),
            ("main.main.func1", "main", false),
            (
                "github.com/a/b.(*T[go.shape.int]).F",
                "github.com/a/b",
                false,
            ),
            ("slices.SortFunc[github.com/x/y.Z]", "slices", true),
            ("internal/sync.(*Mutex).Lock", "internal/sync", true),
            ("runtime.mallocgc", "runtime", true),
            ("", "", false),
        ] {
            assert_eq!(package_of(function), package);
            assert_eq!(is_standard(package), standard, "{function}");
        }
        assert!(matches!(
            package_colour("runtime/internal/syscall.Syscall6"),
            FlameColour::Runtime(_)
        ));
        assert!(matches!(
            package_colour("internal/runtime/maps.(*Iter).Next"),
            FlameColour::Standard(_)
        ));
    }

    #[test]
    fn sampling_error_is_not_coloured() {
        let measure = Measure {
            index: 0,
            kind: "cpu".to_owned(),
            unit: "nanoseconds".to_owned(),
        };
        let change = Change {
            measure: &measure,
            per: "",
            totals: [1e9, 1e9],
            sample: Some([1e7, 1e7]),
        };
        // 9 against 16 samples: a difference of 7 with a standard deviation of 5.
        assert_eq!(change.colour([9e7, 16e7]), FlameColour::Same);
        // 9 against 36: 27 with a standard deviation of 6.7.
        assert_eq!(change.colour([9e7, 36e7]), FlameColour::More(4));
        assert_eq!(change.colour([36e7, 9e7]), FlameColour::Less(4));
        let exact = Change {
            sample: None,
            ..change
        };
        assert_eq!(exact.colour([9e7, 16e7]), FlameColour::More(2));
        assert_eq!(exact.colour([0.0, 0.0]), FlameColour::Same);
        assert_eq!(
            exact.text([9e7, 16e7]),
            "before 90.0 ms (9.00 %), after 160 ms (16.0 %): +70.0 ms"
        );
    }
}
