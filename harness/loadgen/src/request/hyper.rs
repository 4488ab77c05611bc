//! Requests as hyper takes them.
//!
//! The main type is [`HyperRequests`], one per generator thread. hyper consumes a request, so one
//! must be made for each; what never changes is cloned by counting references.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::Full;

use super::parts::HyperParts;
use super::prepared::PreparedMix;

/// Room in a header map for the fields of most answers, which hyper reads into the map that the
/// request came with.
const FIELDS: usize = 12;

/// The requests of one thread.
pub(crate) struct HyperRequests {
    mix: Arc<PreparedMix>,
    /// For each class, where nothing in it changes, this thread's own copy: threads that count
    /// references to the same bytes would fight over the counter.
    fixed: Vec<Option<HyperParts>>,
}

impl HyperRequests {
    /// The requests of `mix`.
    pub(crate) fn new(mix: Arc<PreparedMix>) -> Self {
        let classes = mix.classes().iter();
        let fixed = classes
            .map(|class| class.hyper.as_ref().map(HyperParts::unshared))
            .collect();
        Self { mix, fixed }
    }

    /// Request `request` of class `class`. `spare` is used for its header map: that of an earlier
    /// answer spares an allocation.
    ///
    /// # Errors
    /// A fragment, where a rendered value is not legal in its place.
    pub(crate) fn make(
        &self,
        class: usize,
        request: u64,
        spare: HeaderMap,
    ) -> Result<Request<Full<Bytes>>, String> {
        let rendered;
        let parts = match &self.fixed[class] {
            Some(fixed) => fixed,
            None => {
                rendered = self.mix.render_hyper(class, request)?;
                &rendered
            }
        };
        let mut headers = spare;
        headers.clear();
        if headers.capacity() == 0 {
            headers.reserve(FIELDS);
        }
        for (name, value) in &parts.headers {
            headers.append(name, value.clone());
        }
        let mut out = Request::new(Full::new(parts.body.clone()));
        *out.method_mut() = self.mix.classes()[class].method.clone();
        *out.uri_mut() = parts.uri.clone();
        *out.headers_mut() = headers;
        Ok(out)
    }
}
