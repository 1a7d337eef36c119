//! The resolver of this machine: what it is asked on the way to the zone's own name servers.
//!
//! Never for the challenge's name: that it does not exist would be remembered and, where the CA
//! uses the same resolver, told to it.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use hickory_proto::{
    op::Message,
    rr::{Name, RecordType},
};

use crate::regular_file;

use super::{
    answer::{hosts, is_known},
    exchange::{ask, question},
    zone,
};

/// Where the resolvers of the system are listed.
const SYSTEM: &str = "/etc/resolv.conf";

/// How many name servers of a zone are asked.
const SERVERS: usize = 13;

/// Recursive resolvers, of which the first to answer is believed.
pub struct Resolver {
    listed: Listed,
    patience: Duration,
}

enum Listed {
    /// Read again for each question, because a laptop or a router changes networks.
    In(PathBuf),
    Here(Vec<SocketAddr>),
}

impl Resolver {
    /// The resolvers in `/etc/resolv.conf`.
    #[must_use]
    pub fn system() -> Self {
        Self::with(Listed::In(SYSTEM.into()))
    }

    /// These resolvers.
    #[must_use]
    pub fn new(servers: Vec<SocketAddr>) -> Self {
        Self::with(Listed::Here(servers))
    }

    /// The same resolvers with another time for each try; three seconds otherwise.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    fn with(listed: Listed) -> Self {
        Self {
            listed,
            patience: Duration::from_secs(3),
        }
    }

    /// What is known of a name.
    pub(super) async fn ask(&self, name: &Name, kind: RecordType) -> io::Result<Message> {
        let mut question = question(name, kind);
        question.metadata.recursion_desired = true;
        let mut last = io::Error::other("no resolver is listed in /etc/resolv.conf");
        for server in self.servers()? {
            last = match ask(server, &question, self.patience).await {
                Ok(reply) if is_known(&reply.message) => return Ok(reply.message),
                Ok(reply) => {
                    let code = reply.message.response_code;
                    io::Error::other(format!("the resolver {server} answers: {code}"))
                }
                Err(error) => io::Error::other(format!("the resolver {server}: {error}")),
            };
        }
        Err(last)
    }

    fn servers(&self) -> io::Result<Vec<SocketAddr>> {
        match &self.listed {
            Listed::In(file) => read(file),
            Listed::Here(servers) => Ok(servers.clone()),
        }
    }

    /// The zone a name is in.
    pub(super) async fn zone(&self, name: &Name) -> io::Result<Name> {
        for candidate in zone::candidates(name) {
            let answer = self.ask(&candidate, RecordType::SOA).await?;
            if let Some(zone) = zone::told(&answer, &candidate) {
                return Ok(zone);
            }
        }
        Err(io::Error::other(format!("{name} is in no zone")))
    }

    /// The names of a zone's name servers.
    pub(super) async fn name_servers(&self, zone: &Name) -> io::Result<Vec<Name>> {
        let answer = self.ask(zone, RecordType::NS).await?;
        Ok(hosts(answer.answers.iter().map(|record| &record.data)))
    }

    /// The addresses of hosts, as far as they are known.
    pub(super) async fn addresses(&self, hosts: &[Name]) -> Vec<IpAddr> {
        let kinds = [RecordType::A, RecordType::AAAA];
        let questions = hosts
            .iter()
            .take(SERVERS)
            .flat_map(|host| kinds.map(|kind| self.ask(host, kind)));
        let answers = futures_util::future::join_all(questions).await;
        let records = answers
            .into_iter()
            .flatten()
            .flat_map(|answer| answer.answers);
        let mut found = Vec::new();
        for address in records.filter_map(|record| record.data.ip_addr()) {
            if !found.contains(&address) {
                found.push(address);
            }
        }
        found
    }
}

/// The `nameserver` lines of resolv.conf(5); addresses of one link only are passed over.
fn read(file: &Path) -> io::Result<Vec<SocketAddr>> {
    let text = regular_file::read_to_string(file)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))?;
    let addresses = text.lines().filter_map(|line| {
        let address = line.trim().strip_prefix("nameserver")?;
        let address: IpAddr = address.split_whitespace().next()?.parse().ok()?;
        Some(SocketAddr::new(address, 53))
    });
    Ok(addresses.collect())
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::ResponseCode;

    use std::fs;

    use super::*;
    use crate::acme::dns::testing::{FakeServer, answer, name, soa};

    fn resolver(servers: &[&FakeServer]) -> Resolver {
        let servers = servers.iter().map(|server| server.address());
        Resolver::new(servers.collect()).patient(Duration::from_millis(200))
    }

    #[test]
    fn resolv_conf_is_read_for_its_name_servers() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("resolv.conf");
        let text = "# a\nsearch lan\nnameserver 192.0.2.1\n nameserver\t2001:db8::1 # b\n\
                    nameserver fe80::1%eth0\noptions ndots:2\n";
        fs::write(&file, text).unwrap();
        let expected = ["192.0.2.1:53", "[2001:db8::1]:53"];
        assert_eq!(read(&file).unwrap(), expected.map(|a| a.parse().unwrap()));
    }

    #[tokio::test]
    async fn next_resolver_is_asked_when_one_fails() {
        let failing = FakeServer::start(|question, _| {
            let mut answer = answer(question, vec![]);
            answer.metadata.response_code = ResponseCode::ServFail;
            Some(answer)
        })
        .await;
        let good = FakeServer::start(|question, _| Some(answer(question, vec![]))).await;
        let both = resolver(&[&failing, &good]);
        assert!(both.ask(&name("a.test."), RecordType::A).await.is_ok());
        let one = resolver(&[&failing]);
        let fault = one.ask(&name("a.test."), RecordType::A).await.unwrap_err();
        assert!(fault.to_string().contains("Server Failure"), "{fault}");
    }

    #[tokio::test]
    async fn no_resolver_is_a_fault() {
        let none = Resolver::new(vec![]);
        assert!(none.ask(&name("a.test."), RecordType::A).await.is_err());
    }

    #[tokio::test]
    async fn zone_is_found_from_below() {
        let server = FakeServer::start(|question, _| {
            let asked = question.queries[0].name().to_ascii();
            let found = asked == "example.test.";
            Some(answer(
                question,
                found.then(|| soa("example.test.")).into_iter().collect(),
            ))
        })
        .await;
        let zone = resolver(&[&server]).zone(&name("a.b.example.test.")).await;
        assert_eq!(zone.unwrap(), name("example.test."));
        let none = resolver(&[&server]).zone(&name("other.test.")).await;
        assert!(none.is_err());
    }
}
