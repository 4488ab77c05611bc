//! A server that records what arrives.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Method and target.
    pub(crate) line: String,
    /// Names in lower case, as they mean the same in any.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Recorder {
    address: SocketAddr,
    arrived: Receiver<Recorded>,
}

impl Recorder {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, arrived) = channel();
        // It ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sender = sender.clone();
                std::thread::spawn(move || serve(stream, &sender));
            }
        });
        Self { address, arrived }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The first request that arrived since the last look, once everything that was sent is read.
    pub(crate) fn take(&self) -> Option<Recorded> {
        let first = self.arrived.recv_timeout(Duration::from_secs(10)).ok();
        while self.arrived.try_recv().is_ok() {}
        first
    }
}

fn serve(mut stream: TcpStream, sender: &Sender<Recorded>) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let Some(recorded) = read(&mut stream) else {
        return;
    };
    let _ = sender.send(recorded);
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
}

/// None for a connection that ends without a request.
fn read(stream: &mut TcpStream) -> Option<Recorded> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|own| own == b"\r\n\r\n") {
            break at;
        }
        more(stream, &mut bytes)?;
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        })
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse::<usize>().unwrap());
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        more(stream, &mut body)?;
    }
    Some(Recorded {
        line,
        headers,
        body,
    })
}

fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let mut piece = [0; 64 * 1024];
    let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
    bytes.extend_from_slice(&piece[..count]);
    Some(())
}
