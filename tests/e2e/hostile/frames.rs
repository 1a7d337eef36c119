//! HTTP/2 by hand: frames no library would send (RFC 9113, section 4).

use tokio::io::{AsyncReadExt, AsyncWriteExt, split};

use crate::harness::{Client, Hubgate, Stream, within};

/// An HTTP/2 connection after its preface and SETTINGS.
pub(super) struct Frames {
    stream: Box<dyn Stream>,
}

/// Outcome of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was answered with 200.
    Answered,
    /// It was answered with another status.
    Refused,
    /// Its stream was reset.
    Reset,
    /// The connection was ended.
    Ended,
}

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// SETTINGS_INITIAL_WINDOW_SIZE of 0: the client takes no body.
pub(super) const NO_WINDOW: &[u8] = &[0, 4, 0, 0, 0, 0];

/// Pieces of a flood that hubgate must not bear.
const BORNE: u32 = 30_000;

impl Frames {
    /// Opens a connection.
    pub(super) async fn open(gate: &Hubgate) -> Self {
        Self::open_with(&gate.tls(), b"").await
    }

    /// Opens a connection with settings (RFC 9113, section 6.5.1).
    pub(super) async fn open_with(client: &Client, settings: &[u8]) -> Self {
        let mut stream = client.stream(&["h2"]).await.unwrap();
        stream.write_all(PREFACE).await.unwrap();
        let mut frames = Self { stream };
        frames.send(&frame(SETTINGS, 0, 0, settings)).await;
        frames
    }

    /// Writes the bytes; that hubgate has closed already is no fault here.
    pub(super) async fn send(&mut self, bytes: &[u8]) {
        let writing = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        let _ = within("hubgate reads", writing).await;
    }

    /// Waits for the outcome of stream 1.
    pub(super) async fn fate(&mut self) -> Outcome {
        self.fate_of(1).await
    }

    /// Waits for the outcome of a stream.
    pub(super) async fn fate_of(&mut self, number: u32) -> Outcome {
        loop {
            let Some((kind, stream, payload)) = within("a frame", self.next()).await else {
                return Outcome::Ended;
            };
            match (kind, stream) {
                (HEADERS, it) if it == number && payload.first() == Some(&0x88) => {
                    return Outcome::Answered;
                }
                (HEADERS, it) if it == number => return Outcome::Refused,
                (RST_STREAM, it) if it == number => return Outcome::Reset,
                (GOAWAY, _) => return Outcome::Ended,
                _ => {}
            }
        }
    }

    /// Waits for the end of the connection.
    pub(super) async fn end(mut self) {
        let reading = async { while self.next().await.is_some() {} };
        within("the connection ends", reading).await;
    }

    /// Sends piece after piece, until hubgate cuts the connection.
    ///
    /// # Panics
    /// If hubgate bears them all.
    pub(super) async fn flood(self, mut piece: impl FnMut(u32) -> Vec<u8>) {
        let (mut reader, mut writer) = split(self.stream);
        let mut cut = tokio::spawn(async move {
            let mut sink = [0; 16 * 1024];
            while matches!(reader.read(&mut sink).await, Ok(1..)) {}
        });
        let sending = async {
            for number in 0..BORNE {
                if writer.write_all(&piece(number)).await.is_err() {
                    return;
                }
            }
            panic!("a flood of {BORNE} was borne");
        };
        let flooding = async {
            tokio::select! {
                () = sending => {}
                _ = &mut cut => {}
            }
        };
        within("the flood is cut", flooding).await;
    }

    /// The next frame: its type, stream and payload; none at the end.
    pub(super) async fn next(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let mut header = [0; 9];
        self.stream.read_exact(&mut header).await.ok()?;
        let [a, b, c, kind, _, s, t, u, v] = header;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some((kind, u32::from_be_bytes([s, t, u, v]), payload))
    }
}

/// A frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A field block without compression (RFC 7541, section 6.2.2).
pub(super) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        block.extend(string(name.as_bytes()));
        block.extend(string(value.as_bytes()));
    }
    block
}

/// The pseudo-headers of a GET.
pub(super) const GET: [(&str, &str); 4] = [
    (":method", "GET"),
    (":scheme", "https"),
    (":authority", "home.test"),
    (":path", "/case"),
];

/// A string of any length (RFC 7541, section 5.2).
pub(super) fn string(bytes: &[u8]) -> Vec<u8> {
    let mut string = Vec::new();
    let mut length = bytes.len();
    if length < 127 {
        string.push(u8::try_from(length).unwrap());
    } else {
        string.push(127);
        length -= 127;
        while length >= 128 {
            string.push(u8::try_from(length % 128).unwrap() | 0x80);
            length /= 128;
        }
        string.push(u8::try_from(length).unwrap());
    }
    string.extend(bytes);
    string
}
