"""A hub that answers whatever it is asked: 1 KB, 1 MB at /medium, 32 MB at /large."""

from kit import hub

PIECE = b"x" * 65536
SIZES = {b"/medium": 1024 * 1024, b"/large": 32 * 1024 * 1024}
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"


class Hub(hub.Hub):
    async def exchange(self, reader, writer):
        """One request and its answer; false when there is none any more."""
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await read_body(reader, head)
        size = SIZES.get(head.split(b" ", 2)[1], 1024)
        writer.write(OK % size)
        for at in range(0, 0 if head.startswith(b"head ") else size, len(PIECE)):
            writer.write(PIECE[:size - at])
            await writer.drain()
        return True


async def read_body(reader, head):
    if b"transfer-encoding: chunked" in head:
        await reader.readuntil(b"0\r\n\r\n")
        return
    length = head.partition(b"content-length:")[2].split(b"\r\n")[0]
    if length:
        await reader.readexactly(int(length))


Hub().main()
