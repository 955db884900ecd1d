// SPDX-License-Identifier: MPL-2.0
//! The page's server: one thread, on 127.0.0.1 alone.
//!
//! | method and path, after the token | answers |
//! |---|---|
//! | `GET` nothing, `style.css`, `script.js` | the page |
//! | `GET` `picture` | multipart JPEG, the newest frame each time |
//! | `GET` `frame.jpg` | the next frame |
//! | `GET` `events` | server-sent events: a frame's state as JSON, ten a second at most |
//! | `GET` `labels` | the model's labels and views as JSON |
//! | `GET` `still.png` | the newest frame with its settings in a text chunk |
//! | `POST` `settings` | changes settings by a JSON object; answers those in force, or 422 and a sentence |
//! | `POST` `record` `{"on": true}` | begins or ends a recording |
//! | `GET` `recording.webm` | the last recording |

mod answer;
mod door;
mod routes;
mod streams;

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::thread;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::shared::Shared;
use door::Door;

/// Bytes that may wait in the system for a slow viewer: a few frames, so that what is seen is never old.
const WAITING: u32 = 128 << 10;
/// Connections that may wait to be taken up.
const BACKLOG: u32 = 64;

/// The server; it ends when this is let go.
#[derive(Debug)]
pub(crate) struct Server {
    address: String,
    /// Dropped to end it.
    _running: oneshot::Sender<Infallible>,
}

impl Server {
    pub(crate) fn start(shared: Arc<Shared>, port: u16) -> Result<Self> {
        let listen = |error| Error::Listen { port, error };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::System)?;
        let listener = runtime.block_on(async { listener(port) }).map_err(listen)?;
        let door = Arc::new(Door::new(listener.local_addr().map_err(listen)?.port())?);
        let address = door.address();
        let (running, ended) = oneshot::channel();
        thread::Builder::new()
            .name("steerlens-page".to_owned())
            .spawn(move || {
                runtime.spawn(serve(listener, door, shared));
                let _ = runtime.block_on(ended);
                // Streams to viewers end with it; nothing waits for them.
                runtime.shutdown_background();
            })
            .map_err(Error::System)?;
        Ok(Self {
            address,
            _running: running,
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

fn listener(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    // Connections inherit it.
    socket.set_send_buffer_size(WAITING)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(BACKLOG)
}

async fn serve(listener: TcpListener, door: Arc<Door>, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors: they come back when viewers go.
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (door, shared) = (Arc::clone(&door), Arc::clone(&shared));
        let service = service_fn(move |request| {
            let (door, shared) = (Arc::clone(&door), Arc::clone(&shared));
            async move { Ok::<_, Infallible>(routes::answer(request, &door, &shared).await) }
        });
        // A viewer that goes away is no error.
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .max_buf_size(WAITING as usize)
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            let _ = connection.await;
        });
    }
}
