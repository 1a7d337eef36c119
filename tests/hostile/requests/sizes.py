"""Sizes: what is too large is refused, and what is not arrives whole."""

from case import HOST, Group, Meant, chunked, get, post, with_line

GROUP = Group("Sizes")

for name, raw in {
    "a target of 100 KB": get(target="/case0000" + "x" * 100_000),
    "a query of 70 KB": get(target="/case0000?" + "x" * 70_000),
    "a method of 100 KB": get(method="X" * 100_000),
    "a version of 100 KB": with_line("GET /case0000 HTTP/1.1" + "1" * 100_000),
    "a Host of 70 KB": get(host="Host: " + "x" * 70_000),
    "a value of 70 KB": get("X: " + "x" * 70_000),
    "a value of 1 MB": get("X: " + "x" * 1_000_000),
    "a name of 70 KB": get("X" * 70_000 + ": y"),
    "a field without an end": f"GET /case0000 HTTP/1.1\r\n{HOST}\r\nX-Case: case0000\r\nX: " + "x" * 300_000,
    "ten values of 7 KB": get("\r\n".join(["X: " + "x" * 7_000] * 10)),
    "1,000 fields": get("\r\n".join(["X: y"] * 1_000)),
    "10,000 fields": get("\r\n".join(["X: y"] * 10_000)),
    "10,000 fields of different names": get("\r\n".join(f"X-{number}: y" for number in range(10_000))),
    "10,000 folds": get("X: y" + "\r\n y" * 10_000),
    "10,000 empty lines before": "\r\n" * 10_000 + get(),
    "100,000 spaces in a value": get("X: " + " " * 100_000 + "y"),
    "a Connection list of 10,000": get("Connection: " + "x," * 10_000 + "close"),
    "20,000 path segments": get(target="/case0000" + "/x" * 20_000),
}.items():
    GROUP.attack(name, raw)

GROUP.control("a value of 6 KB", get("X-Odd: " + "x" * 6_000), Meant(fields=(("X-Odd", "x" * 6_000),)))
GROUP.control("a query of 4 KB", get(target="/case0000?" + "x" * 4_000), Meant(target="/case0000?" + "x" * 4_000))
GROUP.control("50 fields", get("\r\n".join(["X: y"] * 50)), Meant())
GROUP.control("a body of 1 MB", post("Content-Length: 1000000", "x" * 1_000_000),
              Meant("POST", body="x" * 1_000_000))
GROUP.control("1 MB in chunks", post("Transfer-Encoding: chunked", chunked(*["x" * 50_000] * 20)),
              Meant("POST", body="x" * 1_000_000))
