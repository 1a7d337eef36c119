#!/usr/bin/env bash
# What all tests share: the program where every account may run it, a
# certificate, and a hub behind the proxies.

setup_suite() {
    SUITE=$(mktemp -d /tmp/hubgate-openhabian.XXXXXX)
    chmod 755 "$SUITE"
    export SUITE
    local repository="$BATS_TEST_DIRNAME/../.."
    install -m 755 "${HUBGATE:-$repository/target/debug/hubgate}" "$SUITE/hubgate"
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=home.example.org \
        -addext subjectAltName=DNS:home.example.org \
        -keyout "$SUITE/openhab.key" -out "$SUITE/openhab.crt" 2>/dev/null
    start_hub
}

start_hub() {
    python3 - "$SUITE/hub.port" 3>&- 4>&- >/dev/null 2>&1 <<'PYTHON' &
import http.server, os, sys

class Hub(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"hub\n")

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
with open(sys.argv[1] + ".part", "w") as file:
    file.write(str(server.server_port))
os.rename(sys.argv[1] + ".part", sys.argv[1])
server.serve_forever()
PYTHON
    echo $! >"$SUITE/hub.pid"
    local deadline=$((SECONDS + 10))
    until [[ -e $SUITE/hub.port ]]; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
    HUB_PORT=$(cat "$SUITE/hub.port")
    export HUB_PORT
}

teardown_suite() {
    kill "$(cat "$SUITE/hub.pid")" || true
    rm -rf "$SUITE"
}
