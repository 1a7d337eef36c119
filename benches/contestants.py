"""The proxies that are compared, and the hub behind them."""

import os
import subprocess

from process import Process, free_port

HUBGATE = "target/release/hubgate"
BODY = "x" * 1024


class Contestant:
    """A proxy in one configuration: `write` makes its files and returns its command."""

    http2 = True
    key = ("ec", ["-pkeyopt", "ec_paramgen_curve:P-256"])

    def start(self, folder, hub, cores, tls):
        """Starts it on a free port, with TLS or without."""
        folder = folder / type(self).__name__
        folder.mkdir(exist_ok=True)
        port = free_port()
        if not (folder / "key.pem").exists():
            self.make_certificate(folder)
        command = self.write(folder, port, hub, tls)
        return Process(command, cores, folder / "output", port)

    def make_certificate(self, folder):
        kind, options = self.key
        command = ["openssl", "req", "-x509", "-nodes", "-newkey", kind, *options]
        command += ["-keyout", folder / "key.pem", "-out", folder / "chain.pem", "-days", "30"]
        command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        subprocess.run(command, check=True, capture_output=True)
        os.chmod(folder / "key.pem", 0o600)


class Hubgate(Contestant):
    name = "hubgate"
    binary = HUBGATE

    def write(self, folder, port, hub, tls):
        address = f'["127.0.0.1:{port}"]'
        (folder / "proxy.yaml").write_text(f"""
listen: {{http: {"[]" if tls else address}, https: {address if tls else "[]"}}}
state: {folder}
sites:
  - hosts: [localhost, 127.0.0.1]
    certificate: {{chain: chain.pem, key: key.pem}}
    upstream: http://127.0.0.1:{hub}
limits: {{connections_per_address: 10000}}
""")
        return [HUBGATE, "run", "--config", folder / "proxy.yaml"]


class Nginx(Contestant):
    """NGINX; a subclass says what is in `http` and in `location`."""

    binary = "/usr/sbin/nginx"

    def write(self, folder, port, hub, tls):
        secure = "ssl" + " http2" * self.http2 if tls else ""
        (folder / "nginx.conf").write_text(f"""
worker_processes {self.workers};
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log {folder}/access.log combined;
    {temporary(folder)}
    {self.http.replace("HUB", str(hub))}
    server {{
        listen 127.0.0.1:{port} {secure};
        server_name localhost;
        ssl_certificate {folder}/chain.pem;
        ssl_certificate_key {folder}/key.pem;
        location / {{
            {self.location.replace("HUB", str(hub))}
        }}
    }}
}}
""")
        return nginx(folder)


class Tuned(Nginx):
    """As an expert would set it up: connections to the hub are kept."""

    name = "NGINX tuned"
    workers = "1"
    http = """
    keepalive_requests 1000000000;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:SSL:10m;
    upstream hub { server 127.0.0.1:HUB; keepalive 64; keepalive_requests 1000000000; }
    """
    location = """
            proxy_pass http://hub;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
    """


class OpenHabian(Nginx):
    """As openHABian's menu sets it up, with its self-signed certificate."""

    name = "NGINX openHABian"
    workers = "auto"
    http2 = False
    key = ("rsa:2048", [])
    http = ""
    location = """
            add_header Access-Control-Allow-Origin '*' always;
            add_header Set-Cookie X-OPENHAB-AUTH-HEADER=1;
            proxy_pass http://localhost:HUB/;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_read_timeout 3600;
            proxy_set_header Authorization "";
    """


def start_hub(folder, cores):
    """A hub that answers every request with 1 KB at once."""
    folder = folder / "hub"
    folder.mkdir()
    port = free_port()
    (folder / "nginx.conf").write_text(f"""
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    {temporary(folder)}
    keepalive_requests 1000000000;
    server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{BODY}"; }} }}
}}
""")
    return Process(nginx(folder), cores, folder / "output", port)


def nginx(folder):
    return [Nginx.binary, "-p", folder, "-c", folder / "nginx.conf", "-g", "daemon off;"]


def temporary(folder):
    kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    return " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
