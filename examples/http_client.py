#!/usr/bin/env python3
"""Signed requests and a stream with Python's own library, 3.9 and later. docs/HTTP.md says what is signed.

    export PLIMSOLL_URL=http://127.0.0.1:7003 PLIMSOLL_USER=anna PLIMSOLL_SECRET=<hex of `plimsoll keys add`>
    python3 examples/http_client.py GET /v1/accounts/anna
    python3 examples/http_client.py POST /v1/orders '{"account":"anna","id":"a1","symbol":"RB","side":"buy","price":"5000","qty":"1"}'
    python3 examples/http_client.py stream trades:RB book:RB orders
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import secrets
import socket
import sys
from urllib.parse import urlsplit


class Client:
    """A connection that signs what it sends."""

    def __init__(self, url, user=None, secret=None):
        self.place = urlsplit(url)
        self.user, self.secret = user, bytes.fromhex(secret or "")
        self.connection = http.client.HTTPConnection(self.place.hostname, self.place.port)

    def plain(self, method, target, body=b"", headers=None):
        """Sends a request as it is; gives the status and the answer."""
        self.connection.request(method, target, body or None, headers or {})
        response = self.connection.getresponse()
        return response.status, json.loads(response.read())

    def signed(self, method, target, body=b""):
        """User, timestamp, nonce and signature of a request now, by the server's clock."""
        timestamp = str(self.plain("GET", "/v1/time")[1]["ms"])
        nonce = secrets.token_hex(16)
        digest = hashlib.sha256(body).hexdigest()
        text = "\n".join([method, target, timestamp, nonce, digest])
        signature = hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()
        return {"user": self.user, "timestamp": timestamp, "nonce": nonce, "signature": signature}

    def request(self, method, target, body=b""):
        """Sends a signed request; gives the status and the answer."""
        proof = self.signed(method, target, body).items()
        headers = {"X-Plimsoll-" + name.capitalize(): value for name, value in proof}
        return self.plain(method, target, body, headers)

    def stream(self, topics):
        """Subscribes and yields messages; signs itself in where a user is given."""
        socket_ = socket.create_connection((self.place.hostname, self.place.port))
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        head = f"GET /v1/stream HTTP/1.1\r\nHost: {self.place.netloc}\r\nUpgrade: websocket\r\n"
        head += f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        socket_.sendall(head.encode())
        reader = socket_.makefile("rb")
        if b" 101 " not in reader.readline():
            raise ConnectionError("no WebSocket there")
        while reader.readline().strip():
            pass
        if self.user:
            send(socket_, {"op": "auth", **self.signed("GET", "/v1/stream")})
        for topic in topics:
            channel, _, symbol = topic.partition(":")
            send(socket_, {"op": "subscribe", "channel": channel, **({"symbol": symbol} if symbol else {})})
        while True:
            kind, payload = frame(reader)
            if kind == 8:
                return
            if kind == 9:
                write(socket_, 10, payload)
            if kind == 1:
                yield json.loads(payload)


def send(socket_, message):
    write(socket_, 1, json.dumps(message).encode())


def write(socket_, kind, payload):
    """A frame from a client, masked as RFC 6455 asks."""
    length = len(payload)
    size = bytes([128 | length]) if length < 126 else bytes([254]) + length.to_bytes(2, "big")
    mask = secrets.token_bytes(4)
    masked = bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))
    socket_.sendall(bytes([128 | kind]) + size + mask + masked)


def frame(reader):
    """The next frame of the server; it sends each message in one."""
    head = reader.read(2)
    if len(head) < 2:
        return 8, b""
    length = head[1] & 127
    if length > 125:
        length = int.from_bytes(reader.read(2 if length == 126 else 8), "big")
    return head[0] & 15, reader.read(length)


def main(words):
    url = os.environ.get("PLIMSOLL_URL", "http://127.0.0.1:7003")
    client = Client(url, os.environ.get("PLIMSOLL_USER"), os.environ.get("PLIMSOLL_SECRET"))
    if len(words) >= 2 and words[0] == "stream":
        for message in client.stream(words[1:]):
            print(json.dumps(message), flush=True)
        return 0
    if len(words) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    status, answer = client.request(words[0], words[1], "".join(words[2:]).encode())
    print(json.dumps(answer, indent=2))
    return 0 if status < 300 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
