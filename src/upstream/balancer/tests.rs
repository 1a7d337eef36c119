use std::{collections::BTreeSet, sync::Mutex};

use futures_util::future::{BoxFuture, ready};
use pingora_core::{Error, ErrorType, Result};
use pingora_load_balancing::health_check::HealthCheck;

use super::*;
use crate::config::model;

/// A check that fails for the servers of a set.
#[derive(Clone, Default)]
struct Failing(Arc<Mutex<BTreeSet<usize>>>);

impl HealthCheck for Failing {
    fn check<'s, 't, 'f>(&'s self, target: &'t Backend) -> BoxFuture<'f, Result<()>>
    where
        's: 'f,
        't: 'f,
        Self: 'f,
    {
        let fails = self.0.lock().unwrap().contains(&index(target));
        let fault = || Err(Error::new(ErrorType::InternalError));
        Box::pin(ready(if fails { fault() } else { Ok(()) }))
    }

    fn health_threshold(&self, _: bool) -> usize {
        1
    }
}

/// Servers with health checks, and the choice among them.
struct Stage {
    servers: Vec<Server>,
    healths: Vec<Arc<ServerHealth>>,
    balancer: Balancer,
    registry: Arc<HealthRegistry>,
    failing: Failing,
}

impl Stage {
    fn new(count: u16) -> Self {
        let servers = (0..count).map(|nth| model::Server::Tcp {
            host: "127.0.0.1".to_owned(),
            port: nth + 1,
            tls: false,
        });
        let health = model::HealthCheck {
            path: "/".to_owned(),
            every: std::time::Duration::from_secs(1),
        };
        let healths: Vec<_> = servers
            .clone()
            .map(|server| Arc::new(ServerHealth::new(server.to_string(), &health)))
            .collect();
        let registry = Arc::new(ServerHealth::registry());
        let failing = Failing::default();
        registry.set_health_check(Box::new(failing.clone()));
        Self {
            servers: servers
                .map(|server| Server::new(server, None).unwrap())
                .collect(),
            balancer: Balancer::checked(&healths, registry.clone()),
            healths,
            registry,
            failing,
        }
    }

    async fn fail(&self, servers: &[usize]) {
        *self.failing.0.lock().unwrap() = servers.iter().copied().collect();
        self.registry.run_health_check(true).await;
    }

    /// The first servers of the next requests.
    fn first(&self, requests: usize) -> Vec<usize> {
        let orders = (0..requests).map(|_| self.balancer.order(&self.servers)[0]);
        orders.collect()
    }
}

#[tokio::test]
async fn healthy_servers_take_turns_and_an_unhealthy_one_is_last() {
    let stage = Stage::new(3);
    assert_eq!(stage.first(6), [0, 1, 2, 0, 1, 2]);
    stage.fail(&[1]).await;
    let mut first = stage.first(6);
    first.sort_unstable();
    assert_eq!(first, [0, 0, 0, 2, 2, 2]);
    assert_eq!(stage.balancer.order(&stage.servers)[2], 1);
    stage.fail(&[]).await;
    let mut first = stage.first(3);
    first.sort_unstable();
    assert_eq!(first, [0, 1, 2]);
}

#[tokio::test]
async fn each_order_has_each_server_once_and_all_take_turns_while_none_is_healthy() {
    for count in [2, 3, 4, 5] {
        let stage = Stage::new(count);
        let all: Vec<usize> = (0..count.into()).collect();
        stage.fail(&all).await;
        assert_eq!(stage.first(count.into()), all);
        let mut order = stage.balancer.order(&stage.servers);
        order.sort_unstable();
        assert_eq!(order, all);
    }
}

#[tokio::test]
async fn a_server_that_was_unreachable_is_tried_after_an_unhealthy_one() {
    let stage = Stage::new(3);
    stage.fail(&[0]).await;
    stage.servers[1].rest();
    for _ in 0..6 {
        assert_eq!(stage.balancer.order(&stage.servers), [2, 0, 1]);
    }
    stage.servers[2].rest();
    stage.servers[0].rest();
    assert_eq!(stage.balancer.order(&stage.servers)[2], 0);
}

#[tokio::test]
async fn a_server_keeps_its_health_in_the_upstream_of_the_next_configuration() {
    let stage = Stage::new(2);
    stage.fail(&[1]).await;
    let reloaded = Balancer::checked(&stage.healths, stage.registry.clone());
    drop(stage.balancer);
    stage.registry.run_health_check(true).await;
    assert!(reloaded.is_healthy(0) && !reloaded.is_healthy(1));
}

#[test]
fn servers_without_checks_take_turns() {
    let servers = (1..=2).map(|port| {
        let host = "127.0.0.1".to_owned();
        let tls = false;
        Server::new(model::Server::Tcp { host, port, tls }, None).unwrap()
    });
    let (servers, balancer) = (servers.collect::<Vec<_>>(), Balancer::unchecked(2));
    let orders: Vec<_> = (0..4).map(|_| balancer.order(&servers)).collect();
    assert_eq!(orders, [[0, 1], [1, 0], [0, 1], [1, 0]]);
}
