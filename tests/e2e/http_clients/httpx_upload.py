"""Uploads over HTTP/2 by httpx: ADDRESS [PATH BYTES]..."""

import sys

import httpx

address, *uploads = sys.argv[1:]
with httpx.Client(http2=True, verify=False, timeout=15) as client:
    for path, size in zip(uploads[::2], uploads[1::2]):
        try:
            answer = client.post(address + path, content=b"x" * int(size))
            print(path, answer.status_code if answer.http_version == "HTTP/2" else answer.http_version)
        except httpx.HTTPError as error:
            print(path, repr(error))
