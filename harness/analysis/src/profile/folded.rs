//! Stacks as text, one per line: what flame graph tools of others read.

use gotrace::profile::Profile;

use super::measure::Measure;

/// Every stack with its value: `outermost;...;innermost 120`, sorted.
///
/// A semicolon or line break inside a name would end a frame, so both become `:`; stacks that come to nothing are
/// left out, and so are negative ones of a difference, which the format has no place for. The value is in the unit of
/// the measure.
#[must_use]
pub fn folded(profile: &Profile, measure: &Measure) -> String {
    let mut text = String::new();
    for (stack, value) in profile.stacks(measure.index) {
        if value <= 0 {
            continue;
        }
        for (at, name) in stack.iter().enumerate() {
            if at > 0 {
                text.push(';');
            }
            let clean = |c: char| if c == ';' || c.is_control() { ':' } else { c };
            text.extend(name.chars().map(clean));
        }
        text.push_str(&format!(" {value}\n"));
    }
    text
}
