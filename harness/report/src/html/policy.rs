//! The Content Security Policy of a page: nothing is fetched or sent, and no script runs but ours.
//!
//! Text of services and records is escaped where it is written. The policy holds where that should fail one day.

/// The scripts that a page may hold, by the SHA-256 of their text in base64, as the policy names them.
const SCRIPTS: [&str; 1] = [
    // flame.js, once in each flame graph.
    "VNwEp29ja2AOqWxBAusgaBhqwGSQwe8XskdDYJlcdHo=",
];

/// The policy as a browser reads it from the page's head. Styles are inline and come from our templates only.
pub(super) fn content_security_policy() -> String {
    let scripts: Vec<String> = SCRIPTS
        .iter()
        .map(|hash| format!("'sha256-{hash}'"))
        .collect();
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {}; base-uri 'none'; \
         form-action 'none'",
        scripts.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use documents::profile::FlameGraph;
    use sha2::{Digest, Sha256};

    use super::SCRIPTS;
    use crate::flame_svg;

    #[test]
    fn the_script_of_a_flame_graph_is_one_that_the_policy_lets_run() {
        let graph = FlameGraph {
            id: "cpu".to_owned(),
            title: "CPU".to_owned(),
            note: String::new(),
            calls: Vec::new(),
        };
        let svg = flame_svg(&graph).unwrap();
        let mut scripts = svg.split("<script>").skip(1);
        let script = scripts.next().unwrap().split("</script>").next().unwrap();
        let text = script
            .strip_prefix("<![CDATA[")
            .and_then(|script| script.strip_suffix("]]>"))
            .unwrap();
        let hash = BASE64_STANDARD.encode(Sha256::digest(text));
        assert!(
            SCRIPTS.contains(&hash.as_str()),
            "flame.js has changed: its hash is now {hash}"
        );
        assert!(scripts.next().is_none());
    }
}
