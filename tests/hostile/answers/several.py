"""More answers than requests: the next client must not get what is left over."""

from .fault import BODY, CLOSE, Group, STRAY, answer

GROUP = Group("Several answers")

GROUP.fault("two at once", answer() + STRAY)
GROUP.fault("three at once", answer() + STRAY + STRAY)
for seconds in (0.05, 0.2, 0.5):
    GROUP.fault(f"a second {seconds} s later", answer(), seconds, STRAY)
GROUP.fault("half of a second", answer() + STRAY[:30])
GROUP.fault("a second and the end", answer() + STRAY, CLOSE)
GROUP.fault("an interim and a second", answer() + "HTTP/1.1 100 Continue\r\n\r\n" + STRAY)
GROUP.fault("line ends and a second", answer() + "\r\n\r\n" + STRAY)
GROUP.fault("a 408 behind it, as NGINX says it", answer(), 0.2,
            "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 14\r\n\r\ncase0000 stray", CLOSE)
GROUP.fault("an answer before the request's body", answer(), 0.3, STRAY, CLOSE, method="POST",
            fields="Content-Length: 5", sent="hello")
GROUP.fault("413 before the request's body", answer(line="HTTP/1.1 413 Content Too Large"), CLOSE, method="POST",
            fields="Content-Length: 100000", sent="x" * 100_000, status=413, body=BODY)
