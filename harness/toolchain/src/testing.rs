//! Stand-ins for the world outside: a toolchain of three shell scripts, and a web server for go.dev.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use crate::environment::goarch;

/// The files of a GOROOT that says it is `version` and can do nothing else.
pub(crate) fn fake_goroot(version: &str) -> Vec<(String, u32, Vec<u8>)> {
    let tools = format!("go/pkg/tool/linux_{}", goarch().unwrap());
    let go = format!("#!/bin/sh\necho 'go version go{version} linux/amd64'\n");
    let file = |name: &str, mode, text: &str| (name.to_owned(), mode, text.as_bytes().to_vec());
    vec![
        file(
            "go/VERSION",
            0o644,
            &format!("go{version}\ntime 2026-01-01T00:00:00Z\n"),
        ),
        file("go/bin/go", 0o755, &go),
        file(&format!("{tools}/compile"), 0o755, "compiler"),
        file(&format!("{tools}/link"), 0o755, "linker"),
        file("go/src/fmt/print.go", 0o644, "package fmt"),
    ]
}

/// The same as files on disk; returns nothing, `root/go` is the GOROOT.
pub(crate) fn write_fake_goroot(root: &Path, version: &str) {
    for (name, mode, content) in fake_goroot(version) {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(&path, mode).unwrap();
    }
}

/// Alters a file that may only be read, as its owner can.
pub(crate) fn alter(path: &Path, content: &str) {
    let writable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(path, writable).unwrap();
    std::fs::write(path, content).unwrap();
    let runs = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(path, runs).unwrap();
}

/// The same as go.dev packs it.
pub(crate) fn fake_archive(version: &str) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(encoder);
    for (name, mode, content) in fake_goroot(version) {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        tar.append_data(&mut header, name, content.as_slice())
            .unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// Answers GET requests on 127.0.0.1 until the test process ends, from the byte that is asked for. A body is announced
/// with `declared` bytes and sent as it is; the connection breaks after `most` bytes.
pub(crate) fn serve_in_parts(pages: HashMap<String, (usize, Vec<u8>)>, most: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/dl/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let request = lines.next().unwrap().unwrap();
            let mut from = 0;
            while let Some(line) = lines
                .next()
                .map(Result::unwrap)
                .filter(|own| !own.is_empty())
            {
                let line = line.to_lowercase();
                let asked = line.strip_prefix("range: bytes=");
                from = asked.map_or(from, |asked| asked.trim_end_matches('-').parse().unwrap());
            }
            let path = request.split(' ').nth(1).unwrap();
            let (status, declared, body) = match pages.get(path) {
                Some((declared, body)) if from == 0 => ("200 OK", *declared, body.as_slice()),
                Some((declared, body)) => ("206 Partial Content", declared - from, &body[from..]),
                None => ("404 Not Found", 0, &b""[..]),
            };
            let end = from + declared.saturating_sub(1);
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {declared}\r\nconnection: close\r\n\
                 content-range: bytes {from}-{end}/{}\r\n\r\n",
                from + declared
            );
            // A client that has seen enough hangs up.
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(&body[..body.len().min(most)]));
        }
    });
    base
}
