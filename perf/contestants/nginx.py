"""NGINX, tuned and as openHABian sets it up."""

from contestants import Contestant
from kit import peers


class Nginx(peers.Nginx, Contestant):
    """NGINX; a subclass says what is in `http` and in `location`."""

    def write(self, place):
        location = self.location.replace("HUB", str(place.hub))
        (place.folder / "nginx.conf").write_text(f"""
worker_processes {"auto" if place.setup.all_cores else self.workers};
pid {place.folder}/pid;
error_log {place.folder}/error.log;
events {{ worker_connections 16384; }}
http {{
    access_log {place.folder}/access.log combined;
    {self.temporary(place.folder)}
    {self.http.replace("HUB", str(place.hub))}
    {REALM}
    server {{
        listen 127.0.0.1:{place.port} {self.protocols if place.setup.tls else ""};
        server_name localhost;
        ssl_certificate {place.keys.chain(self.key)};
        ssl_certificate_key {place.keys.key(self.key)};
        {visitors(place)}
        {PATHS.replace("LOCATION", location) if place.setup.paths else ""}
        location / {{
            {location}
        }}
    }}
}}
""")

    def run(self, place):
        # In one process, as valgrind counts each by itself.
        return self.command(place.folder, "master_process off;" if place.setup.counted else "")


class Tuned(Nginx):
    """As an expert would set it up: connections to the hub are kept, bodies stream."""

    name = "NGINX tuned"
    countable = compared = True
    workers = "1"
    protocols = "ssl http2"
    key = "p256"
    http = """
    keepalive_requests 1000000000;
    client_max_body_size 0;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:SSL:10m;
    upstream hub { server 127.0.0.1:HUB; keepalive 64; keepalive_requests 1000000000; }
    map $http_upgrade $wanted { default upgrade; "" ""; }
    """
    location = """
            proxy_pass http://hub;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_max_temp_file_size 0;
            proxy_read_timeout 3600;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $wanted;
            proxy_set_header Host $http_host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
    """


class OpenHabian(Nginx):
    """As openHABian's menu sets it up, with its self-signed certificate."""

    name = "NGINX openHABian"
    workers = "auto"
    protocols = "ssl"
    key = "rsa"
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


def visitors(place):
    """Who is let in."""
    certificate, password = place.setup.client_certificate, place.setup.password
    lines = []
    if certificate:
        wanted = "optional" if password else "on"
        lines.append(f"ssl_client_certificate {place.keys.chain('ca')}; ssl_verify_client {wanted};")
    if password:
        realm = "$realm" if certificate else '"Username and Password Required"'
        users = place.keys.htpasswd(password)
        lines.append(f"auth_basic {realm}; auth_basic_user_file {users};")
    return " ".join(lines)


# A certificate lets in without a password.
REALM = 'map $ssl_client_verify $realm { SUCCESS off; default "Username and Password Required"; }'
PATHS = " ".join(
    f"location {path} {{ auth_basic off; LOCATION }}"
    for path in ["/static/", "/icon/", "/habpanel", "/api/v1/"]
)
