//! Recursive resolvers, which find the name servers of a zone.
//!
//! They get no query for the challenge's name: a resolver would cache that the record does not
//! exist, and the CA may use the same resolver.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use hickory_proto::rr::{Name, RecordType};

use crate::regular_file;

use super::{
    answer::Answer,
    exchange::{Exchange, query},
    zone,
};

/// The list of the system's resolvers.
const SYSTEM: &str = "/etc/resolv.conf";

/// The most name servers of a zone that are looked up.
const NAME_SERVERS: usize = 13;

/// Recursive resolvers; the first conclusive response is used.
pub struct Resolver {
    servers: ServerList,
    attempt_limit: Duration,
}

enum ServerList {
    /// A file that is read for each query, because a machine can move to another network.
    File(PathBuf),
    Fixed(Vec<SocketAddr>),
}

impl ServerList {
    fn read(&self) -> io::Result<Vec<SocketAddr>> {
        let file = match self {
            Self::File(file) => file,
            Self::Fixed(servers) => return Ok(servers.clone()),
        };
        let text = regular_file::read_to_string(file);
        let text = text.map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", file.display()))
        })?;
        Ok(Self::parse(&text))
    }

    /// Parses the `nameserver` lines of resolv.conf(5); addresses with a zone index are skipped.
    fn parse(text: &str) -> Vec<SocketAddr> {
        let addresses = text.lines().filter_map(|line| {
            let address = line.trim().strip_prefix("nameserver")?;
            let address: IpAddr = address.split_whitespace().next()?.parse().ok()?;
            Some(SocketAddr::new(address, 53))
        });
        addresses.collect()
    }
}

impl Resolver {
    /// Uses the resolvers of `/etc/resolv.conf`.
    #[must_use]
    pub fn system() -> Self {
        Self::with(ServerList::File(SYSTEM.into()))
    }

    /// Uses these resolvers.
    #[must_use]
    pub fn new(servers: Vec<SocketAddr>) -> Self {
        Self::with(ServerList::Fixed(servers))
    }

    /// Sets the time for each attempt at a server; three seconds without it.
    #[must_use]
    pub fn with_attempt_limit(self, attempt_limit: Duration) -> Self {
        Self {
            attempt_limit,
            ..self
        }
    }

    fn with(servers: ServerList) -> Self {
        Self {
            servers,
            attempt_limit: Duration::from_secs(3),
        }
    }

    /// Looks up the records of a name.
    pub(super) async fn query(&self, name: &Name, kind: RecordType) -> io::Result<Answer> {
        let mut query = query(name, kind);
        query.metadata.recursion_desired = true;
        let mut last = io::Error::other("no resolver is listed in /etc/resolv.conf");
        for server in self.servers.read()? {
            let exchange = Exchange::new(server, &query, self.attempt_limit);
            last = match exchange.answer().await {
                Ok(answer) if answer.is_conclusive() => return Ok(answer),
                Ok(answer) => {
                    let code = answer.message.response_code;
                    io::Error::other(format!("the resolver {server} answers: {code}"))
                }
                Err(error) => io::Error::other(format!("the resolver {server}: {error}")),
            };
        }
        Err(last)
    }

    /// Finds the zone of a name.
    pub(super) async fn zone(&self, name: &Name) -> io::Result<Name> {
        for candidate in zone::candidates(name) {
            let answer = self.query(&candidate, RecordType::SOA).await?;
            if let Some(zone) = answer.zone_of(&candidate) {
                return Ok(zone);
            }
        }
        Err(io::Error::other(format!("no zone is found for {name}")))
    }

    /// Looks up the names of a zone's name servers.
    pub(super) async fn name_servers(&self, zone: &Name) -> io::Result<Vec<Name>> {
        let answer = self.query(zone, RecordType::NS).await?;
        Ok(answer.name_servers())
    }

    /// Looks up the addresses of hosts; failed look-ups are skipped.
    pub(super) async fn addresses(&self, hosts: &[Name]) -> Vec<IpAddr> {
        let kinds = [RecordType::A, RecordType::AAAA];
        let queries = hosts
            .iter()
            .take(NAME_SERVERS)
            .flat_map(|host| kinds.map(|kind| self.query(host, kind)));
        let answers = futures_util::future::join_all(queries).await;
        let records = answers
            .into_iter()
            .flatten()
            .flat_map(|answer| answer.message.answers);
        let mut found = Vec::new();
        for address in records.filter_map(|record| record.data.ip_addr()) {
            if !found.contains(&address) {
                found.push(address);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::ResponseCode;

    use std::fs;

    use super::*;
    use crate::acme::dns::testing::{FakeServer, answer, name, soa};

    fn resolver(servers: &[&FakeServer]) -> Resolver {
        let servers = servers.iter().map(|server| server.address());
        Resolver::new(servers.collect()).with_attempt_limit(Duration::from_millis(200))
    }

    #[test]
    fn name_servers_are_read_from_resolv_conf() {
        let text = "# a\nsearch lan\nnameserver 192.0.2.1\n nameserver\t2001:db8::1 # b\n\
                    nameserver fe80::1%eth0\noptions ndots:2\n";
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("resolv.conf");
        fs::write(&file, text).unwrap();
        let servers = ServerList::File(file).read().unwrap();
        let expected = ["192.0.2.1:53", "[2001:db8::1]:53"];
        assert_eq!(servers, expected.map(|address| address.parse().unwrap()));
    }

    #[tokio::test]
    async fn the_next_resolver_is_queried_after_a_failure() {
        let failing = FakeServer::start(|query, _| {
            let mut answer = answer(query, vec![]);
            answer.metadata.response_code = ResponseCode::ServFail;
            Some(answer)
        })
        .await;
        let good = FakeServer::start(|query, _| Some(answer(query, vec![]))).await;
        let both = resolver(&[&failing, &good]);
        assert!(both.query(&name("a.test."), RecordType::A).await.is_ok());
        let one = resolver(&[&failing]);
        let fault = one
            .query(&name("a.test."), RecordType::A)
            .await
            .unwrap_err();
        assert!(fault.to_string().contains("Server Failure"), "{fault}");
    }

    #[tokio::test]
    async fn a_list_without_a_resolver_is_an_error() {
        let none = Resolver::new(vec![]);
        assert!(none.query(&name("a.test."), RecordType::A).await.is_err());
    }

    #[tokio::test]
    async fn a_zone_is_found_from_a_name_in_it() {
        let server = FakeServer::start(|query, _| {
            let queried = query.queries[0].name().to_ascii();
            let found = queried == "example.test.";
            Some(answer(
                query,
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
