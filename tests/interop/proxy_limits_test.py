"""A reader that stalls while much is offered to it: what the server holds for it in its own memory is bounded, in each
direction and on each path through the proxy. When the reader goes on, all that was sent arrives in order.

TURNOUT_OFFERED is how much is offered to each, in bytes."""
import contextlib
import os
import pathlib
import queue
import re
import select
import struct
import threading
import unittest

import http2
from backend import Backend
from http1 import Http1, request
from server import SECONDS_MAX, Server

OFFERED = int(os.environ.get("TURNOUT_OFFERED", str(256 << 20)))
STALLED = 8  # at once; what one costs does not drown in what the server needs anyway
GROWTH_BYTES_MAX = 256 << 10  # for each of them
QUIET_SECONDS = 1  # nothing could be sent for that long: the reader's stall has reached the sender
READ_ON_BYTES = 16 << 20  # more than what all the buffers on the way hold
WINDOW_MAX = (1 << 31) - 1
INITIAL_WINDOW_SIZE = 4

CONFIG = """
[[listener]]
address = "127.0.0.1:0"

[limits]
send_stall = "5m"

[[upstream]]
name = "backend"
servers = ["{url}"]

[[route]]
proxy = {{ to = "backend", switch = ["tcp"], answer_timeout = "5m" }}
"""
PERIOD = 251  # no buffer has a length that is a multiple of it
PATTERN = bytes(range(PERIOD)) * 300


def pattern(first, size):
    """`size` bytes of an endless pattern, from an offset of it."""
    return PATTERN[first % PERIOD:first % PERIOD + size]


class Plain:
    """One end of a tunnel or of a body in HTTP/1.1."""

    def __init__(self, connection):
        self.connection = connection
        self.sent = 0
        self._unread = connection.unread()
        connection.socket.setblocking(False)

    def fileno(self):
        return self.connection.socket.fileno()

    def push(self):
        """Sends what can be sent now."""
        with contextlib.suppress(BlockingIOError):
            while self.sent < OFFERED:
                self.sent += self.connection.socket.send(pattern(self.sent, min(65536, OFFERED - self.sent)))

    def wants_to_read(self):
        return False

    def pull(self):
        data, self._unread = self._unread, b""
        with contextlib.suppress(BlockingIOError):
            data += self.connection.socket.recv(1 << 20)
        return data


class Http2:
    """A client with one stream, whose window is as large as it can be."""

    def __init__(self, address, *fields):
        self.connection = Http1(address)
        self.sent = 0
        self.answered = False
        self._connection_window = self._stream_window = 65535
        self._in = self._out = self._data = b""
        settings = http2.frame(http2.SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, WINDOW_MAX))
        grow = http2.frame(http2.WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW_MAX - 65535))
        block = http2.field_block((":scheme", "http"), (":authority", "a"), *fields)
        flags = http2.END_HEADERS | (http2.END_STREAM if (":method", "GET") in fields else 0)
        self.connection.send_bytes(http2.PREFACE + settings + grow + http2.frame(http2.HEADERS, flags, 1, block))
        self.connection.socket.setblocking(False)

    def fileno(self):
        return self.connection.socket.fileno()

    def wants_to_read(self):
        return self._out == b""

    def _receive(self):
        with contextlib.suppress(BlockingIOError):
            self._in += self.connection.socket.recv(1 << 20)
        at = 0
        while len(self._in) - at >= 9:
            length = int.from_bytes(self._in[at:at + 3], "big")
            if len(self._in) - at < 9 + length:
                break
            self._take(self._in[at + 3], self._in[at + 4], int.from_bytes(self._in[at + 5:at + 9], "big"),
                       self._in[at + 9:at + 9 + length])
            at += 9 + length
        self._in = self._in[at:]

    def _take(self, kind, flags, stream, payload):
        if kind in (http2.RST_STREAM, http2.GOAWAY):
            raise AssertionError(f"refused: {kind} {payload}")
        if kind == http2.SETTINGS and not flags & http2.ACK:
            for name, value in struct.iter_unpack(">HI", payload):
                if name == INITIAL_WINDOW_SIZE:
                    self._stream_window += value - 65535
            self._out += http2.frame(http2.SETTINGS, http2.ACK)
        elif kind == http2.WINDOW_UPDATE and stream:
            self._stream_window += int.from_bytes(payload, "big")
        elif kind == http2.WINDOW_UPDATE:
            self._connection_window += int.from_bytes(payload, "big")
        elif kind == http2.HEADERS:
            self.answered = True
        elif kind == http2.DATA:
            self._data += payload

    def push(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                self._receive()
                if not self._out:
                    size = min(16384, self._stream_window, self._connection_window, OFFERED - self.sent)
                    if size <= 0:
                        return
                    self._out = http2.frame(http2.DATA, 0, 1, pattern(self.sent, size))
                    self.sent += size
                    self._stream_window -= size
                    self._connection_window -= size
                self._out = self._out[self.connection.socket.send(self._out):]

    def pull(self):
        self._receive()
        data, self._data = self._data, b""
        return data

    def wait_for_answer(self):
        while not self.answered:
            if not select.select([self], [], [], SECONDS_MAX)[0]:
                raise AssertionError("no answer")
            self._receive()


class ProxyLimits(unittest.TestCase):
    def setUp(self):
        self.accepted = queue.Queue()
        self.finished = threading.Event()
        backend = self.enterContext(Backend(self.serve))
        self.addCleanup(self.finished.set)
        self.server = self.enterContext(Server("--workers", "1", config=CONFIG.format(url=backend.url)))

    def serve(self, connection):
        """Begins an answer, and leaves the rest to the test."""
        head = connection.read_until(b"\r\n\r\n")
        if b"Upgrade: tcp" in head:
            connection.send("HTTP/1.1 101 Switching Protocols", "Upgrade: tcp", "Connection: Upgrade")
        elif head.startswith(b"GET"):
            connection.send("HTTP/1.1 200 OK", f"Content-Length: {OFFERED}")
        self.accepted.put(Plain(connection))
        self.finished.wait()

    def open_http1(self, kind):
        connection = Http1(self.server.http)
        self.addCleanup(connection.socket.close)
        if kind == "tunnel":
            connection.send("GET /tunnel HTTP/1.1", "Host: a", "Upgrade: tcp", "Connection: Upgrade")
            self.assertEqual(connection.head().status, 101)
        elif kind == "upload":
            connection.send("POST /upload HTTP/1.1", "Host: a", f"Content-Length: {OFFERED}")
        else:
            connection.send("GET /download HTTP/1.1", "Host: a")
            self.assertEqual(connection.head().status, 200)
        return Plain(connection), self.accepted.get(timeout=SECONDS_MAX)

    def open_http2(self, kind):
        client = Http2(self.server.http, *{
            "tunnel": ((":method", "CONNECT"), (":protocol", "tcp"), (":path", "/tunnel")),
            "upload": ((":method", "POST"), (":path", "/upload"), ("content-length", str(OFFERED))),
            "download": ((":method", "GET"), (":path", "/download"))}[kind])
        self.addCleanup(client.connection.socket.close)
        if kind != "upload":
            client.wait_for_answer()
        return client, self.accepted.get(timeout=SECONDS_MAX)

    def memory(self):
        """The server's own memory, in bytes: what it wrote to, and shares with nobody."""
        rollup = pathlib.Path(f"/proc/{self.server.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Private_Dirty: +(\d+) kB$", rollup, re.MULTILINE).group(1)) * 1024

    def push_until_quiet(self, senders):
        waiting = senders
        while waiting:
            for sender in senders:
                sender.push()
            waiting = [sender for sender in senders if sender.sent < OFFERED]
            readable, writable, _ = select.select([one for one in waiting if one.wants_to_read()],
                                                  [one for one in waiting if not one.wants_to_read()], [],
                                                  QUIET_SECONDS)
            if not readable and not writable:
                return

    def check(self, open_one, kind, to_client):
        def ends():
            client, server = open_one(kind)
            return (server, client) if to_client else (client, server)

        warm = ends()
        self.push_until_quiet([warm[0]])
        for one in warm:
            one.connection.socket.close()
        before = self.memory()
        pairs = [ends() for _ in range(STALLED)]
        senders = [sender for sender, _ in pairs]
        self.push_until_quiet(senders)
        growth = (self.memory() - before) // STALLED
        self.assertLess(max(sender.sent for sender in senders), OFFERED // 2, "nothing stalled")
        self.assertLess(growth, GROWTH_BYTES_MAX)
        sender, reader = pairs[0]
        received = 0
        while received < READ_ON_BYTES:
            sender.push()
            data = reader.pull()
            for at in range(0, len(data), 65536):
                part = data[at:at + 65536]
                self.assertTrue(part == pattern(received, len(part)), f"bytes from {received} on")
                received += len(part)
            if not data:
                select.select([reader, sender], [], [], SECONDS_MAX)
        for pair in pairs:
            for one in pair:
                one.connection.socket.close()

    def test_tunnels(self):
        for open_one in (self.open_http1, self.open_http2):
            for to_client in (False, True):
                with self.subTest(path=open_one.__name__, to_client=to_client):
                    self.check(open_one, "tunnel", to_client)

    def test_requests(self):
        for open_one in (self.open_http1, self.open_http2):
            with self.subTest(path=open_one.__name__):
                self.check(open_one, "upload", to_client=False)

    def test_answers(self):
        for open_one in (self.open_http1, self.open_http2):
            with self.subTest(path=open_one.__name__):
                self.check(open_one, "download", to_client=True)


class ProxyLimitsBeforeHttp2(ProxyLimits):
    """The same with a server of HTTP/2 behind the proxy: another Turnout, in front of the same backend."""

    def setUp(self):
        super().setUp()
        url = "h2c://{}:{}".format(*self.server.http)
        self.server = self.enterContext(Server("--workers", "1", config=CONFIG.format(url=url)))

    def test_tunnels(self):
        # From HTTP/1.1 to HTTP/2 only WebSocket is defined; from HTTP/2 any token.
        for to_client in (False, True):
            with self.subTest(to_client=to_client):
                self.check(self.open_http2, "tunnel", to_client)


if __name__ == "__main__":
    unittest.main()
