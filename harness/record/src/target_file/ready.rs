//! When a target is ready for load.

use std::time::Duration;

use super::placeholder::address_name;
use super::requests;
use crate::diagnostic::Diagnostic;
use crate::quantity::parse_positive_duration;
use crate::yaml::{Decoder, Fields};

/// The keys of `ready`.
pub(crate) const READY_KEYS: &[&str] = &["path", "on", "headers", "status", "log", "within"];
/// The words of `ready.on` besides names of further addresses.
pub(crate) const LISTENERS: &[&str] = &["service", "admin"];

/// When a target is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// The path that answers with [`Ready::status`] once it is; `None`: the first request that is answered as expected,
    /// unless a log line says it.
    pub path: Option<String>,
    /// Which listener is asked.
    pub on: Listener,
    /// Header lines of the question.
    pub headers: Vec<(String, String)>,
    /// The status of a service that is ready.
    pub status: u16,
    /// What a line of its stdout or stderr holds once it is.
    pub log: Option<String>,
    /// How long it may take.
    pub within: Duration,
}

/// A listener of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listener {
    /// `{addr}`.
    Service,
    /// `{admin}`.
    Admin,
    /// `{addr.NAME}`.
    Named(String),
}

impl Listener {
    /// Reads the word of `on`.
    ///
    /// # Errors
    /// The fix.
    pub(crate) fn parse(text: &str) -> Result<Listener, String> {
        match text {
            "service" => Ok(Listener::Service),
            "admin" => Ok(Listener::Admin),
            name if address_name(&format!("addr.{name}")).is_some() => {
                Ok(Listener::Named(name.to_owned()))
            }
            _ => Err(format!(
                "write {}, or the NAME of an `{{addr.NAME}}`",
                LISTENERS.join(", ")
            )),
        }
    }

    /// Whether a placeholder stands for it or for its port.
    pub(crate) fn is_said_by(&self, placeholder: &str) -> bool {
        match self {
            Listener::Service => matches!(placeholder, "addr" | "port"),
            Listener::Admin => placeholder == "admin",
            Listener::Named(name) => address_name(placeholder) == Some(name),
        }
    }

    /// What passes it to the service.
    pub(crate) fn placeholder(&self) -> String {
        match self {
            Listener::Service => "{addr}".to_owned(),
            Listener::Admin => "{admin}".to_owned(),
            Listener::Named(name) => format!("{{addr.{name}}}"),
        }
    }
}

pub(super) fn ready(decoder: &Decoder, fields: &Fields<'_>) -> Ready {
    let mut ready = Ready {
        path: None,
        on: Listener::Service,
        headers: Vec::new(),
        status: 200,
        log: None,
        within: Duration::from_secs(10),
    };
    let Some(node) = fields.get("ready") else {
        return ready;
    };
    let Some(inner) = decoder.fields(node, "ready", READY_KEYS) else {
        return ready;
    };
    ready.path = inner
        .get("path")
        .and_then(|node| decoder.value(node, "path", requests::path));
    ready.on = inner.or("on", Listener::Service, Listener::parse);
    ready.headers = requests::headers(decoder, &inner);
    ready.status = inner.or("status", ready.status, requests::status);
    ready.log = inner.get("log").and_then(|node| {
        decoder.value(node, "log", |text| match text.trim() {
            "" => Err("write a part of the line, e.g. `listening on`".to_owned()),
            _ if text.contains('\n') => Err("write a part of one line".to_owned()),
            _ => Ok(text.to_owned()),
        })
    });
    ready.within = inner.or("within", ready.within, parse_positive_duration);
    if !inner.has("path") {
        if ready.on != Listener::Service {
            let no_path = match ready.on {
                Listener::Admin => "ready asks the admin listener, but has no path",
                _ => "ready asks another listener, but has no path",
            };
            let finding = Diagnostic::new(inner.key_span("on"), no_path);
            decoder.report(finding.help("add `path: /ready`"));
        }
        for key in ["headers", "status"] {
            if inner.has(key) {
                let idle = format!("`{key}` has no meaning here: ready has no path");
                let finding = Diagnostic::new(inner.key_span(key), idle);
                decoder.report(
                    finding
                        .help("add `path:`; without one the first request is asked as it stands"),
                );
            }
        }
    }
    ready
}
