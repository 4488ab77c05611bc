//! A window of a running service.

use std::time::Duration;

use advisor::analyze::{Hint, Material};
use documents::analysis::Unread;
use gotrace::profile::ProfileKind;
use indicatif::{ProgressBar, ProgressStyle};
use orchestrator::observe::{Taken, WindowOptions, take_window};
use record::{secret, shown};

use super::{AnalyzeArgs, trace};
use crate::exit::{Ending, Failure};

/// Longest window: net/http/pprof refuses what a server's write timeout forbids, and nobody waits for more.
const LONGEST: Duration = Duration::from_secs(600);

/// What was taken.
pub(super) struct Window {
    pub(super) materials: Vec<Material>,
    /// What could not be obtained, with how to get it.
    pub(super) missing: Vec<String>,
    /// `runtime.SetMutexProfileFraction` as the service has it; 0 is off.
    pub(super) mutex_fraction: Option<u32>,
    /// The service, if it gave nothing at all.
    pub(super) unread: Option<Unread>,
}

/// Takes a window from the service at `url`.
pub(super) fn take(args: &AnalyzeArgs, url: &str) -> Result<Window, Failure> {
    let options = options(args, url)?;
    let cancel = crate::signals::cancel_flag();
    let bar = ProgressBar::new_spinner()
        .with_style(ProgressStyle::with_template("{spinner} {msg}").expect("valid"));
    bar.set_message(format!(
        "taking {} from {}; a service of Go 1.27 then collects garbage once",
        record::quantity::format_duration(options.window),
        shown::line(&secret::url(&options.base))
    ));
    bar.enable_steady_tick(Duration::from_millis(200));
    let taken = take_window(&options, cancel);
    bar.finish_and_clear();
    let Some(taken) = taken else {
        return Err(Failure {
            ending: Ending::Incomplete,
            message: "interrupted".to_owned(),
        });
    };
    Ok(read(taken, &options))
}

fn options(args: &AnalyzeArgs, url: &str) -> Result<WindowOptions, Failure> {
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        return Err(Failure::usage(format!(
            "--url {} has no scheme; give the address of net/http/pprof, e.g. http://127.0.0.1:6060/debug/pprof",
            secret::url(url)
        )));
    }
    if args.window.subsec_nanos() != 0 || args.window > LONGEST {
        return Err(Failure::usage(
            "--for must be whole seconds, from 1s to 10m: net/http/pprof counts no others",
        ));
    }
    Ok(WindowOptions {
        base: url.trim_end_matches('/').to_owned(),
        window: args.window,
        trace: args.trace,
        insecure: args.insecure,
    })
}

fn read(taken: Vec<Taken>, options: &WindowOptions) -> Window {
    let mut window = Window {
        materials: Vec::new(),
        missing: Vec::new(),
        mutex_fraction: None,
        unread: None,
    };
    let mut reasons = Vec::new();
    for one in taken {
        if one.endpoint == SAMPLING {
            window.mutex_fraction = one.answer.ok().and_then(|bytes| sampling_period(&bytes));
            continue;
        }
        let of = secret::url(&options.base);
        let name = match moment(&one) {
            Some(moment) => format!("{} of {of}, {moment}", label(one.endpoint)),
            None => format!("{} of {of}", label(one.endpoint)),
        };
        let material = one.answer.and_then(|bytes| {
            let material = advisor::analyze::read(&name, &bytes, hint(one.endpoint))
                .map_err(|error| error.to_string())?;
            trace::viewed(material).map_err(|unread| unread.to_string())
        });
        match material {
            Ok(material) => window.materials.push(material),
            Err(reason) => {
                let missing = missing(one.endpoint, &reason);
                // What is asked for several times lacks once.
                if !window.missing.contains(&missing) {
                    window.missing.push(missing);
                }
                reasons.push(reason);
            }
        }
    }
    if window.materials.is_empty() {
        // One reason for all endpoints says more than each by itself.
        window.missing.clear();
        window.unread = Some(Unread {
            name: secret::url(&options.base).into_owned(),
            reason: format!(
                "gives no profile: {}; the service must import net/http/pprof and serve it there",
                reasons.first().map_or("it does not answer", String::as_str)
            ),
        });
    }
    window
}

/// The text form of the mutex profile, which alone says how often it samples.
const SAMPLING: &str = "mutex?debug=1";

/// `sampling period= N` of `mutex?debug=1` (writeProfileInternal in runtime/pprof/pprof.go).
fn sampling_period(text: &[u8]) -> Option<u32> {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines();
    let period = lines.find_map(|line| line.strip_prefix("sampling period="))?;
    period.trim().parse().ok()
}

/// When something was taken that is taken more than once.
fn moment(taken: &Taken) -> Option<&'static str> {
    let several = ["goroutine", "heap?debug=1"].contains(&taken.endpoint);
    several.then_some(match taken.after {
        0.0 => "at the begin",
        1.0.. => "at the end",
        _ => "in the middle",
    })
}

/// What people call it.
fn label(endpoint: &'static str) -> &'static str {
    match endpoint {
        "profile" => "cpu",
        "heap?debug=1" => "memory statistics",
        other => other,
    }
}

fn hint(endpoint: &str) -> Hint {
    let profile = match endpoint {
        "allocs" => Some(ProfileKind::Allocs),
        "heap" => Some(ProfileKind::Heap),
        "mutex" => Some(ProfileKind::Mutex),
        "block" => Some(ProfileKind::Block),
        _ => None,
    };
    Hint {
        profile,
        window: None,
    }
}

fn missing(endpoint: &'static str, reason: &str) -> String {
    let why = match endpoint {
        "goroutineleak" => " (Go 1.27 on)",
        "profile" => {
            " (one CPU profile at a time; and a server's WriteTimeout must exceed the window)"
        }
        _ => "",
    };
    format!("{}: {reason}{why}", label(endpoint))
}
