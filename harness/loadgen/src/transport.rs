//! The byte stream under a connection: TCP, Unix or TLS, with its bytes counted.
//!
//! The main types are [`Connector`], made once per run, and [`Transport`]. Bytes are counted
//! above TLS: they are HTTP's bytes, not the record layer's. Proxies are deliberately absent.

use std::cell::Cell;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::endpoint::{Address, Protocol};
use crate::errors::{ErrorClass, Failure, LoadError};
use crate::spec::LoadSpec;
use crate::tls;

/// Opens transports to one endpoint.
pub(crate) struct Connector {
    target: Target,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    /// ALPN must have chosen HTTP/2, or the peer would be spoken to in a tongue it did not take.
    wants_http2: bool,
    local_ports: Option<(u16, u16)>,
}

enum Target {
    /// The addresses of the name and the index of the one that answered last.
    Tcp(Vec<SocketAddr>, AtomicUsize),
    Unix(PathBuf),
}

impl Connector {
    /// Resolves the name and reads the TLS files.
    ///
    /// # Errors
    /// [`LoadError::NoConnection`] of class `dns`, or what the TLS options are refused for.
    pub(crate) fn new(spec: &LoadSpec) -> Result<Self, LoadError> {
        let target = match &spec.endpoint.address {
            Address::Unix(path) => Target::Unix(path.clone()),
            Address::Tcp { host, port } => {
                let refuse = |message: String| LoadError::NoConnection {
                    target: spec.endpoint.address.to_string(),
                    class: ErrorClass::Dns,
                    message,
                    attempts: 0,
                };
                let addresses: Vec<SocketAddr> = (host.as_str(), *port)
                    .to_socket_addrs()
                    .map_err(|error| refuse(error.to_string()))?
                    .collect();
                if addresses.is_empty() {
                    return Err(refuse("the name has no address".into()));
                }
                Target::Tcp(addresses, AtomicUsize::new(0))
            }
        };
        let tls = match &spec.endpoint.tls {
            None => None,
            Some(options) => {
                let config = tls::client_config(options, spec.protocol)?;
                let name = tls::server_name(options, &spec.endpoint)?;
                Some((TlsConnector::from(Arc::new(config)), name))
            }
        };
        Ok(Self {
            target,
            tls,
            wants_http2: spec.protocol == Protocol::Http2,
            local_ports: spec.local_ports,
        })
    }

    /// Opens one transport. Time limits are the caller's.
    pub(crate) async fn connect(&self, bytes: Rc<ByteCount>) -> Result<Transport, Failure> {
        let stream = match (&self.target, &self.tls) {
            (Target::Unix(path), None) => Stream::Unix(UnixStream::connect(path).await?),
            (Target::Unix(path), Some(tls)) => {
                let stream = UnixStream::connect(path).await?;
                Stream::UnixTls(Box::new(self.handshake(tls, stream).await?))
            }
            (Target::Tcp(addresses, last), None) => {
                Stream::Tcp(self.connect_tcp(addresses, last).await?)
            }
            (Target::Tcp(addresses, last), Some(tls)) => {
                let stream = self.connect_tcp(addresses, last).await?;
                Stream::TcpTls(Box::new(self.handshake(tls, stream).await?))
            }
        };
        Ok(Transport {
            stream,
            bytes,
            ending: Rc::default(),
        })
    }

    async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        (connector, name): &(TlsConnector, ServerName<'static>),
        stream: S,
    ) -> Result<TlsStream<S>, Failure> {
        let stream = connector
            .connect(name.clone(), stream)
            .await
            .map_err(|error| {
                // A peer that hangs up amid the handshake has failed TLS, whatever the errno.
                let class = match ErrorClass::of_io(&error) {
                    ErrorClass::Io | ErrorClass::Closed => ErrorClass::Tls,
                    class => class,
                };
                Failure::new(class, error.to_string())
            })?;
        if self.wants_http2 && stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(Failure::new(
                ErrorClass::Tls,
                "the server does not offer h2 by ALPN",
            ));
        }
        Ok(stream)
    }
}

impl Connector {
    /// Tries the addresses in turn, the one that answered last first.
    async fn connect_tcp(
        &self,
        addresses: &[SocketAddr],
        last: &AtomicUsize,
    ) -> Result<TcpStream, Failure> {
        let first = last.load(Ordering::Relaxed);
        let mut failure = None;
        for offset in 0..addresses.len() {
            let index = (first + offset) % addresses.len();
            match self.connect_address(addresses[index]).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    last.store(index, Ordering::Relaxed);
                    return Ok(stream);
                }
                Err(error) => failure = Some(error),
            }
        }
        Err(failure
            .expect("a connector has at least one address")
            .into())
    }

    async fn connect_address(&self, address: SocketAddr) -> std::io::Result<TcpStream> {
        let Some(ports) = self.local_ports else {
            return TcpStream::connect(address).await;
        };
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        set_local_ports(&socket, ports)?;
        socket.connect(address).await
    }
}

#[expect(unsafe_code, reason = "no safe wrapper knows IP_LOCAL_PORT_RANGE")]
fn set_local_ports(socket: &TcpSocket, (first, last): (u16, u16)) -> std::io::Result<()> {
    /// `IP_LOCAL_PORT_RANGE` of linux/in.h; ip(7) has the upper bound in the high half.
    const IP_LOCAL_PORT_RANGE: libc::c_int = 51;
    let range = (u32::from(last) << 16) | u32::from(first);
    // SAFETY: the descriptor is open for the borrow's time, and the pointer and length are
    // those of a live u32, which the kernel only reads.
    let status = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_IP,
            IP_LOCAL_PORT_RANGE,
            (&raw const range).cast(),
            size_of::<u32>() as libc::socklen_t,
        )
    };
    if status == 0 {
        Ok(())
    } else {
        Err(std::io::Error::last_os_error())
    }
}

/// Bytes that the connections of one thread read and wrote.
#[derive(Debug, Default)]
pub(crate) struct ByteCount {
    pub(crate) read: Cell<u64>,
    pub(crate) written: Cell<u64>,
}

/// An open byte stream.
pub(crate) struct Transport {
    stream: Stream,
    bytes: Rc<ByteCount>,
    ending: Rc<Cell<Option<ErrorClass>>>,
}

impl Transport {
    /// How the stream ended, once it has: the first that was seen of it. For engines that are not
    /// told by the library that they give the stream to.
    pub(crate) fn ending(&self) -> Rc<Cell<Option<ErrorClass>>> {
        self.ending.clone()
    }

    #[inline]
    fn wrote(&self, result: &Poll<std::io::Result<usize>>) {
        match result {
            Poll::Ready(Ok(written)) => {
                let total = self.bytes.written.get() + *written as u64;
                self.bytes.written.set(total);
            }
            Poll::Ready(Err(error)) => self.ended(ErrorClass::of_io(error)),
            Poll::Pending => {}
        }
    }

    #[cold]
    fn ended(&self, class: ErrorClass) {
        if self.ending.get().is_none() {
            self.ending.set(Some(class));
        }
    }
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    TcpTls(Box<TlsStream<TcpStream>>),
    UnixTls(Box<TlsStream<UnixStream>>),
}

/// Runs `$call` on whichever stream it is.
macro_rules! on_stream {
    ($transport:expr, $stream:ident => $call:expr) => {
        match &mut $transport.stream {
            Stream::Tcp($stream) => $call,
            Stream::Unix($stream) => $call,
            Stream::TcpTls($stream) => $call,
            Stream::UnixTls($stream) => $call,
        }
    };
}

impl AsyncRead for Transport {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let result = on_stream!(self, stream => Pin::new(stream).poll_read(context, buffer));
        let read = (buffer.filled().len() - before) as u64;
        self.bytes.read.set(self.bytes.read.get() + read);
        match &result {
            Poll::Ready(Err(error)) => self.ended(ErrorClass::of_io(error)),
            Poll::Ready(Ok(())) if read == 0 && buffer.remaining() > 0 => {
                self.ended(ErrorClass::Closed);
            }
            _ => {}
        }
        result
    }
}

impl AsyncWrite for Transport {
    #[inline]
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let result = on_stream!(self, stream => Pin::new(stream).poll_write(context, bytes));
        self.wrote(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let result =
            on_stream!(self, stream => Pin::new(stream).poll_write_vectored(context, slices));
        self.wrote(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Tcp(stream) => stream.is_write_vectored(),
            Stream::Unix(stream) => stream.is_write_vectored(),
            Stream::TcpTls(stream) => stream.is_write_vectored(),
            Stream::UnixTls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        on_stream!(self, stream => Pin::new(stream).poll_flush(context))
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        on_stream!(self, stream => Pin::new(stream).poll_shutdown(context))
    }
}
