//! Ctrl-C and SIGTERM.

use crate::output::tell;
use std::sync::atomic::{AtomicBool, Ordering};

static CANCEL: AtomicBool = AtomicBool::new(false);

/// A flag that the first SIGINT, SIGTERM or SIGHUP sets. The second one ends the process at once; what it started is
/// killed with it.
pub(crate) fn cancel_flag() -> &'static AtomicBool {
    let listening = std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .build();
            if let Ok(runtime) = runtime {
                runtime.block_on(listen());
            }
        });
    if let Err(error) = listening {
        tell!("warning: cannot listen for Ctrl-C: {error}");
    }
    &CANCEL
}

async fn listen() {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ];
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else {
        return;
    };
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        if CANCEL.swap(true, Ordering::SeqCst) {
            std::process::exit(5);
        }
        tell!("\nstopping after cleaning up; press Ctrl-C again to stop at once");
    }
}
