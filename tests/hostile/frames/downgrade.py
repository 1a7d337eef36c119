"""HTTP/2 whose fields would end or begin a request in HTTP/1.1: framing by fields, where frames
are the framing.
"""

from case import SMUGGLED

from .frame import Group, STREAM, headers, asked, get, post

GROUP = Group("Downgrade")
HIDDEN = "0\r\n\r\n" + SMUGGLED

for coding in ["chunked", "Chunked", "chunked ", "\tchunked", "identity", "xchunked", "chunked, identity", "gzip, chunked",
               "chunked\r\n", ""]:
    GROUP.attack(f"transfer-encoding {coding}", post(HIDDEN, more=[("transfer-encoding", coding)]), error=STREAM)
for name in ["transfer-encoding ", "transfer_encoding", "transfer-encoding\t", "Transfer-Encoding", " transfer-encoding",
             "x\r\ntransfer-encoding", "x: y\r\ntransfer-encoding"]:
    GROUP.attack(f"{name} chunked", post(HIDDEN, more=[(name, "chunked")]))
for length in ["0", "5", "1", str(len(HIDDEN) - 1), "00", "0\r\n", " 0", "0,0"]:
    GROUP.attack(f"content-length {length} and more", post(HIDDEN, more=[("content-length", length)]), error=STREAM)
GROUP.attack("content-length 0 and transfer-encoding", post(HIDDEN, more=[("content-length", "0"),
                                                                         ("transfer-encoding", "chunked")]), error=STREAM)
GROUP.attack("content_length 0", post(HIDDEN, more=[("content_length", "0")]))
GROUP.attack("a body that is a request", post(SMUGGLED))
GROUP.attack("a GET with a body that is a request", post(SMUGGLED, method="GET"))
GROUP.attack("a HEAD with a body that is a request", post(SMUGGLED, method="HEAD"))
GROUP.attack("a value that ends the head", get(more=[("x", f"y\r\n\r\n{SMUGGLED}")]), error=STREAM)
GROUP.attack("a name that ends the head", get(more=[(f"x: y\r\n\r\n{SMUGGLED}x", "y")]), error=STREAM)
GROUP.attack("a path that ends the head", get(path=f"/case0000 HTTP/1.1\r\nHost: home.test\r\n\r\n{SMUGGLED}"))
GROUP.attack("a method that ends the head", get(method=f"GET / HTTP/1.1\r\nHost: home.test\r\n\r\n{SMUGGLED}GET"))
GROUP.attack("an authority that ends the head", get(authority=f"home.test\r\n\r\n{SMUGGLED}"))
GROUP.attack("a WebSocket by fields", headers(asked(more=[
    ("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")])), error=STREAM)
