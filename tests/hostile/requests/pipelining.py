"""Pipelining: requests ahead of their turn, and bodies that look like requests."""

from case import SMUGGLED, Group, Meant, chunked, get, post

GROUP = Group("Pipelining")
SECOND = Meant(target="/smuggled")
LENGTH = f"Content-Length: {len(SMUGGLED)}"

# What is refused for its framing leaves nothing to be read behind it.
for name, broken in {
    "an invalid length": post("Content-Length: x"),
    "both framings": post("Content-Length: 5\r\nTransfer-Encoding: chunked"),
    "no chunk size": post("Transfer-Encoding: chunked", "x\r\n"),
    "an invalid coding": post("Transfer-Encoding: x"),
    "a space before the colon": get("X : y"),
    "no request line": "case0000\r\n\r\n",
    "half a request": get()[:-2] + "X: ",
}.items():
    GROUP.attack(f"behind {name}", broken + SMUGGLED)
GROUP.attack("garbage and a request behind a request", get() + "garbage\r\n\r\n" + SMUGGLED, meant=[Meant()])
GROUP.attack("a request behind Connection: close", get("Connection: close") + SMUGGLED, meant=[Meant()])
GROUP.attack("a request behind HTTP/1.0", get(version="HTTP/1.0") + SMUGGLED, meant=[Meant()])
GROUP.attack("a request behind a kept HTTP/1.0", get("Connection: keep-alive", version="HTTP/1.0") + SMUGGLED,
             meant=[Meant(), SECOND])
GROUP.attack("twenty kinds of empty lines between", get() + "\r\n" * 20 + SMUGGLED, meant=[Meant(), SECOND])
GROUP.attack("a bare LF between", get() + "\n" + SMUGGLED, meant=[Meant(), SECOND])

# A body that is answered without being read is still a body.
for method in ["GET", "POST", "HEAD", "OPTIONS", "DELETE"]:
    GROUP.attack(f"{method} to /admin, its body a request",
                 get(LENGTH, method=method, target="/admin") + SMUGGLED, meant=[])
GROUP.attack("POST to /admin, its chunk a request",
             post("Transfer-Encoding: chunked", chunked(SMUGGLED), target="/admin"), meant=[])
GROUP.attack("POST to /admin that expects a 100, its body a request",
             [post(f"Expect: 100-continue\r\n{LENGTH}", target="/admin"), SMUGGLED], meant=[])
GROUP.attack("POST of no site, its body a request",
             post(LENGTH, SMUGGLED, host="Host: other.test"), meant=[Meant("POST", body=SMUGGLED)])
GROUP.attack("GET with no length, and a body", get() + "hello", meant=[Meant()])
for method in ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "get", "X"]:
    GROUP.attack(f"{method}, its body a request", get(LENGTH, method=method) + SMUGGLED,
                 meant=[Meant(method, body=SMUGGLED)])

GROUP.control("two", get() + get(), Meant(), Meant())
GROUP.control("two at once and one later", [get() + get(), get()], Meant(), Meant(), Meant())
GROUP.control("ten", get() * 10, *[Meant()] * 10)
GROUP.control("behind a body", post("Content-Length: 5", "hello") + SMUGGLED, Meant("POST", body="hello"), SECOND)
GROUP.control("behind chunks", post("Transfer-Encoding: chunked", chunked("hello")) + SMUGGLED,
              Meant("POST", body="hello"), SECOND)
GROUP.control("an empty line behind a body", post("Content-Length: 5", "hello") + "\r\n" + SMUGGLED,
              Meant("POST", body="hello"), SECOND)
GROUP.control("a body that is a request", post(LENGTH, SMUGGLED), Meant("POST", body=SMUGGLED))
GROUP.control("a chunk that is a request", post("Transfer-Encoding: chunked", chunked(SMUGGLED)),
              Meant("POST", body=SMUGGLED))
