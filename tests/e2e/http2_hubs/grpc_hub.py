"""A gRPC server without schemas: messages are bytes. Prints its port."""

import sys
import time
from concurrent import futures

import grpc


def unary(request, context):
    for key, value in context.invocation_metadata():
        if key == "x-say":
            context.set_trailing_metadata((("x-said", value), ("x-said-bin", b"\x00\xff")))
    if request == b"fail":
        context.abort(grpc.StatusCode.NOT_FOUND, "no such item: ä")
    if request == b"slow":
        while context.is_active():
            time.sleep(0.02)
        print("cancelled", flush=True)
    return b"<" + request + b">"


def server_stream(request, context):
    context.send_initial_metadata((("x-initial", "yes"),))
    for number in range(int(request)):
        yield b"%d" % number


def client_stream(requests, context):
    return b",".join(requests)


def bidirectional(requests, context):
    for request in requests:
        yield b"<" + request + b">"


class Handler(grpc.GenericRpcHandler):
    def service(self, details):
        return {
            "/test.Hub/Unary": grpc.unary_unary_rpc_method_handler(unary),
            "/test.Hub/ServerStream": grpc.unary_stream_rpc_method_handler(server_stream),
            "/test.Hub/ClientStream": grpc.stream_unary_rpc_method_handler(client_stream),
            "/test.Hub/Bidirectional": grpc.stream_stream_rpc_method_handler(bidirectional),
        }.get(details.method)


server = grpc.server(futures.ThreadPoolExecutor(32))
server.add_generic_rpc_handlers((Handler(),))
if len(sys.argv) > 2:
    with open(sys.argv[1], "rb") as key, open(sys.argv[2], "rb") as chain:
        pair = (key.read(), chain.read())
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
else:
    port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
server.wait_for_termination()
