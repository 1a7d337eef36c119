//! One validation request to the place of a proof.

use std::{io, net::SocketAddr};

use aws_lc_rs::digest::{SHA256, digest};
use hickory_proto::{
    op::{Message, Query},
    rr::{Name, RData, RecordType},
};
use rustls::pki_types::CertificateDer;
use tokio::net::{TcpStream, UdpSocket};
use x509_parser::{extensions::GeneralName, parse_x509_certificate};

use super::{
    super::{Options, jws::encode},
    Kind,
};
use crate::harness::{Authority, Client, Wire};

/// The extension with the key authorization (RFC 8737, section 3).
const ACME_IDENTIFIER: &str = "1.3.6.1.5.5.7.1.31";

/// The expected proof and its place.
pub(in super::super) struct ValidationAttempt {
    pub(in super::super) kind: Kind,
    pub(in super::super) name: String,
    pub(in super::super) token: String,
    pub(in super::super) thumbprint: String,
    pub(in super::super) options: Options,
}

impl ValidationAttempt {
    /// Returns true if the proof is there.
    pub(super) async fn proof(&self) -> io::Result<bool> {
        match self.kind {
            Kind::Http01 => self.over_http().await,
            Kind::TlsAlpn01 => self.over_tls().await,
            Kind::Dns01 => self.over_dns().await,
        }
    }

    fn key_authorization(&self) -> String {
        format!("{}.{}", self.token, self.thumbprint)
    }

    async fn over_http(&self) -> io::Result<bool> {
        let mut wire = Wire::new(TcpStream::connect(self.options.http).await?);
        let target = format!("/.well-known/acme-challenge/{}", self.token);
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.name
        );
        wire.write(request.as_bytes()).await?;
        let head = wire.head().await?.unwrap_or_default();
        let mut body = Vec::new();
        let each = |bytes: &[u8]| body.extend_from_slice(bytes);
        wire.body(head.framing(), each).await?;
        let right = body.trim_ascii_end() == self.key_authorization().as_bytes();
        Ok(head.word(1) == "200" && right)
    }

    async fn over_tls(&self) -> io::Result<bool> {
        let root = Authority::new("nobody").certificate();
        let client = Client::tls(self.options.tls, root)
            .accepting_any_certificate()
            .name(&self.name);
        let shown = client.certificate_for("acme-tls/1").await?;
        Ok(shown.is_some_and(|certificate| self.is_in(&certificate.into())))
    }

    /// Returns true if the certificate is the proof: this name only, and the digest as the only
    /// value of a critical extension (RFC 8737, section 3).
    fn is_in(&self, certificate: &CertificateDer<'_>) -> bool {
        let Ok((_, certificate)) = parse_x509_certificate(certificate) else {
            return false;
        };
        let names = certificate.subject_alternative_name().ok().flatten();
        let named = names.is_some_and(|names| match names.value.general_names[..] {
            [GeneralName::DNSName(name)] => name == self.name,
            _ => false,
        });
        let digest = digest(&SHA256, self.key_authorization().as_bytes());
        // An OCTET STRING of 32 bytes.
        let value = [&[4, 32], digest.as_ref()].concat();
        let mut extensions = certificate.iter_extensions();
        let right = extensions.any(|extension| {
            extension.oid.to_id_string() == ACME_IDENTIFIER
                && extension.critical
                && extension.value == value
        });
        named && right
    }

    async fn over_dns(&self) -> io::Result<bool> {
        let Some(server) = self.options.dns else {
            return Err(io::Error::other("no DNS server"));
        };
        let expected = encode(digest(&SHA256, self.key_authorization().as_bytes()));
        let name = format!("_acme-challenge.{}.", self.name);
        let texts = texts(server, &name).await?;
        Ok(texts.contains(&expected))
    }
}

/// The texts of the name, through a few aliases.
async fn texts(server: SocketAddr, name: &str) -> io::Result<Vec<String>> {
    let mut name: Name = name.parse().map_err(io::Error::other)?;
    for _ in 0..4 {
        let answer = query(server, &name).await?;
        let records = answer.answers.iter();
        let texts: Vec<_> = records.filter_map(|record| text(&record.data)).collect();
        let alias = answer.answers.iter().find_map(|record| match &record.data {
            RData::CNAME(alias) => Some(alias.0.clone()),
            _ => None,
        });
        match alias.filter(|_| texts.is_empty()) {
            Some(alias) => name = alias,
            None => return Ok(texts),
        }
    }
    Ok(Vec::new())
}

async fn query(server: SocketAddr, name: &Name) -> io::Result<Message> {
    let mut question = Message::query();
    question.add_query(Query::query(name.clone(), RecordType::TXT));
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    socket.connect(server).await?;
    let question = question.to_vec().map_err(io::Error::other)?;
    socket.send(&question).await?;
    let mut answer = vec![0; 4096];
    let length = socket.recv(&mut answer).await?;
    Message::from_vec(&answer[..length]).map_err(io::Error::other)
}

fn text(data: &RData) -> Option<String> {
    let RData::TXT(text) = data else {
        return None;
    };
    Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned())
}
