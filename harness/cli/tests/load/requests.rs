//! What is asked, and over what: mixes, curl commands, expectations, engines, sockets, TLS.

use std::sync::Arc;

use loadgen::reference::{Behaviour, ReferenceServer};

use crate::support::{code, json, load, server, stderr, url};

#[test]
fn wrong_bodies_are_errors() {
    let server = server();
    let hello = "853ff93762a06ddbf722c4ebe9ddd66d8f63ddaea97f521c3ecc20da7c976020";
    for (arguments, completed) in [
        (["--expect-length", "13"], 10),
        (["--expect-length", "14"], 0),
        (["--expect-sha256", hello], 10),
        (["--expect-sha256", &hello.replace('8', "9")], 0),
    ] {
        let common = [
            url(&server),
            "-n".into(),
            "10".into(),
            "-c".into(),
            "1".into(),
            "--json".into(),
            "-".into(),
        ];
        let output = load(common.iter().map(String::as_str).chain(arguments));
        assert_eq!(
            json(&output)["ledger"]["completed"],
            completed,
            "{arguments:?}"
        );
    }
}

#[test]
fn a_recording_is_asked_by_how_often_it_was_asked() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.har");
    let entry = |path: &str| {
        format!(
            r#"{{"request": {{"method": "GET", "url": "https://site.example{path}", "headers": []}}}}"#
        )
    };
    let entries = [entry("/a"), entry("/b"), entry("/a"), entry("/a")].join(",");
    std::fs::write(&file, format!(r#"{{"log": {{"entries": [{entries}]}}}}"#)).unwrap();
    let har = file.display().to_string();
    let address = url(&server);
    let common = [
        &*address, "-n", "400", "-d", "60s", "-c", "2", "--json", "-", "--har", &har,
    ];
    let result = json(&load(common));
    assert_eq!(result["ledger"]["completed"], 400);
    let classes = result["classes"].as_array().unwrap();
    let count = |class: usize| classes[class]["response_ms"]["count"].as_u64().unwrap();
    assert_eq!(classes[0]["name"], "GET /a");
    assert!((240..360).contains(&count(0)), "{}", count(0));

    let output = load(common.into_iter().chain(["-m", "POST"]));
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("--har"), "{}", stderr(&output));
}

#[test]
fn a_mix_is_asked_by_weight() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mix.yaml");
    let text = "requests:\n  - {name: read, path: /a, weight: 3}\n  - {name: write, path: /b, method: POST, body: \"{{seq}}\", weight: 1}\n";
    std::fs::write(&file, text).unwrap();
    let mix = file.display().to_string();
    let output = load([
        &url(&server),
        "-n",
        "400",
        "-d",
        "5s",
        "-c",
        "2",
        "--mix",
        &mix,
        "--json",
        "-",
    ]);
    let result = json(&output);
    assert_eq!(result["ledger"]["completed"], 400);
    let count = |class: usize| {
        result["classes"][class]["response_ms"]["count"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(
        (
            result["classes"][0]["name"].as_str(),
            result["classes"][1]["name"].as_str()
        ),
        (Some("read"), Some("write"))
    );
    assert!((240..360).contains(&count(0)), "{}", count(0));

    std::fs::write(&file, "requests:\n  - {path: a, wieght: 3}\n").unwrap();
    let output = load([&url(&server), "--mix", &mix]);
    assert_eq!(code(&output), 2);
    let text = stderr(&output);
    assert!(
        text.contains("mix.yaml:2") && text.contains("wieght"),
        "{text}"
    );
}

#[test]
fn a_curl_command_is_carried_over() {
    let server = server();
    let curl = format!(
        "curl -s -g -X PUT '{}a?b={{{{x}}' -H 'a: b' -d 'x={{{{y'",
        url(&server)
    );
    let output = load([curl.as_str(), "-n", "10", "-c", "1", "--json", "-"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let result = json(&output);
    assert_eq!(result["ledger"]["completed"], 10);
    assert!(
        result["classes"][0]["name"]
            .as_str()
            .unwrap()
            .starts_with("PUT /a?b=")
    );
}

#[test]
fn a_mix_sends_files() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("photo.bin"), vec![0xff; 40_000]).unwrap();
    let file = folder.path().join("mix.yaml");
    let text = "requests:\n  - {name: upload, path: /b, method: PUT, body_file: photo.bin}\n";
    std::fs::write(&file, text).unwrap();
    let address = url(&server);
    let mix = file.display().to_string();
    let common = [&*address, "-n", "20", "-c", "1", "--mix", &mix];
    let result = json(&load(common.into_iter().chain(["--json", "-"])));
    assert_eq!(result["ledger"]["completed"], 20);
    let written = result["bytes"]["written"].as_u64().unwrap();
    assert!((800_000..820_000).contains(&written), "{written}");
    std::fs::remove_file(folder.path().join("photo.bin")).unwrap();
    let output = load(common);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("photo.bin"), "{}", stderr(&output));
}

#[test]
fn both_engines_and_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let _server = ReferenceServer::start_unix(&path, Behaviour::default()).unwrap();
    let socket = path.display().to_string();
    for engine in ["h1-fast", "hyper"] {
        let output = load([
            "http://localhost/",
            "--unix",
            &socket,
            "--engine",
            engine,
            "-n",
            "30",
            "-c",
            "2",
            "--json",
            "-",
        ]);
        let result = json(&output);
        assert_eq!(
            (
                &result["ledger"]["completed"],
                &result["generator"]["engine"]
            ),
            (&30.into(), &engine.into())
        );
    }
}

#[test]
fn tls_is_checked_unless_told_otherwise() {
    let made = rcgen::generate_simple_self_signed(vec!["service.test".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let server = ReferenceServer::start_tls(Behaviour::default(), Arc::new(config)).unwrap();
    let url = format!("https://{}/", server.address());
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.pem").display().to_string();
    std::fs::write(&authority, made.cert.pem()).unwrap();

    let refused = load([&url, "-n", "5", "-c", "1"]);
    assert_eq!(code(&refused), 2);
    assert!(
        stderr(&refused).contains("--insecure"),
        "{}",
        stderr(&refused)
    );
    for trust in [
        vec!["--insecure"],
        vec!["--cacert", &authority, "--sni", "service.test"],
    ] {
        let common = [url.as_str(), "-n", "5", "-c", "1", "--json", "-"];
        let output = load(common.into_iter().chain(trust));
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        assert_eq!(json(&output)["ledger"]["completed"], 5);
    }
}

#[test]
fn stages_make_the_length_and_the_count() {
    let server = server();
    let output = load([
        &url(&server),
        "--stages",
        "0-400:500ms,200:500ms",
        "--drain",
        "1s",
        "--json",
        "-",
    ]);
    let result = json(&output);
    assert_eq!(result["load"]["duration_s"], 1.0);
    assert_eq!(result["ledger"]["scheduled"], 200);
}

#[test]
fn the_same_seed_sends_the_same_number() {
    let server = server();
    let scheduled = |seed: &str| {
        let output = load([
            &url(&server),
            "-r",
            "300",
            "--arrival",
            "poisson",
            "--seed",
            seed,
            "-d",
            "500ms",
            "--json",
            "-",
        ]);
        json(&output)["ledger"]["scheduled"].as_u64().unwrap()
    };
    assert_eq!(scheduled("7"), scheduled("7"));
    let others = ["8", "9", "10"].map(scheduled);
    assert!(others.iter().any(|other| *other != scheduled("7")));
}

#[test]
fn options_win_over_the_curl_command() {
    let server = server();
    let curl = format!("curl -m 5 -H 'Accept: text/plain' {}", url(&server));
    let of = |more: &[&str]| {
        let mut arguments = vec![
            curl.as_str(),
            "--engine",
            "h1-fast",
            "-n",
            "4",
            "-c",
            "1",
            "--json",
            "-",
        ];
        arguments.extend(more);
        let result = json(&load(arguments));
        let written = result["bytes"]["written"].as_u64().unwrap();
        (result["load"]["timeout_s"].as_f64().unwrap(), written / 4)
    };
    let (by_curl, with_curls_header) = of(&[]);
    let (by_option, with_own_header) = of(&["--timeout", "2s", "-H", "Accept: text/html"]);
    assert_eq!((by_curl, by_option), (5.0, 2.0));
    let shorter = "text/plain".len() - "text/html".len();
    assert_eq!(with_curls_header - with_own_header, shorter as u64);
}
