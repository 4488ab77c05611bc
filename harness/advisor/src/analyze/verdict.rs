//! What stands out, and what to do about it: the sentence that everything else rests under.

use documents::analysis::{Analysis, Standing};
use documents::figures::listed;
use record::threshold::Thresholds;

use super::calm;
use super::point::points;

/// What stands out, the most severe first; what else does is named after it.
pub(super) fn verdict(analysis: &Analysis, thresholds: &Thresholds) -> (Standing, String, String) {
    let mut points = points(analysis, thresholds);
    // A stable sort: among equals the order of `points` holds.
    points.sort_by_key(|point| std::cmp::Reverse(point.severity));
    let mut points = points.into_iter();
    let Some(most_severe) = points.next() else {
        return (
            calm::severity(analysis),
            calm::sentence(analysis),
            calm::next_step(analysis),
        );
    };
    let mut sentence = most_severe.sentence;
    let others: Vec<String> = points.map(|point| point.name).collect();
    if !others.is_empty() {
        sentence.push_str(&format!("; also below: {}", listed(&others)));
    }
    (
        Standing::Found(most_severe.severity),
        sentence,
        most_severe.next_step,
    )
}
