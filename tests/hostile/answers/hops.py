"""Fields that are for the next hop only (RFC 9110, section 7.6.1)."""

from .fault import CLOSE, Group, answer

GROUP = Group("Hop by hop")

for name, value in {"Keep-Alive": "timeout=999", "Proxy-Connection": "keep-alive", "TE": "trailers",
                    "Proxy-Authenticate": "Basic", "Upgrade": "h2c"}.items():
    never = () if name in ("Proxy-Authenticate", "TE", "Upgrade") else (name,)
    GROUP.fault(name, answer(f"{name}: {value}"), never=never)
for connection in ["X-Hop", "x-hop", "close, X-Hop", "keep-alive , X-Hop", "X-Hop\r\nConnection: keep-alive",
                   "keep-alive\r\nConnection: X-Hop", "keep-alive,,X-Hop", "\tX-Hop\t"]:
    GROUP.fault(f"Connection: {connection}", answer(f"Connection: {connection}\r\nX-Hop: case0000"), CLOSE,
                never=("X-Hop",))
GROUP.fault("Connection: Content-Length", answer("Connection: Content-Length"), CLOSE)
GROUP.fault("Connection: Transfer-Encoding", answer("Connection: Transfer-Encoding"), CLOSE)
GROUP.fault("Connection: Set-Cookie", answer("Connection: Set-Cookie\r\nSet-Cookie: s=1"), CLOSE, never=("Set-Cookie",))
GROUP.fault("Connection of odd bytes", answer("Connection: \"close\", @, ;"), CLOSE)
GROUP.fault("Connection of 10,000 names", answer("Connection: " + ", ".join(f"x{n}" for n in range(10_000))), CLOSE)
