//! The reference server's thread and its log.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net::{TcpListener, UnixListener};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use super::behaviour::Behaviour;
use super::connection::{Shared, serve};
use super::log::ServerLog;

/// A running reference server. Dropping it closes its listener and all its connections.
pub struct ReferenceServer {
    address: Option<SocketAddr>,
    log: Arc<ServerLog>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ReferenceServer {
    /// A server on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When the system gives no port or thread.
    pub fn start(behaviour: Behaviour) -> io::Result<Self> {
        Self::start_on(SocketAddr::from(([127, 0, 0, 1], 0)), behaviour)
    }

    /// A server on a known address, as after a crash.
    ///
    /// # Errors
    /// When the address is taken or the system gives no thread.
    pub fn start_on(address: SocketAddr, behaviour: Behaviour) -> io::Result<Self> {
        Self::listen_tcp(address, behaviour, None, Idle::Asleep)
    }

    /// A server that never sleeps: its thread looks at the sockets over and over, so that it
    /// notes a request when it comes and not when its CPU has woken up. Takes a whole CPU.
    ///
    /// # Errors
    /// When the system gives no port or thread.
    pub fn start_busy_waiting(behaviour: Behaviour) -> io::Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::listen_tcp(address, behaviour, None, Idle::BusyWait)
    }

    /// A server that speaks TLS.
    ///
    /// # Errors
    /// When the system gives no port or thread.
    pub fn start_tls(behaviour: Behaviour, config: Arc<rustls::ServerConfig>) -> io::Result<Self> {
        Self::listen_tcp(
            SocketAddr::from(([127, 0, 0, 1], 0)),
            behaviour,
            Some(config.into()),
            Idle::Asleep,
        )
    }

    fn listen_tcp(
        address: SocketAddr,
        behaviour: Behaviour,
        tls: Option<TlsAcceptor>,
        idle: Idle,
    ) -> io::Result<Self> {
        use socket2::{Domain, Protocol, Socket, Type};
        let socket = Socket::new(
            Domain::for_address(address),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(4096)?;
        let listener = std::net::TcpListener::from(socket);
        let address = listener.local_addr()?;
        let listening = Listening::Tcp(listener, tls);
        Self::spawn(Some(address), listening, behaviour, idle)
    }

    /// A server on a Unix socket at `path`, which must not exist.
    ///
    /// # Errors
    /// When the socket cannot be made or the system gives no thread.
    pub fn start_unix(path: &Path, behaviour: Behaviour) -> io::Result<Self> {
        let listener = std::os::unix::net::UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        let listening = Listening::Unix(listener, path.to_owned());
        Self::spawn(None, listening, behaviour, Idle::Asleep)
    }

    fn spawn(
        address: Option<SocketAddr>,
        listening: Listening,
        behaviour: Behaviour,
        idle: Idle,
    ) -> io::Result<Self> {
        let log = Arc::new(ServerLog::default());
        let (stop, stopped) = oneshot::channel();
        let runtime_log = log.clone();
        let thread = std::thread::Builder::new()
            .name("reference".into())
            .spawn(move || serve_until(listening, behaviour, idle, runtime_log, stopped))?;
        Ok(Self {
            address,
            log,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The address of a TCP server.
    ///
    /// # Panics
    /// For a server on a Unix socket, which has none.
    pub fn address(&self) -> SocketAddr {
        self.address
            .expect("a server on a Unix socket has no address")
    }

    /// What the server has seen so far; a clone outlives the server.
    pub fn log(&self) -> &Arc<ServerLog> {
        &self.log
    }
}

impl Drop for ReferenceServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been printed; there is nobody to hand it to here.
            let _ = thread.join();
        }
    }
}

/// How the server passes the time between requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Idle {
    Asleep,
    BusyWait,
}

/// Keeps a runtime from sleeping: it looks at its sockets whenever all tasks have yielded.
async fn busy_wait() {
    loop {
        tokio::task::yield_now().await;
    }
}

enum Listening {
    Tcp(std::net::TcpListener, Option<TlsAcceptor>),
    Unix(std::os::unix::net::UnixListener, PathBuf),
}

fn serve_until(
    listening: Listening,
    behaviour: Behaviour,
    idle: Idle,
    log: Arc<ServerLog>,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build_local(LocalOptions::default())
        .expect("the reference server needs a runtime");
    runtime.block_on(async {
        let shared = Shared::new(behaviour, log);
        if idle == Idle::BusyWait {
            tokio::task::spawn_local(busy_wait());
        }
        tokio::select! {
            _ = stopped => {}
            () = accept(listening, shared) => {}
        }
    });
}

async fn accept(listening: Listening, shared: Shared) {
    match listening {
        Listening::Tcp(listener, tls) => {
            let listener = TcpListener::from_std(listener).expect("the listener is non-blocking");
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                // Small answers must not wait for the acknowledgement of earlier ones.
                let _ = stream.set_nodelay(true);
                let (shared, tls) = (shared.clone(), tls.clone());
                tokio::task::spawn_local(async move {
                    match tls {
                        None => serve(stream, shared).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, shared).await;
                            }
                        }
                    }
                });
            }
        }
        Listening::Unix(listener, path) => {
            let _remove = RemoveOnDrop(path);
            let listener = UnixListener::from_std(listener).expect("the listener is non-blocking");
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                tokio::task::spawn_local(serve(stream, shared.clone()));
            }
        }
    }
}

struct RemoveOnDrop(PathBuf);

impl Drop for RemoveOnDrop {
    fn drop(&mut self) {
        // It may be gone already with its temporary folder.
        let _ = std::fs::remove_file(&self.0);
    }
}
