//! Propagation of a challenge's TXT record: the name at which it is created, and the wait until
//! the zone's name servers serve it.
//!
//! Only the name servers of the zone get queries for the name, because their responses are not
//! cached. If no check is possible, without a resolver or with port 53 blocked, the order goes on
//! after a fixed wait.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use futures_util::future::join_all;
use hickory_proto::rr::{Name, RecordType};
use tokio::time::{Instant, sleep};

use super::{
    Record, Resolver,
    answer::Answer,
    exchange::{Exchange, query},
};
use crate::acme::problem::Problem;

/// The most CNAMEs that are followed.
const CNAME_STEPS: usize = 8;

/// The most addresses of name servers that are queried.
const ADDRESSES: usize = 26;

/// Checks records at the name servers of their zone.
pub struct Propagation {
    resolver: Resolver,
    port: u16,
    /// A name server with a port of its own.
    server: Option<SocketAddr>,
    pace: Pace,
}

/// The intervals and limits of the checks.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The interval after the first check; each later one is twice as long.
    pub first: Duration,
    /// The longest interval.
    pub longest: Duration,
    /// Time after which a missing record is an error.
    pub limit: Duration,
    /// Time to wait if no check is possible.
    pub unchecked: Duration,
    /// Time for each attempt at a server.
    pub attempt_limit: Duration,
}

impl Default for Pace {
    /// Checks after 1, 3, 7, 15 and then every 10 seconds, for two minutes; waits 30 seconds if no
    /// check is possible.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(10),
            limit: Duration::from_secs(120),
            unchecked: Duration::from_secs(30),
            attempt_limit: Duration::from_secs(3),
        }
    }
}

/// The outcome of the wait for a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every name server that responds serves the record.
    Served,
    /// The time has passed, but no check was possible, for this reason.
    Unchecked(String),
}

/// The result of one check at all name servers.
enum Check {
    Served,
    /// This name server does not serve the record.
    Missing(SocketAddr),
    /// The check was impossible, for this reason.
    Impossible(String),
}

impl Check {
    /// Converts the last check into the outcome of the wait.
    fn outcome(self, record: &Record, waited: Duration) -> Result<Outcome, Problem> {
        match self {
            Self::Served => Ok(Outcome::Served),
            Self::Impossible(reason) => Ok(Outcome::Unchecked(reason)),
            Self::Missing(server) => Err(Problem::provider(format!(
                "the name server {server} does not serve the TXT record of {} {} s after its \
                 creation; check that the configured provider hosts the zone",
                record.fqdn,
                waited.as_secs()
            ))),
        }
    }
}

impl Propagation {
    /// Uses the resolvers of this machine and the default intervals.
    #[must_use]
    pub fn system() -> Self {
        Self::new(Resolver::system(), 53, Pace::default())
    }

    /// Uses these resolvers, name servers at this port, and these intervals.
    #[must_use]
    pub fn new(resolver: Resolver, port: u16, pace: Pace) -> Self {
        Self {
            resolver,
            port,
            server: None,
            pace,
        }
    }

    /// Sets a name server with a port of its own.
    #[must_use]
    pub fn with_server(self, server: SocketAddr) -> Self {
        let server = Some(server);
        Self { server, ..self }
    }

    /// Returns the name at which the record is created: the end of the name's CNAMEs, or itself.
    ///
    /// # Errors
    /// `Class::Provider` for more than eight CNAMEs, and for an invalid name.
    pub async fn target(&self, fqdn: &str) -> Result<String, Problem> {
        let mut name = parse_name(fqdn)?;
        for _ in 0..=CNAME_STEPS {
            match self.cname(&name).await {
                Some(target) => name = target,
                None => return Ok(name.to_lowercase().to_ascii()),
            }
        }
        Err(Problem::provider(format!(
            "the CNAMEs of {fqdn} have more than {CNAME_STEPS} steps; let the first lead to a name \
             without a CNAME"
        )))
    }

    /// Waits until every name server of the zone serves the record.
    ///
    /// # Errors
    /// `Class::Provider` if a name server does not serve it within the limit.
    pub async fn wait(&self, record: &Record) -> Result<Outcome, Problem> {
        let name = parse_name(&record.fqdn)?;
        let began = Instant::now();
        let mut interval = self.pace.first;
        loop {
            let check = self.check(&name, record.value.as_bytes()).await;
            let limit = match check {
                Check::Served => return Ok(Outcome::Served),
                Check::Missing(_) => self.pace.limit,
                Check::Impossible(_) => self.pace.unchecked,
            };
            if began.elapsed() + interval > limit {
                return check.outcome(record, began.elapsed());
            }
            sleep(interval).await;
            interval = (interval * 2).min(self.pace.longest);
        }
    }

    async fn check(&self, name: &Name, value: &[u8]) -> Check {
        let servers = match self.authoritative_servers(name).await {
            Ok(servers) => servers,
            Err(error) => return Check::Impossible(error.to_string()),
        };
        let mut check = Check::Impossible(format!(
            "no name server of {name} answers; check that no firewall blocks port 53"
        ));
        for (server, answer) in self.query_all(&servers, name, RecordType::TXT).await {
            // A response without authority comes from a resolver that intercepts queries.
            match answer.filter(Answer::is_authoritative) {
                Some(answer) if answer.has_txt(name, value) => check = Check::Served,
                Some(_) => return Check::Missing(server),
                None => {}
            }
        }
        check
    }

    async fn query_all(
        &self,
        servers: &[SocketAddr],
        name: &Name,
        kind: RecordType,
    ) -> Vec<(SocketAddr, Option<Answer>)> {
        let query = &query(name, kind);
        let answers = servers.iter().map(|server| async {
            let exchange = Exchange::new(*server, query, self.pace.attempt_limit);
            (*server, exchange.answer().await.ok())
        });
        join_all(answers).await
    }

    /// Finds the name servers of the zone without sending the name itself to a resolver.
    async fn authoritative_servers(&self, name: &Name) -> io::Result<Vec<SocketAddr>> {
        let zone = self.resolver.zone(&name.base_name()).await?;
        let hosts = self.resolver.name_servers(&zone).await?;
        let servers = self.addresses(&hosts).await?;
        // The name can be a zone of its own, which only the servers of its parent zone know.
        let answers = self.query_all(&servers, name, RecordType::SOA).await;
        let mut delegations = answers
            .iter()
            .filter_map(|(_, answer)| answer.as_ref()?.delegation(name, &zone));
        match delegations.next() {
            Some(hosts) => self.addresses(&hosts).await,
            None => Ok(servers),
        }
    }

    async fn addresses(&self, hosts: &[Name]) -> io::Result<Vec<SocketAddr>> {
        let addresses = self.resolver.addresses(hosts).await;
        if addresses.is_empty() {
            let hosts: Vec<_> = hosts.iter().map(Name::to_ascii).collect();
            let hosts = hosts.join(", ");
            return Err(io::Error::other(format!(
                "no address is found for the name servers {hosts}"
            )));
        }
        let addresses = addresses.into_iter().take(ADDRESSES);
        Ok(addresses.map(|address| self.with_port(address)).collect())
    }

    fn with_port(&self, address: IpAddr) -> SocketAddr {
        let own = self.server.filter(|server| server.ip() == address);
        own.unwrap_or(SocketAddr::new(address, self.port))
    }

    /// Returns the target of the name's CNAME.
    async fn cname(&self, name: &Name) -> Option<Name> {
        let servers = self.authoritative_servers(name).await;
        let servers = servers.unwrap_or_default();
        let answers = self.query_all(&servers, name, RecordType::CNAME).await;
        let mut authoritative = answers
            .iter()
            .filter_map(|(_, answer)| answer.as_ref())
            .filter(|answer| answer.is_authoritative() && answer.is_conclusive());
        if let Some(answer) = authoritative.next() {
            return answer.cname(name);
        }
        // With port 53 blocked, only the resolver can be queried. Its cache is harmless then: the
        // wait for the record does not query it.
        let answer = self.resolver.query(name, RecordType::CNAME).await.ok()?;
        answer.cname(name)
    }
}

fn parse_name(fqdn: &str) -> Result<Name, Problem> {
    let name = Name::from_ascii(fqdn)
        .map_err(|error| Problem::provider(format!("{fqdn} is not a domain name: {error}")))?;
    let mut name = name.to_lowercase();
    name.set_fqdn(true);
    Ok(name)
}

#[cfg(test)]
mod tests;
