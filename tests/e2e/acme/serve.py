"""acme2certifier over HTTPS on the port that is the argument, in the folder it is started in."""

import ssl
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server

from acme2certifier.share.acme2certifier_wsgi import application, get_handler_cls


class Server(ThreadingMixIn, WSGIServer):
    """A connection that says nothing holds up no other."""

    daemon_threads = True


server = make_server("127.0.0.1", int(sys.argv[1]), application, Server, get_handler_cls())
# The URLs in the directory begin with https.
server.base_environ["HTTPS"] = "on"
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain("server.pem", "server.key")
server.socket = context.wrap_socket(
    server.socket, server_side=True, do_handshake_on_connect=False
)
server.serve_forever()
