"""The proxies that are compared, each before one hub, each set up as carefully as
its documentation shows: TLS 1.2 and 1.3 with a P-256 certificate for `home.test`,
HTTP/2 and HTTP/1.1, everything forwarded but `/admin`, which is closed to all;
what a client claims about itself is dropped, and where it comes from is told.

    with tempfile.TemporaryDirectory() as folder:
        proxy = Nginx(folder)
        proxy.start(hub_port)    # listens on 127.0.0.1:proxy.port when this returns
        …
        proxy.stop()
"""

import pathlib

from kit import certificates, peers
from kit.peers import environment
from kit.ports import free_port
from kit.process import Process

HOST = "home.test"
GUARDED = "/admin"
# Seconds that a proxy waits for a client that says nothing more, and for the hub.
CLIENT_WAIT = 2
HUB_WAIT = 5
# What the hub may hear from the proxy only; besides, X-Forwarded-For, X-Real-IP
# and X-Forwarded-Proto are set by each.
CLAIMS = [
    "Forwarded", "Proxy", "Remote-User", "X-Remote-User", "X-Original-URL", "X-Rewrite-URL",
    "Client-Cert", "Client-Cert-Chain", "X-Client-Cert", "X-Client-DN", "X-Client-Verify",
    "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-User",
    "X-Forwarded-Client-Cert", "X-SSL-Client-Cert", "X-SSL-Client-Verify", "X-SSL-Client-S-DN",
    "X-SSL-Client-Serial",
]


class Contestant:
    """A proxy: `write` makes its files."""

    # Whether it tells the hub where a request comes from.
    tells = True

    def __init__(self, folder, client_wait=CLIENT_WAIT, hub_wait=HUB_WAIT):
        self.folder = pathlib.Path(folder) / type(self).__name__
        self.client_wait, self.hub_wait = client_wait, hub_wait
        self.process = self.port = None

    def start(self, hub_port):
        """Starts it on a free port before the hub, and returns when it listens."""
        self.folder.mkdir(mode=0o755, exist_ok=True)
        self.make_certificate()
        self.port = free_port()
        self.write(hub_port)
        self.process = Process(
            self.command(self.folder), self.output, self.port,
            env=environment(self.folder), start_new_session=True,
        )
        self.process.wait_until_it_listens()

    def make_certificate(self):
        chain, key = self.folder / "chain.pem", self.folder / "key.pem"
        if not key.exists():
            certificates.make(chain, key, HOST, "-addext", f"subjectAltName=DNS:{HOST}")

    def stop(self):
        self.process.end()

    @property
    def output(self):
        return self.folder / "output"

    def is_running(self):
        return self.process.is_running()


class Hubgate(peers.Hubgate, Contestant):
    def write(self, hub_port):
        # hubgate waits for the hub without a limit of its own.
        (self.folder / "proxy.yaml").write_text(f"""
listen: {{http: [], https: ["127.0.0.1:{self.port}"]}}
state: {self.folder}
sites:
  - hosts: [{HOST}]
    certificate: {{chain: chain.pem, key: key.pem}}
    upstream: http://127.0.0.1:{hub_port}
    access: public
    paths:
      - path: {GUARDED}
        access: {{networks: [192.0.2.1/32]}}
limits:
  connections_per_address: 10000
  header_time: {self.client_wait}s
  idle: {self.client_wait}s
log: {{access: "off"}}
""")


class Nginx(peers.Nginx, Contestant):
    """Upgrades are passed as NGINX's page on WebSocket proxying shows."""

    def write(self, hub_port):
        dropped = "\n".join(f'        proxy_set_header {claim} "";' for claim in CLAIMS)
        (self.folder / "nginx.conf").write_text(f"""
worker_processes 2;
pid {self.folder}/pid;
error_log {self.folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    {self.temporary(self.folder)}
    client_header_timeout {self.client_wait}s;
    client_body_timeout {self.client_wait}s;
    keepalive_timeout {self.client_wait}s;
    client_max_body_size 64m;
    upstream hub {{ server 127.0.0.1:{hub_port}; keepalive 64; }}
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    server {{
        listen 127.0.0.1:{self.port} ssl http2;
        server_name {HOST};
        ssl_certificate {self.folder}/chain.pem;
        ssl_certificate_key {self.folder}/key.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
        proxy_http_version 1.1;
        proxy_read_timeout {self.hub_wait}s;
        proxy_set_header Host $host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
{dropped}
        location / {{ proxy_pass http://hub; }}
        location {GUARDED} {{ deny all; }}
    }}
}}
""")


class HaProxy(peers.HaProxy, Contestant):
    def write(self, hub_port):
        dropped = "\n".join(f"    http-request del-header {claim}" for claim in CLAIMS)
        pair = (self.folder / "chain.pem").read_text() + (self.folder / "key.pem").read_text()
        (self.folder / "pair.pem").touch(mode=0o600)
        (self.folder / "pair.pem").write_text(pair)
        (self.folder / "haproxy.cfg").write_text(f"""
global
    ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
    mode http
    maxconn 4000
    timeout client {self.client_wait}s
    timeout http-request {self.client_wait}s
    timeout http-keep-alive {self.client_wait}s
    timeout connect {self.hub_wait}s
    timeout server {self.hub_wait}s
frontend door
    bind 127.0.0.1:{self.port} ssl crt {self.folder}/pair.pem alpn h2,http/1.1
    http-request deny if {{ path_beg {GUARDED} }}
    http-request set-header X-Real-IP %[src]
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto https
{dropped}
    default_backend hub
backend hub
    server hub 127.0.0.1:{hub_port}
""")


class Caddy(peers.Caddy, Contestant):
    """Sets X-Forwarded-For and X-Forwarded-Proto by itself."""

    def write(self, hub_port):
        claims = [claim for claim in CLAIMS if claim != "X-Forwarded-Host"]
        dropped = "\n".join(f"        header_up -{claim}" for claim in claims)
        (self.folder / "Caddyfile").write_text(f"""
{{
    admin off
    auto_https off
    servers {{
        timeouts {{
            read_header {self.client_wait}s
            read_body {self.client_wait}s
            idle {self.client_wait}s
        }}
    }}
}}
https://:{self.port} {{
    bind 127.0.0.1
    tls {self.folder}/chain.pem {self.folder}/key.pem {{
        protocols tls1.2 tls1.3
    }}
    @guarded path {GUARDED}*
    respond @guarded 403
    reverse_proxy 127.0.0.1:{hub_port} {{
        header_up X-Real-IP {{remote_host}}
{dropped}
        transport http {{
            response_header_timeout {self.hub_wait}s
        }}
    }}
}}
""")


CONTESTANTS = [Hubgate, Nginx, HaProxy, Caddy]
