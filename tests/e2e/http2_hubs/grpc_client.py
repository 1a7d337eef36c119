"""Calls the server of grpc_hub.py at PORT, whose CA is ROOT; prints a line for each kind of call."""

import sys
import threading

import grpc

PORT, ROOT = sys.argv[1:]
TIME = 60
CALLS = 1000

with open(ROOT, "rb") as root:
    credentials = grpc.ssl_channel_credentials(root.read())
channel = grpc.secure_channel(
    f"127.0.0.1:{PORT}",
    credentials,
    [("grpc.ssl_target_name_override", "home.test"), ("grpc.default_authority", "home.test")],
)
unary = channel.unary_unary("/test.Hub/Unary")


def check(name, passed):
    print(name, "passed" if passed else "FAILED", flush=True)


answer, call = unary.with_call(b"a", timeout=TIME, metadata=(("x-say", "hello"),))
trailers = dict(call.trailing_metadata())
check("unary", answer == b"<a>")
check("metadata", trailers == {"x-said": "hello", "x-said-bin": b"\x00\xff"})
check("large", unary(b"x" * 1_000_000, timeout=TIME) == b"<" + b"x" * 1_000_000 + b">")

numbers = channel.unary_stream("/test.Hub/ServerStream")(b"1000", timeout=TIME)
check("initial metadata", ("x-initial", "yes") in list(numbers.initial_metadata()))
check("server stream", list(numbers) == [b"%d" % number for number in range(1000)])

words = (b"%d" % number for number in range(1000))
joined = channel.stream_unary("/test.Hub/ClientStream")(words, timeout=TIME)
check("client stream", joined == b",".join(b"%d" % number for number in range(1000)))

# Each message is sent only after the answer to the one before.
said, heard = threading.Semaphore(1), []


def messages():
    for number in range(50):
        if not said.acquire(timeout=TIME):
            return
        yield b"%d" % number


for message in channel.stream_stream("/test.Hub/Bidirectional")(messages(), timeout=TIME):
    heard.append(message)
    said.release()
check("bidirectional", heard == [b"<%d>" % number for number in range(50)])

try:
    unary(b"fail", timeout=TIME)
    check("error", False)
except grpc.RpcError as error:
    check("error", (error.code(), error.details()) == (grpc.StatusCode.NOT_FOUND, "no such item: ä"))

try:
    unary(b"slow", timeout=0.5)
    check("deadline", False)
except grpc.RpcError as error:
    check("deadline", error.code() == grpc.StatusCode.DEADLINE_EXCEEDED)

cancelled = unary.future(b"slow", timeout=TIME)
cancelled.cancel()
check("cancellation", cancelled.cancelled())

calls = [unary.future(b"%d" % number, timeout=TIME) for number in range(CALLS)]
check("parallel", all(call.result() == b"<%d>" % number for number, call in enumerate(calls)))
