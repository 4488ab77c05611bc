//! Secrets reach the server, and no report.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Output;
use std::thread::JoinHandle;

use crate::support::{code, gosweep, load, stderr, stdout};

/// Answers one request and gives what was asked.
fn one_answer() -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answering = std::thread::spawn(move || {
        loop {
            // A connection is tried before the run, without a request.
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            let mut buffer = [0; 4096];
            while !asked.ends_with(b"\r\n\r\n") {
                match stream.read(&mut buffer) {
                    Ok(count @ 1..) => asked.extend_from_slice(&buffer[..count]),
                    _ => break,
                }
            }
            if !asked.is_empty() {
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    .unwrap();
                return String::from_utf8(asked).unwrap();
            }
        }
    });
    (address, answering)
}

/// Nothing of what came out holds a secret, neither printed nor written.
fn assert_silent(output: &Output, folder: &std::path::Path) {
    let mut all = stdout(output) + &stderr(output);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.ends_with("headers.txt")
            && !path.ends_with("mix.yaml")
            && !path.ends_with("session.har")
        {
            all += &std::fs::read_to_string(path).unwrap();
        }
    }
    assert!(!all.contains("hush"), "{all}");
    assert!(all.contains("GET /"), "the request has a name: {all}");
}

#[test]
fn secrets_are_sent_and_not_reported() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let headers = put(
        "headers.txt",
        "Authorization: Bearer hush-1\n\nX-Other: hush-2\r\n",
    );
    let from_file = format!("@{headers}");
    let mix = put(
        "mix.yaml",
        "requests: [{name: GET /, path: '/?token=${HUSH_TOKEN}', headers: {Cookie: 'a=${HUSH_TOKEN}'}}]\n",
    );
    let har = put(
        "session.har",
        r#"{"log": {"entries": [{"request": {"method": "GET", "url": "http://site.example/?api_key=hush-1", "headers": [{"name": "Cookie", "value": "hush-2"}]}}]}}"#,
    );
    let outputs =
        ["json", "csv", "prom"].map(|name| folder.path().join(name).display().to_string());
    type Case<'a> = (&'a dyn Fn(&str) -> Vec<String>, &'a [&'a str]);
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let cases: [Case<'_>; 6] = [
        (
            &|at| {
                words(&[
                    &format!("http://{at}/?a=b&access_token=hush-1"),
                    "-H",
                    "X-Api-Key: hush-2",
                ])
            },
            &["access_token=hush-1", "hush-2"],
        ),
        (
            &|at| words(&[&format!("http://{at}/"), "-H", &from_file]),
            &["Bearer hush-1", "hush-2"],
        ),
        (
            &|at| {
                words(&[&format!(
                    "curl -u me:hush -b sid=hush-1 'http://{at}/?sig=hush-2'"
                )])
            },
            &["hush-1", "hush-2", "bWU6aHVzaA=="],
        ),
        (
            &|at| words(&[&format!("curl -H {from_file} http://{at}/")]),
            &["Bearer hush-1", "hush-2"],
        ),
        (
            &|at| words(&[&format!("http://{at}/"), "--mix", &mix]),
            &["/?token=hush-1", "a=hush-1"],
        ),
        (
            &|at| words(&[&format!("http://{at}/"), "--har", &har]),
            &["api_key=hush-1"],
        ),
    ];
    for (at, (arguments, sent)) in cases.iter().enumerate() {
        let (address, answering) = one_answer();
        let output = gosweep()
            .arg("load")
            .args(arguments(&address))
            .args([
                "-n",
                "1",
                "-c",
                "1",
                "-d",
                "20s",
                "--json",
                &outputs[0],
                "--csv-out",
                &outputs[1],
                "--prometheus",
                &outputs[2],
            ])
            .env("HUSH_TOKEN", "hush-1")
            .output()
            .unwrap();
        assert_eq!(code(&output), 0, "case {at}: {}", stderr(&output));
        let asked = answering.join().unwrap();
        for part in *sent {
            assert!(asked.contains(part), "case {at}: {part}: {asked}");
        }
        assert_silent(&output, folder.path());
    }
}

#[test]
fn errors_quote_no_secret() {
    for arguments in [
        &["http://me:hush@127.0.0.1:1/"][..],
        &["ftp://me:hush@127.0.0.1/?token=hush"],
        &["http://127.0.0.1:1/?token=hush", "--insecure"],
        &["curl http://me:hush@127.0.0.1:1/ http://127.0.0.1:1/?token=hush"],
        &["http://127.0.0.1:1/?key=hush", "-d", "1s"],
    ] {
        let output = load(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(
            !stderr(&output).contains("hush"),
            "{arguments:?}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn a_file_of_headers_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.txt");
    std::fs::write(&bad, "Accept: a\nhush hush\n").unwrap();
    for (file, expected) in [
        ("/no/such/file".to_owned(), "cannot read /no/such/file"),
        (bad.display().to_string(), "bad.txt:2: no header"),
        ("/dev/zero".to_owned(), "is no regular file"),
        (folder.path().display().to_string(), "is no regular file"),
    ] {
        let output = load(["http://127.0.0.1:1/", "-H", &format!("@{file}")]);
        assert_eq!(code(&output), 2);
        let said = stderr(&output);
        assert!(said.contains(expected) && !said.contains("hush"), "{said}");
    }
}
