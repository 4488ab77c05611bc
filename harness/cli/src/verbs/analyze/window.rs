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
        "taking {} from {}",
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
        unread: None,
    };
    let mut reasons = Vec::new();
    for one in taken {
        let name = format!("{} of {}", label(one.endpoint), secret::url(&options.base));
        let material = one.answer.and_then(|bytes| {
            let material = advisor::analyze::read(&name, &bytes, hint(one.endpoint))
                .map_err(|error| error.to_string())?;
            trace::viewed(material).map_err(|unread| unread.to_string())
        });
        match material {
            Ok(material) => window.materials.push(material),
            Err(reason) => {
                window.missing.push(missing(one.endpoint, &reason));
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
