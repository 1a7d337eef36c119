"""HTTP/2 over TLS: several streams at a time on one connection."""

import asyncio

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from ledger import Wrong

from .http1 import PATIENCE, secure

# Octets of a frame's head, and a type (RFC 9113, sections 4.1 and 6.8).
HEAD, GOAWAY = 9, 7


class Answer:
    """What comes on one stream."""

    def __init__(self):
        self.status, self.body = None, bytearray()
        self.whole = asyncio.get_running_loop().create_future()

    def end(self):
        if not self.whole.done():
            self.whole.set_result(None)

    def fail(self, why):
        if not self.whole.done():
            self.whole.set_exception(Wrong(why))


class Connection:
    """`is_open` tells whether the server takes further streams."""

    def __init__(self, host, reader, writer):
        self.host, self.reader, self.writer = host, reader, writer
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration())
        self.answers, self.is_open = {}, True
        self.h2.initiate_connection()
        self.flush()
        self.receiving = asyncio.create_task(self.receive())

    @classmethod
    async def open(cls, place, host, context):
        context.set_alpn_protocols(["h2"])
        return cls(host, *await secure(place, host, context))

    async def close(self):
        self.is_open = False
        self.receiving.cancel()
        self.writer.close()

    def flush(self):
        self.writer.write(self.h2.data_to_send())

    async def ask(self, method, path, content=None):
        """Sends a request, with no more than some KB; returns status and body of its answer."""
        if not self.is_open:
            raise Untaken
        stream = self.h2.get_next_available_stream_id()
        answer = self.answers[stream] = Answer()
        fields = {":method": method, ":scheme": "https", ":authority": self.host, ":path": path}
        self.h2.send_headers(stream, list(fields.items()), end_stream=content is None)
        if content is not None:
            self.h2.send_data(stream, content, end_stream=True)
        self.flush()
        try:
            await asyncio.wait_for(answer.whole, PATIENCE)
        finally:
            del self.answers[stream]
        return answer.status, bytes(answer.body)

    async def receive(self):
        why = "the connection ended"
        try:
            while True:
                await self.receive_frame()
        except (OSError, EOFError, h2.exceptions.ProtocolError) as fault:
            why = f"the connection ended: {fault!r}"
        self.is_open = False
        for answer in list(self.answers.values()):
            answer.fail(why)

    async def receive_frame(self):
        """A goodbye is not for h2, which would take nothing more after it."""
        head = await self.reader.readexactly(HEAD)
        payload = await self.reader.readexactly(int.from_bytes(head[:3], "big"))
        if head[3] == GOAWAY:
            self.is_open = False
            return self.refuse_after(int.from_bytes(payload[:4], "big") & 0x7FFFFFFF)
        for event in self.h2.receive_data(head + payload):
            self.take(event)
        return self.flush()

    def take(self, event):
        """Every event of a stream has its number."""
        answer = self.answers.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if answer:
                answer.body += event.data
        elif isinstance(event, h2.events.ResponseReceived) and answer:
            answer.status = int(dict(event.headers)[b":status"])
        elif isinstance(event, h2.events.StreamEnded) and answer:
            answer.end()
        elif isinstance(event, h2.events.StreamReset) and answer:
            answer.fail(f"stream reset with {event.error_code}")

    def refuse_after(self, last):
        """What the server did not take may be sent again elsewhere (RFC 9113, section 6.8)."""
        for stream, answer in list(self.answers.items()):
            if stream > last and not answer.whole.done():
                answer.whole.set_exception(Untaken())


class Untaken(Exception):
    """The server said goodbye before it took this request."""
