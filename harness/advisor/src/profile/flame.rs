//! Flame graphs, the root on top: of one profile, or of the difference between two.
//!
//! Main functions: [`flame_graph`] and [`difference`]. What comes out is one SVG element with its style and script
//! inside and nothing fetched; names are escaped, so that a hostile one is only text. Equal input gives equal bytes.
//!
//! Deliberately absent: time on the axis (a flame graph has none), and bottom-up views.

use askama::Template;
use documents::figures::percent_text;
use documents::profile::Measure;
use gotrace::profile::{Profile, ProfileKind};

use super::tree::{Node, Pruned, Stacks, Tree};
use crate::error::AdvisorError;

/// Width of the picture in its own units; it scales to the page.
const WIDTH: f64 = 1200.0;
/// Height of a level.
const LEVEL_HEIGHT: f64 = 18.0;
/// Width of a character of the labels, of the monospaced font at 11 units.
const CHARACTER_WIDTH: f64 = 6.7;
/// Space above the first level, for title, note and controls.
const HEAD: f64 = 84.0;
/// Space below the last level, for what is pointed at.
const FOOT: f64 = 26.0;
/// Positions are stored as parts per million of the whole, for zooming.
const PARTS: f64 = 1e6;
/// Longest name drawn or shown; compilers make longer ones of generics.
const LONGEST_NAME: usize = 400;

/// What to draw and how.
#[derive(Debug, Clone, PartialEq)]
pub struct FlameOptions {
    /// Makes ids unique where several pictures stand in one page: letters, digits and `-`.
    pub id: String,
    /// What stands above the picture.
    pub title: String,
    /// Which value; [`Measure::main`] if absent.
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
            // Narrower than one unit of the picture.
            least_share: 1.0 / WIDTH,
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
pub fn flame_graph(profile: &Profile, options: &FlameOptions) -> Result<String, AdvisorError> {
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
        class: package_class(name),
        value: format!(
            "{}, {}",
            measure.text(node.sides[0]),
            percent_text(node.sides[0] / whole)
        ),
    };
    Picture::of(&tree, options, notes.join("; "), look).rendered()
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
) -> Result<String, AdvisorError> {
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
        class: change.class(node.sides),
        value: change.text(node.sides),
    };
    Picture::of(&tree, options, notes.join("; "), look).rendered()
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

    fn class(&self, sides: [f64; 2]) -> &'static str {
        const MORE: [&str; 4] = ["m1", "m2", "m3", "m4"];
        const LESS: [&str; 4] = ["l1", "l2", "l3", "l4"];
        let [before, after] = sides;
        let relative = (after - before).abs() / before.max(after);
        // Half a per cent is not worth a colour, whatever the kind.
        if self.is_noise(sides) || relative < 0.005 || relative.is_nan() {
            return "same";
        }
        let step = ((relative * 4.0) as usize).min(3);
        if after > before {
            MORE[step]
        } else {
            LESS[step]
        }
    }
}

/// Colour by who wrote the code: the runtime, the standard library, everything else; the shade by package.
fn package_class(function: &str) -> &'static str {
    const RUNTIME: [&str; 3] = ["r0", "r1", "r2"];
    const STANDARD: [&str; 3] = ["s0", "s1", "s2"];
    const OTHER: [&str; 3] = ["o0", "o1", "o2"];
    let package = package_of(function);
    // FNV-1a: the same shade on every machine and in every version.
    let hash = package.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let shades = if package == "runtime" || package.starts_with("runtime/") {
        RUNTIME
    } else if is_standard(package) {
        STANDARD
    } else {
        OTHER
    };
    shades[hash as usize % shades.len()]
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
    class: &'static str,
    value: String,
}

#[derive(Template)]
#[template(path = "flame.svg")]
struct Picture {
    id: String,
    title: String,
    note: String,
    height: f64,
    foot: f64,
    calls: Vec<Call>,
}

struct Call {
    class: &'static str,
    name: String,
    value: String,
    label: String,
    /// Edges in parts per million.
    from: u32,
    size: u32,
    level: usize,
    x: String,
    y: f64,
    width: String,
    text_x: String,
    text_y: f64,
}

impl Picture {
    fn of(
        tree: &Tree<'_>,
        options: &FlameOptions,
        note: String,
        look: impl Fn(&Node, &str) -> Look,
    ) -> Picture {
        let whole = tree.nodes.first().map_or(1.0, |root| root.width);
        let calls = tree.nodes.iter().map(|node| {
            let name = drawable(if node.level == 0 {
                "all"
            } else {
                tree.names[node.name]
            });
            let Look { class, value } = look(node, &name);
            let (left, width) = (node.left / whole, node.width / whole);
            let y = HEAD + node.level as f64 * LEVEL_HEIGHT;
            Call {
                class: if node.level == 0 && !class.starts_with(['m', 'l']) {
                    "root"
                } else {
                    class
                },
                label: label(&name, width * WIDTH),
                name,
                value,
                from: parts(left),
                size: parts(width).max(1),
                level: node.level,
                x: format!("{:.2}", left * WIDTH),
                y,
                width: format!("{:.2}", width * WIDTH),
                text_x: format!("{:.2}", left * WIDTH + 3.0),
                text_y: y + 13.0,
            }
        });
        let height = HEAD + tree.levels() as f64 * LEVEL_HEIGHT + FOOT;
        Picture {
            id: options.id.clone(),
            title: drawable(&options.title),
            note,
            height,
            foot: height - 9.0,
            calls: calls.collect(),
        }
    }

    fn rendered(&self) -> Result<String, AdvisorError> {
        self.render()
            .map_err(|error| AdvisorError::Picture(error.to_string()))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of 0 to 1 times a million"
)]
fn parts(share: f64) -> u32 {
    (share.clamp(0.0, 1.0) * PARTS).round() as u32
}

/// A name without what XML has no place for, and not longer than anyone reads.
fn drawable(name: &str) -> String {
    let plain = |c: char| {
        let forbidden = c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
        if forbidden { '\u{fffd}' } else { c }
    };
    let mut text: String = name.chars().take(LONGEST_NAME).map(plain).collect();
    if name.chars().nth(LONGEST_NAME).is_some() {
        text.push('…');
    }
    text
}

/// As much of a name as fits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small non-negative number of characters"
)]
fn label(name: &str, width: f64) -> String {
    let room = ((width - 6.0) / CHARACTER_WIDTH).max(0.0) as usize;
    if room < 3 {
        return String::new();
    }
    documents::figures::shortened(name, room)
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
        assert!(package_class("runtime/internal/syscall.Syscall6").starts_with('r'));
        assert!(package_class("internal/runtime/maps.(*Iter).Next").starts_with('s'));
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
        assert_eq!(change.class([9e7, 16e7]), "same");
        // 9 against 36: 27 with a standard deviation of 6.7.
        assert_eq!(change.class([9e7, 36e7]), "m4");
        assert_eq!(change.class([36e7, 9e7]), "l4");
        let exact = Change {
            sample: None,
            ..change
        };
        assert_eq!(exact.class([9e7, 16e7]), "m2");
        assert_eq!(exact.class([0.0, 0.0]), "same");
        assert_eq!(
            exact.text([9e7, 16e7]),
            "before 90.0 ms (9.00 %), after 160 ms (16.0 %): +70.0 ms"
        );
    }
}
