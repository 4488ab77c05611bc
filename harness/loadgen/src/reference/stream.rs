//! The byte streams that the reference server serves.

use tokio::io::{AsyncRead, AsyncWrite};

/// A byte stream that the server can serve, and reset where it is a TCP socket.
pub(super) trait ServerStream: AsyncRead + AsyncWrite + Unpin {
    /// Arranges for a reset instead of an orderly close when the stream is dropped.
    fn reset_on_close(&self) {}
}

impl ServerStream for tokio::net::TcpStream {
    fn reset_on_close(&self) {
        // A linger of zero makes the kernel send RST (socket(7), SO_LINGER).
        let _ = socket2::SockRef::from(self).set_linger(Some(std::time::Duration::ZERO));
    }
}

impl ServerStream for tokio::net::UnixStream {}

impl ServerStream for tokio_rustls::server::TlsStream<tokio::net::TcpStream> {
    fn reset_on_close(&self) {
        self.get_ref().0.reset_on_close();
    }
}
