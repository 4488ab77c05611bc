//! The requests of a cell one by one.

use documents::ranking::RequestFigures;
use record::trial::{RequestWindow, Trial};
use stats::summary;

/// What became of each kind of request over these trials, in the order of the target file.
pub(super) fn of_trials<'a>(trials: impl Iterator<Item = &'a Trial>) -> Vec<RequestFigures> {
    let windows = trials.filter_map(|trial| trial.constant.as_ref().or(trial.saturate.as_ref()));
    let windows: Vec<&[RequestWindow]> = windows.map(|own| own.requests.as_slice()).collect();
    of_windows(&windows)
}

fn of_windows(windows: &[&[RequestWindow]]) -> Vec<RequestFigures> {
    let Some(first) = windows.iter().find(|requests| !requests.is_empty()) else {
        return Vec::new();
    };
    let of = |named: &RequestWindow| {
        let own = windows
            .iter()
            .filter_map(|requests| requests.iter().find(|own| own.name == named.name));
        let own: Vec<&RequestWindow> = own.collect();
        let median = |pick: fn(&RequestWindow) -> Option<f64>| {
            let values: Vec<f64> = own.iter().filter_map(|own| pick(own)).collect();
            summary::median(&values)
        };
        RequestFigures {
            name: named.name.clone(),
            completed: own.iter().map(|own| own.completed).sum(),
            errors: own.iter().map(|own| own.errors).sum(),
            p50_ms: median(|own| own.response_p50_ms),
            p99_ms: median(|own| own.response_p99_ms),
        }
    };
    first.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(completed: u64, errors: u64, p99_ms: f64) -> RequestWindow {
        RequestWindow {
            name: "search".to_owned(),
            completed,
            errors,
            response_p50_ms: Some(p99_ms / 2.0),
            response_p99_ms: (completed > 0).then_some(p99_ms),
            wrong: None,
        }
    }

    #[test]
    fn counts_are_summed_and_times_are_medians() {
        let own = [window(10, 0, 2.0), window(20, 3, 4.0), window(0, 5, 9.0)];
        let windows: Vec<&[RequestWindow]> = own.iter().map(std::slice::from_ref).collect();
        let found = of_windows(&windows);
        assert_eq!((found[0].completed, found[0].errors), (30, 8));
        assert_eq!(found[0].p99_ms, Some(3.0));
        assert_eq!(of_windows(&[&[]]), []);
    }
}
