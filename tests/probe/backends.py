"""Backends: python3-websockets, and scripts for what no real server can be made to do.

    with Stage() as stage:
        echo = stage.keep(Websockets())                       # a real WebSocket server
        odd = stage.keep(Scripted(lambda ask: b"HTTP/1.1 ..."))  # whatever the script says
"""
import asyncio
import base64
import dataclasses
import hashlib
import os
import socket
import ssl
import threading
import zlib

import websockets

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 30\r\n\r\n<!doctype html><title>A</title>"[:-1]
SECONDS_MAX = 30


def page(body=b"<!doctype html><title>A</title>", status="200 OK", **fields):
    """An ordinary answer; a_name=value stands for A-Name: value."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: text/html", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


@dataclasses.dataclass
class Ask:
    method: str
    target: str
    version: str
    fields: dict  # by lower-case name; repeated ones joined
    body: bytes
    socket: socket.socket
    unread: bytes

    def get(self, name):
        return self.fields.get(name.lower(), "")

    @property
    def token(self):
        return self.get("upgrade")

    @property
    def wants_websocket(self):
        return self.token.lower() == "websocket"

    def accept(self, guid=GUID):
        return base64.b64encode(hashlib.sha1((self.get("sec-websocket-key") + guid).encode()).digest()).decode()

    def switch(self, *fields, accept=None, token=None):
        """The 101, with other or more fields where a script wants them."""
        lines = ["HTTP/1.1 101 Switching Protocols", f"Upgrade: {token or self.token.split(',')[0].strip()}",
                 "Connection: Upgrade"]
        if self.wants_websocket:
            lines.append(f"Sec-WebSocket-Accept: {accept or self.accept()}")
        return ("\r\n".join([*lines, *fields]) + "\r\n\r\n").encode()


class Scripted:
    """`script(ask)` returns the bytes of an answer, or does all by itself on ask.socket and returns None. After an
    answer the next request is read, but not after a 101, nor one with Connection: close."""

    def __init__(self, script, tls=None):
        self._script, self._tls = script, tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._open = set()
        self._lock = threading.Lock()
        self._stopping = False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def url(self, path="/", scheme="ws"):
        return f"{scheme}://{self.address}{path}"

    def _accept(self):
        while True:
            try:
                one, _ = self._listener.accept()
            except OSError:
                return
            one.settimeout(SECONDS_MAX)
            with self._lock:
                if self._stopping:
                    one.close()
                    return
                self._open.add(one)
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _serve(self, one):
        raw = one
        try:
            if self._tls:
                one = self._tls.wrap_socket(one, server_side=True)
            unread = b""
            while True:
                ask, unread = self._read(one, unread)
                answer = self._script(ask) if ask else None
                if answer is None:
                    return
                one.sendall(answer)
                if answer.startswith(b"HTTP/1.1 101") or b"\r\nConnection: close" in answer:
                    return
                unread = ask.unread
        except (OSError, ssl.SSLError, zlib.error):
            pass
        finally:
            with self._lock:
                self._open.discard(raw)
            one.close()
            raw.close()

    @staticmethod
    def _read(one, unread):
        while b"\r\n\r\n" not in unread:
            more = one.recv(65536)
            if not more:
                return None, b""
            unread += more
        head, _, rest = unread.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, version = (first.split(" ") + ["", ""])[:3]
        fields = {}
        for line in lines:
            name, _, value = line.partition(":")
            name, value = name.strip().lower(), value.strip()
            fields[name] = f"{fields[name]}, {value}" if name in fields else value
        length = 0 if fields.get("expect") else int(fields.get("content-length", "0"))
        while len(rest) < length:
            rest += one.recv(65536)
        ask = Ask(method, target, version, fields, rest[:length], one, rest[length:])
        return ask, ask.unread

    def stop(self):
        with self._lock:
            self._stopping = True
            open_ones = list(self._open)
        # A shutdown wakes whoever reads or accepts; a close alone would not.
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        for one in open_ones:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._thread.join(SECONDS_MAX)


class Frames:
    """A server's side of WebSocket, just enough for scripts."""

    def __init__(self, ask):
        self._socket, self._unread = ask.socket, ask.unread

    def _take(self, size):
        while len(self._unread) < size:
            more = self._socket.recv(65536)
            if not more:
                raise OSError("ended")
            self._unread += more
        taken, self._unread = self._unread[:size], self._unread[size:]
        return taken

    def read(self):
        """(first byte, payload)"""
        first, second = self._take(2)
        size = second & 127
        if size == 126:
            size = int.from_bytes(self._take(2), "big")
        elif size == 127:
            size = int.from_bytes(self._take(8), "big")
        mask = self._take(4) if second & 128 else b"\0\0\0\0"
        payload = bytes(byte ^ mask[i & 3] for i, byte in enumerate(self._take(size)))
        return first, payload

    def send(self, first, payload, mask=b""):
        size = len(payload)
        masked = 128 if mask else 0
        if size < 126:
            head = bytes([first, masked | size])
        elif size < 65536:
            head = bytes([first, masked | 126]) + size.to_bytes(2, "big")
        else:
            head = bytes([first, masked | 127]) + size.to_bytes(8, "big")
        if mask:
            payload = bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload))
        self._socket.sendall(head + mask + payload)

    def echo(self, pongs=True, mask=b"", every_frame=None):
        """Until a close frame: messages and pings are answered. `every_frame(first, payload)` may change an echo."""
        while True:
            first, payload = self.read()
            kind = first & 15
            if kind == 8:
                self.send(0x88, payload[:2], mask)
                return
            if kind == 9:
                if pongs:
                    self.send(0x8a, payload, mask)
            elif kind in (1, 2):
                if every_frame:
                    first, payload = every_frame(first, payload)
                self.send(first, payload, mask)


def websocket_echo(ask, *fields, accept=None, **how):
    """101, and an echo behind it."""
    ask.socket.sendall(ask.switch(*fields, accept=accept))
    Frames(ask).echo(**how)


def any_token(ask):
    """A switch to whatever is asked for, and its bytes come back; a page without an offer."""
    if not ask.token or "upgrade" not in ask.get("connection").lower():
        return page()
    ask.socket.sendall(ask.switch())
    if ask.wants_websocket:
        Frames(ask).echo()
        return None
    data = ask.unread or ask.socket.recv(65536)
    while data:
        ask.socket.sendall(data)
        data = ask.socket.recv(65536)
    return None


class Websockets:
    """python3-websockets, with an echo."""

    def __init__(self, tls=None, **options):
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._tls, self._options = tls, options
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        if not self._ready.wait(SECONDS_MAX):
            raise AssertionError("python3-websockets does not start")

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def url(self, path="/", scheme="ws"):
        return f"{scheme}://{self.address}{path}"

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())

    async def _serve(self):
        async def echo(connection):
            async for message in connection:
                await connection.send(message)

        self._stopped = asyncio.Event()
        options = {"ping_interval": None, **self._options}
        async with websockets.serve(echo, "127.0.0.1", 0, ssl=self._tls, close_timeout=1, **options) as server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stopped.wait()

    def stop(self):
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(SECONDS_MAX)


def tls_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def nobody():
    """A port where nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
