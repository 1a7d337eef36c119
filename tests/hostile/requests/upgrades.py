"""Upgrade and Expect: a tunnel to the hub is for WebSockets that the hub took."""

from case import FORGED_ADDRESS, SMUGGLED, Group, Meant, get, post

GROUP = Group("Upgrade and Expect")
UPGRADE = "Connection: Upgrade\r\nUpgrade: "
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
WEBSOCKET = f"{UPGRADE}websocket\r\nSec-WebSocket-Version: 13\r\n{KEY}"
H2C = "HTTP2-Settings: AAMAAABkAAQAAP__"

for name, fields in {
    "h2c as RFC 7540 had it": f"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n{H2C}",
    "h2c without its settings named": f"{UPGRADE}h2c\r\n{H2C}",
    "h2c without settings": f"{UPGRADE}h2c",
    "H2C in capitals": f"{UPGRADE}H2C",
    "h2c in two Connection fields": f"Connection: HTTP2-Settings\r\n{UPGRADE}h2c\r\n{H2C}",
    "h2c not named by Connection": f"Upgrade: h2c\r\n{H2C}",
    "TLS/1.0": f"{UPGRADE}TLS/1.0",
    "a protocol of its own": f"{UPGRADE}anything",
    "websocketx": f"{UPGRADE}websocketx",
    "websocket/13": f"{UPGRADE}websocket/13\r\nSec-WebSocket-Version: 13\r\n{KEY}",
    "websocket and h2c": f"{UPGRADE}websocket, h2c\r\nSec-WebSocket-Version: 13\r\n{KEY}",
    "h2c and websocket": f"{UPGRADE}h2c, websocket\r\nSec-WebSocket-Version: 13\r\n{KEY}",
    "nothing": f"{UPGRADE}",
}.items():
    GROUP.attack(name, [get(fields), SMUGGLED.replace("/smuggled", "/admin")],
                 meant=[Meant()])
GROUP.attack("h2c in HTTP/1.0", get(f"{UPGRADE}h2c\r\n{H2C}", version="HTTP/1.0"), meant=[Meant()])
GROUP.attack("h2c with a body", post(f"{UPGRADE}h2c\r\n{H2C}\r\nContent-Length: 5", "hello"),
             meant=[Meant("POST", body="hello")])

# The hub refuses the version with 426: no tunnel, so nothing but requests may follow.
for name, fields in {
    "a WebSocket that the hub refuses": WEBSOCKET.replace("13", "777"),
    "a WebSocket without a version": f"{UPGRADE}websocket\r\n{KEY}",
}.items():
    for together in (True, False):
        raw = [get(fields), SMUGGLED]
        GROUP.attack(f"{name}, a request {'with' if together else 'after'} it",
                     "".join(raw) if together else raw,
                     meant=[Meant(), Meant(target="/smuggled")])
GROUP.attack("a WebSocket to /admin", get(WEBSOCKET, target="/admin"), meant=[])
GROUP.attack("a WebSocket to /public/../admin", get(WEBSOCKET, target="/public/../admin"))
GROUP.attack("a WebSocket with a claim", get(f"{WEBSOCKET}\r\nX-Forwarded-For: {FORGED_ADDRESS}"), meant=[Meant()])
GROUP.attack("a WebSocket that names X-Real-IP", get(WEBSOCKET.replace("Upgrade\r", "Upgrade, X-Real-IP\r", 1)),
             meant=[Meant()])
GROUP.attack("a WebSocket by POST with a body", post(f"{WEBSOCKET}\r\nContent-Length: {len(SMUGGLED)}", SMUGGLED),
             meant=[Meant("POST", body=SMUGGLED)])

EXPECT = "Expect: "
for expected in ["tea", "100-continue, tea", "100", "200-ok", "y 100-continue", "100-Continue", "", "100-continue;x"]:
    GROUP.attack(f"Expect: {expected}",
                 post(f"{EXPECT}{expected}\r\nContent-Length: {len(SMUGGLED)}", SMUGGLED),
                 meant=[Meant("POST", body=SMUGGLED)])
GROUP.attack("Expect twice",
             post(f"{EXPECT}100-continue\r\n{EXPECT}tea\r\nContent-Length: {len(SMUGGLED)}", SMUGGLED),
             meant=[Meant("POST", body=SMUGGLED)])
GROUP.attack("Expect of a GET", get(f"{EXPECT}100-continue\r\nContent-Length: {len(SMUGGLED)}") + SMUGGLED,
             meant=[Meant(body=SMUGGLED)])
GROUP.attack("Expect without a body", get(f"{EXPECT}100-continue") + SMUGGLED,
             meant=[Meant(), Meant(target="/smuggled")])
GROUP.attack("Expect in HTTP/1.0",
             post(f"{EXPECT}100-continue\r\nContent-Length: 5", "hello", version="HTTP/1.0"),
             meant=[Meant("POST", body="hello")])
GROUP.attack("Expect with both framings",
             post(f"{EXPECT}100-continue\r\nContent-Length: {5 + len(SMUGGLED)}\r\nTransfer-Encoding: chunked",
                  "0\r\n\r\n" + SMUGGLED))

GROUP.control("a WebSocket", get(WEBSOCKET), Meant(), status=101)
GROUP.control("a WebSocket, and then its first frame", [get(WEBSOCKET), "\x81\x80\x00\x00\x00\x00"], Meant(), status=101)
GROUP.control("Expect: 100-continue", [post(f"{EXPECT}100-continue\r\nContent-Length: 5"), "hello"],
              Meant("POST", body="hello"))
GROUP.control("Expect: 100-continue with chunks",
              [post(f"{EXPECT}100-continue\r\nTransfer-Encoding: chunked"), "5\r\nhello\r\n0\r\n\r\n"],
              Meant("POST", body="hello"))
GROUP.control("an Upgrade that nobody takes", get("Connection: Upgrade"), Meant())
