//! Raw HTTP/1.1, read from either end.

use std::io::{self, ErrorKind};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

use super::head::{Framing, Head};

/// A connection of which the read bytes are buffered and the written are not.
pub struct Wire<S> {
    stream: BufReader<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// A wire over the stream.
    pub fn new(stream: S) -> Self {
        let stream = BufReader::new(stream);
        Self { stream }
    }

    /// Returns the stream, with the bytes that were read ahead.
    pub fn into_stream(self) -> BufReader<S> {
        self.stream
    }

    /// Writes the bytes at once.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Ends the writing side of the connection.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }

    /// The next head; none when the peer has closed.
    pub async fn head(&mut self) -> io::Result<Option<Head>> {
        let mut bytes = Vec::new();
        loop {
            let start = bytes.len();
            if self.stream.read_until(b'\n', &mut bytes).await? == 0 {
                return Ok((start > 0).then(|| Head::parse(bytes)));
            }
            if start > 0 && matches!(&bytes[start..], b"\r\n" | b"\n") {
                return Ok(Some(Head::parse(bytes)));
            }
        }
    }

    /// Reads a body to its end, giving out its bytes as they come.
    pub async fn body(&mut self, framing: Framing, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        match framing {
            Framing::Length(length) => self.exactly(length, &mut each).await,
            Framing::Chunked => self.chunks(&mut each).await,
            Framing::Undeclared => self.rest(&mut each).await,
        }
    }

    /// The bytes that are there, at most `limit`; none at the end.
    pub async fn some(&mut self, limit: u64) -> io::Result<Vec<u8>> {
        let there = self.stream.fill_buf().await?;
        let length = there
            .len()
            .min(usize::try_from(limit).unwrap_or(usize::MAX));
        let bytes = there[..length].to_vec();
        self.stream.consume(length);
        Ok(bytes)
    }

    async fn exactly(&mut self, length: u64, each: &mut impl FnMut(&[u8])) -> io::Result<()> {
        let mut left = length;
        while left > 0 {
            let bytes = self.some(left).await?;
            if bytes.is_empty() {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            left -= bytes.len() as u64;
            each(&bytes);
        }
        Ok(())
    }

    async fn chunks(&mut self, each: &mut impl FnMut(&[u8])) -> io::Result<()> {
        loop {
            let size = self.line().await?;
            let size = u64::from_str_radix(size.trim(), 16)
                .map_err(|_| io::Error::new(ErrorKind::InvalidData, size))?;
            self.exactly(size, each).await?;
            let after = self.line().await?;
            if size == 0 && !after.is_empty() {
                return Err(io::Error::other("a trailer field"));
            }
            if size == 0 {
                return Ok(());
            }
        }
    }

    async fn rest(&mut self, each: &mut impl FnMut(&[u8])) -> io::Result<()> {
        loop {
            let bytes = self.some(u64::MAX).await?;
            if bytes.is_empty() {
                return Ok(());
            }
            each(&bytes);
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}
