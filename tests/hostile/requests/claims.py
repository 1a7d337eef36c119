"""Claims: what a client says of itself and only the proxy may say."""

from case import FORGED, FORGED_ADDRESS, Group, Meant, get, post

GROUP = Group("Trust headers")
ADDRESSES = ["X-Forwarded-For", "X-Real-IP"]
WORDS = [
    "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-User",
    "X-Forwarded-Client-Cert", "Forwarded", "X-SSL-Client-Verify", "X-SSL-Client-S-DN", "X-SSL-Client-Cert",
    "X-SSL-Client-Serial", "X-Client-Cert", "X-Client-DN", "X-Client-Verify", "Client-Cert", "Client-Cert-Chain",
    "Remote-User", "X-Remote-User", "Proxy", "X-Original-URL", "X-Rewrite-URL",
]


def claim(field, **more):
    GROUP.attack(field, get(field, **more), meant=[Meant()])


def value(name):
    return FORGED_ADDRESS if name in ADDRESSES else f"for={FORGED}" if name == "Forwarded" else FORGED


for name in ADDRESSES + WORDS:
    claim(f"{name}: {value(name)}")
for name in ADDRESSES + WORDS:
    if "-" in name:
        claim(f"{name.replace('-', '_')}: {value(name)}")
for name in ["X-Forwarded_For", "X_Real-IP", "x-forwarded-FOR", "X-REAL-IP", "x_ssl-client-verify", "remote_USER"]:
    claim(f"{name}: {FORGED_ADDRESS} {FORGED}")
for name in ["X-Forwarded-For", "X-Real-IP", "X-Forwarded-Proto", "Remote-User"]:
    forged = value(name)
    claim(f"{name}: {forged}\r\n{name}: {forged}")
    claim(f"Connection: {name}\r\n{name}: {forged}")
    claim(f"Connection: {name}")
    claim(f"Connection: close, {name.lower()}")
    claim(f"Connection: close\r\nConnection: {name.upper()}")
    claim(f"X: y\r\n {name}: {forged}")
    claim(f"X: y\r{name}: {forged}")
    claim(f"X: y\n{name}: {forged}")
    claim(f"{name} : {forged}")
    claim(f"{name}\t: {forged}")
    claim(f"{name}\x00: {forged}")
    claim(f"\x00{name}: {forged}")
    claim(f"{name}\xa0: {forged}")
    claim(f"{name}\x01: {forged}")
    claim(f"{name}:\r\n {forged}")
    GROUP.attack(f"{name} in HTTP/1.0", get(f"{name}: {forged}", version="HTTP/1.0"), meant=[Meant()])
    GROUP.attack(f"{name} before Host", get(host=f"{name}: {forged}\r\nHost: home.test"), meant=[Meant()])
    GROUP.attack(f"{name} with a chunked body",
                 post(f"{name}: {forged}\r\nTransfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"),
                 meant=[Meant("POST", body="hello")])
claim(f"X-Forwarded-For: 127.0.0.1, {FORGED_ADDRESS}")
claim(f"X-Forwarded-For: {FORGED_ADDRESS}, 127.0.0.1")
claim(f"X-Forwarded-For: \"{FORGED_ADDRESS}\"")
claim(f"Forwarded: for={FORGED_ADDRESS};proto=https;host={FORGED}")
claim("Connection: X-Forwarded-For, X-Real-IP, X-Forwarded-Proto, Host, Cookie")

GROUP.control("a field that only sounds like one", get("X-Forward: y\r\nX-Odd: z"),
              Meant(fields=(("X-Forward", "y"), ("X-Odd", "z"))))
