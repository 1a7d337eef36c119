"""The hubs behind the proxies: one of fixed answers, one of what happens."""

import pathlib
import socket

from kit import hub
from kit.peers import Nginx
from kit.ports import free_port
from process import Process

SMALL = "x" * 1024
SIZES = {"small": 1024, "100k": 100_000, "10m": 10_000_000}


def addresses():
    """All that localhost may mean: a proxy told so counts one that is closed as a failure."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return ["127.0.0.1"]
    return ["127.0.0.1", "[::1]"]


def start_answers(folder, cores):
    """An NGINX that answers at once: 1 KB, 1 KB in chunks, 100 KB and 10 MB."""
    folder = folder / "answers"
    folder.mkdir()
    for name in ["100k", "10m"]:
        (folder / name).write_bytes(b"x" * SIZES[name])
    port = free_port()
    (folder / "nginx.conf").write_text(f"""
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    {Nginx.temporary(folder)}
    keepalive_requests 1000000000;
    sendfile on;
    open_file_cache max=10;
    root {folder};
    server {{
        {" ".join(f"listen {address}:{port};" for address in addresses())}
        location = / {{ return 200 "{SMALL}"; }}
        # What may be included has a length that nobody knows before.
        location = /chunked {{ ssi on; default_type text/html; return 200 "{SMALL}"; }}
        location / {{ }}
    }}
}}
""")
    return Process(Nginx().command(folder), cores, folder / "output", port)


def start_events(folder, cores):
    """Server-sent events, WebSockets and uploads."""
    port = free_port()
    program = pathlib.Path(__file__).with_name("events.py")
    command = hub.command(program, port, *addresses())
    return Process(command, cores, folder / "events.log", port)
