//! The service under load: this program, started by gosweep as `... service::serves --ignored ADDRESS`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

/// Answers every request on a connection until it closes.
fn answer(mut connection: TcpStream) {
    let mut pending = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = connection.read(&mut chunk) {
        pending.extend_from_slice(&chunk[..count]);
        while let Some(end) = pending.windows(4).position(|four| four == b"\r\n\r\n") {
            pending.drain(..end + 4);
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
            if connection.write_all(answer).is_err() {
                return;
            }
        }
    }
}

#[test]
#[ignore = "the service itself, which runs until it is killed"]
fn serves() {
    let address = std::env::args().find(|argument| argument.starts_with("127.0.0.1:"));
    let Some(address) = address else { return };
    let listener = TcpListener::bind(address).unwrap();
    for connection in listener.incoming().flatten() {
        std::thread::spawn(move || answer(connection));
    }
}
