// SPDX-License-Identifier: MPL-2.0
//! What goes on as long as somebody looks: pictures, states, and files in pieces.

use std::convert::Infallible;
use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Channel;
use http_body_util::channel::Sender;
use hyper::body::Bytes;

use crate::shared::Shared;

/// States come no quicker than anybody reads.
const PAUSE: Duration = Duration::from_millis(100);
/// Bytes of a file that are read at once.
const PIECE: usize = 1 << 16;

pub(super) const MULTIPART: &str = "multipart/x-mixed-replace; boundary=frame";
pub(super) const EVENTS: &str = "text/event-stream";

/// A JPEG for each frame; who is slow misses some. Each part ends with the boundary of the next, so that it is shown at
/// once.
pub(super) fn pictures(shared: &Shared) -> Channel<Bytes, Infallible> {
    let mut shown = shared.shown.subscribe();
    spawn(move |mut sender| async move {
        sender.send_data("--frame\r\n".into()).await.ok()?;
        loop {
            let frame = Arc::clone(&shown.borrow_and_update());
            if !frame.jpeg.is_empty() {
                let head = format!(
                    "Content-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
                    frame.jpeg.len()
                );
                for piece in [
                    head.into(),
                    frame.jpeg.clone(),
                    Bytes::from_static(b"\r\n--frame\r\n"),
                ] {
                    sender.send_data(piece).await.ok()?;
                }
            }
            shown.changed().await.ok()?;
        }
    })
}

/// Each frame's state, as server-sent events.
pub(super) fn states(shared: &Shared) -> Channel<Bytes, Infallible> {
    let mut shown = shared.shown.subscribe();
    spawn(move |mut sender| async move {
        loop {
            let frame = Arc::clone(&shown.borrow_and_update());
            let event = format!("data: {}\n\n", frame.state);
            sender.send_data(event.into()).await.ok()?;
            tokio::time::sleep(PAUSE).await;
            shown.changed().await.ok()?;
        }
    })
}

/// A file, piece by piece.
pub(super) fn file(mut file: File) -> Channel<Bytes, Infallible> {
    let (mut sender, body) = Channel::new(1);
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let mut piece = vec![0; PIECE];
        while let Ok(length @ 1..) = file.read(&mut piece) {
            let bytes = Bytes::copy_from_slice(piece.get(..length).unwrap_or_default());
            if runtime.block_on(sender.send_data(bytes)).is_err() {
                return;
            }
        }
    });
    body
}

/// Sends until the viewer goes, which `send` sees by a `None`.
fn spawn<F>(send: impl FnOnce(Sender<Bytes>) -> F) -> Channel<Bytes, Infallible>
where
    F: Future<Output = Option<()>> + Send + 'static,
{
    let (sender, body) = Channel::new(1);
    tokio::spawn(send(sender));
    body
}
