//! A tunnel through an HTTP proxy (CONNECT, RFC 9110, 9.3.6).

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::Uri;
use percent_encoding::percent_decode_str;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::acme::{
    https::origin::{self, Origin},
    problem::{Cause, Problem},
};

/// The longest response head of a proxy, in bytes.
const HEAD: usize = 8 << 10;

/// An HTTP proxy that supports CONNECT.
pub(crate) struct Gateway {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The value of `Proxy-Authorization`: a secret.
    authorization: Option<String>,
}

impl Gateway {
    /// Parses `http://USER:PASSWORD@HOST:PORT`; the port is 80 if it is left out.
    ///
    /// # Errors
    /// Another scheme, or no host; the errors omit the text, because it may have a password.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        if scheme != "http" {
            bail!("a proxy by {scheme}:// cannot be used; write http://HOST:PORT");
        }
        let rest = rest.split('/').next().unwrap_or(rest);
        let (user, address) = match rest.rsplit_once('@') {
            Some((user, address)) => (Some(user), address),
            None => (None, rest),
        };
        let address: Uri = address.parse().context("write http://HOST:PORT")?;
        let host = address.host().context("write http://HOST:PORT")?;
        Ok(Self {
            host: origin::strip_brackets(host).to_owned(),
            port: address.port_u16().unwrap_or(80),
            authorization: user.map(basic_authorization),
        })
    }

    /// Opens a tunnel to the server through the stream to the proxy.
    pub(crate) async fn tunnel(
        &self,
        mut stream: TcpStream,
        origin: &Origin,
    ) -> Result<TcpStream, Problem> {
        let request = self.request(&origin.target());
        let fail = |cause: &dyn std::fmt::Display| {
            let proxy = &self.host;
            Problem::network(format!(
                "the proxy {proxy} of HTTPS_PROXY does not lead to {origin}: {cause}"
            ))
            .caused_by(Cause::Unreachable)
        };
        let sent = stream.write_all(request.as_bytes()).await;
        sent.map_err(|fault| fail(&fault))?;
        let head = ResponseHead::read(&mut stream).await;
        match head.map_err(|fault| fail(&fault))?.status() {
            Some(200..=299) => Ok(stream),
            Some(status) => Err(fail(&format!("it answered {status}"))),
            None => Err(fail(&"it does not speak HTTP")),
        }
    }

    /// Returns the CONNECT request for a host and port.
    pub(super) fn request(&self, target: &str) -> String {
        let authorization = self
            .authorization
            .as_deref()
            .map_or_else(String::new, |value| {
                format!("Proxy-Authorization: {value}\r\n")
            });
        format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n")
    }
}

fn basic_authorization(user: &str) -> String {
    let user: Vec<u8> = percent_decode_str(user).collect();
    format!("Basic {}", STANDARD.encode(user))
}

/// The head of the proxy's response to CONNECT.
struct ResponseHead(Vec<u8>);

impl ResponseHead {
    /// Reads to the empty line and not beyond: the bytes after it are the server's.
    async fn read(stream: &mut TcpStream) -> std::io::Result<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD {
            head.push(stream.read_u8().await?);
        }
        Ok(Self(head))
    }

    /// Returns the status code; none if the head is not HTTP/1.
    fn status(&self) -> Option<u16> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut headers);
        response.parse(&self.0).ok()?.is_complete().then_some(())?;
        response.code
    }
}
