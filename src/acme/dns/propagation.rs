//! Where a challenge's record belongs, and whether the world can see it there.
//!
//! Only the zone's own name servers are asked for the challenge's name: their answers are cached
//! nowhere. A check that cannot run, because no resolver answers or port 53 is closed to us, never
//! stands in the way of an order.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use futures_util::future::join_all;
use hickory_proto::{
    op::Message,
    rr::{Name, RecordType},
};
use tokio::time::{Instant, sleep};

use super::{
    Record, Resolver,
    answer::{cname, delegation, has_value, is_known},
    exchange::{ask, question},
    fault,
};
use crate::acme::problem::Problem;

/// How many CNAMEs are followed.
const DEPTH: usize = 8;

/// How many addresses of name servers are asked.
const ADDRESSES: usize = 26;

/// Looks for records at the name servers of their zone.
pub struct Propagation {
    resolver: Resolver,
    port: u16,
    /// A name server of which the port is known to be another.
    server: Option<SocketAddr>,
    pace: Pace,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The gap after the first look; each is twice the one before.
    pub first: Duration,
    /// The longest gap.
    pub longest: Duration,
    /// How long a record may be missing.
    pub limit: Duration,
    /// How long it is given when nobody can say whether it is there.
    pub blind: Duration,
    /// How long each try to ask a server may take.
    pub patience: Duration,
}

impl Default for Pace {
    /// Looks after 1, 3, 7, 15 and then every 10 seconds, for two minutes; 30 seconds when blind.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(10),
            limit: Duration::from_secs(120),
            blind: Duration::from_secs(30),
            patience: Duration::from_secs(3),
        }
    }
}

/// What became of the wait for a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every name server that answers serves it.
    Served,
    /// It was given its time, but nobody could say; the reason why.
    Unchecked(String),
}

/// One look at all name servers.
enum Look {
    Served,
    /// Who does not serve it yet.
    Missing(SocketAddr),
    /// Why nobody can say.
    Blind(String),
}

impl Propagation {
    /// By the resolvers of this machine, at the default pace.
    #[must_use]
    pub fn system() -> Self {
        Self::new(Resolver::system(), 53, Pace::default())
    }

    /// By other resolvers, with name servers at another port, at another pace.
    #[must_use]
    pub fn new(resolver: Resolver, port: u16, pace: Pace) -> Self {
        Self {
            resolver,
            port,
            server: None,
            pace,
        }
    }

    /// The same, with a name server that is asked at a port of its own.
    #[must_use]
    pub fn with_server(self, server: SocketAddr) -> Self {
        let server = Some(server);
        Self { server, ..self }
    }

    /// The name at which a challenge's record is to be put up: where CNAMEs lead, or itself.
    ///
    /// # Errors
    /// `Class::Provider` when CNAMEs lead nowhere, or the name is none.
    pub async fn target(&self, fqdn: &str) -> Result<String, Problem> {
        let mut name = parse(fqdn)?;
        for _ in 0..=DEPTH {
            match self.alias(&name).await {
                Some(target) => name = target,
                None => return Ok(name.to_lowercase().to_ascii()),
            }
        }
        Err(fault(format!(
            "{fqdn} is a CNAME that leads on for more than {DEPTH} steps; \
             let it lead to a name with no CNAME"
        )))
    }

    /// Waits until every name server of the zone serves the record.
    ///
    /// # Errors
    /// `Class::Provider` when one still does not at the end of the time.
    pub async fn wait(&self, record: &Record) -> Result<Outcome, Problem> {
        let name = parse(&record.fqdn)?;
        let begin = Instant::now();
        let mut gap = self.pace.first;
        loop {
            let look = self.look(&name, record.value.as_bytes()).await;
            let limit = match look {
                Look::Served => return Ok(Outcome::Served),
                Look::Missing(_) => self.pace.limit,
                Look::Blind(_) => self.pace.blind,
            };
            if begin.elapsed() + gap > limit {
                return end(look, record, begin.elapsed());
            }
            sleep(gap).await;
            gap = (gap * 2).min(self.pace.longest);
        }
    }

    async fn look(&self, name: &Name, value: &[u8]) -> Look {
        let servers = match self.authorities(name).await {
            Ok(servers) => servers,
            Err(error) => return Look::Blind(error.to_string()),
        };
        let mut look = Look::Blind(format!(
            "none of the name servers of {name} answers; is port 53 closed from here?"
        ));
        for (server, answer) in self.ask_all(&servers, name, RecordType::TXT).await {
            // An answer that is not the server's own comes from somebody in between.
            match answer.filter(|answer| answer.authoritative) {
                Some(answer) if has_value(&answer, name, value) => look = Look::Served,
                Some(_) => return Look::Missing(server),
                None => {}
            }
        }
        look
    }

    async fn ask_all(
        &self,
        servers: &[SocketAddr],
        name: &Name,
        kind: RecordType,
    ) -> Vec<(SocketAddr, Option<Message>)> {
        let question = &question(name, kind);
        let answers = servers.iter().map(|server| async {
            let reply = ask(*server, question, self.pace.patience).await;
            (*server, reply.ok().map(|reply| reply.message))
        });
        join_all(answers).await
    }

    /// The name servers of the zone a name is in, without asking a resolver for the name itself.
    async fn authorities(&self, name: &Name) -> io::Result<Vec<SocketAddr>> {
        let zone = self.resolver.zone(&name.base_name()).await?;
        let hosts = self.resolver.name_servers(&zone).await?;
        let servers = self.addresses(&hosts).await?;
        // The name may be a zone of its own, which only the servers of its parent say.
        let answers = self.ask_all(&servers, name, RecordType::SOA).await;
        let mut delegations = answers
            .iter()
            .filter_map(|(_, answer)| delegation(answer.as_ref()?, name, &zone));
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
            return Err(io::Error::other(format!("no address is known of {hosts}")));
        }
        let addresses = addresses.into_iter().take(ADDRESSES);
        Ok(addresses.map(|address| self.at(address)).collect())
    }

    fn at(&self, address: IpAddr) -> SocketAddr {
        let own = self.server.filter(|server| server.ip() == address);
        own.unwrap_or(SocketAddr::new(address, self.port))
    }

    /// Where a CNAME at the name leads.
    async fn alias(&self, name: &Name) -> Option<Name> {
        let servers = self.authorities(name).await.unwrap_or_default();
        let answers = self.ask_all(&servers, name, RecordType::CNAME).await;
        let mut own = answers
            .iter()
            .filter_map(|(_, answer)| answer.as_ref())
            .filter(|answer| answer.authoritative && is_known(answer));
        if let Some(answer) = own.next() {
            return cname(answer, name);
        }
        // Where port 53 is closed, only the resolver knows. What it remembers of the name is not
        // asked for again from here.
        let answer = self.resolver.ask(name, RecordType::CNAME).await.ok()?;
        cname(&answer, name)
    }
}

fn parse(fqdn: &str) -> Result<Name, Problem> {
    let name = Name::from_ascii(fqdn)
        .map_err(|error| fault(format!("{fqdn}: no domain name: {error}")))?;
    let mut name = name.to_lowercase();
    name.set_fqdn(true);
    Ok(name)
}

fn end(look: Look, record: &Record, waited: Duration) -> Result<Outcome, Problem> {
    match look {
        Look::Served => Ok(Outcome::Served),
        Look::Blind(reason) => Ok(Outcome::Unchecked(reason)),
        Look::Missing(server) => Err(fault(format!(
            "the name server {server} does not serve the TXT record of {} {} s after it was put \
             up; is it the zone's provider that was told to?",
            record.fqdn,
            waited.as_secs()
        ))),
    }
}

#[cfg(test)]
mod tests;
