"""How a client reaches the server under test, and asks it to switch: the same few operations over every path.

    session = open_session(PATHS["h2-h1"], target, host)   # NotOffered where the target cannot do that at all
    session.ask(path.ask, early=b"bytes behind the request")
    answer = session.answer()
    if session.is_open: session.send(b"..."); session.read(5); session.end_sending()
"""
import dataclasses
import socket
import ssl

import h2
from wire import SECONDS_MAX, Ended, Malformed, Wire, read_body, read_head

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HOST = b"{host}"  # stands for the probe's own host name


class NotOffered(Exception):
    pass


@dataclasses.dataclass(frozen=True)
class Ask:
    """A request in HTTP/1.1, byte for byte."""
    fields: tuple
    method: str = "GET"
    target: str = "/ws"
    version: str = "HTTP/1.1"
    body: bytes = b""
    before: bytes = b""  # whole requests ahead of it, in the same write
    host: tuple = ("Host: {host}",)

    def render(self, host):
        lines = (f"{self.method} {self.target} {self.version}", *self.host, *self.fields, "")
        text = "".join(f"{line}\r\n" for line in lines).encode("latin-1")
        return (self.before + text + self.body).replace(HOST, host.encode())


@dataclasses.dataclass(frozen=True)
class AskH2:
    """A request in HTTP/2: its fields in order, pseudo fields as any others."""
    fields: tuple
    end: bool = False
    body = b""

    def render(self, host):
        return [(name, value.replace(HOST, host.encode())) for name, value in self.fields]


@dataclasses.dataclass(frozen=True)
class Path:
    name: str
    front: str  # how the client reaches the server: a key of FRONTS
    token: str
    back: str  # what the backend speaks: "h1" or "h2"
    what: str

    @property
    def is_h2(self):
        return self.front in ("h2", "h2c", "https-h2")

    @property
    def scheme(self):
        return "https" if self.front in ("https", "tls", "https-h2") else "http"

    @property
    def ask(self):
        """The right offer of the path's token."""
        return extended_connect(self.token, self.scheme) if self.is_h2 else Ask(offer(self.token))


def offer(token):
    fields = (f"Upgrade: {token}", "Connection: Upgrade")
    return (*fields, "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}") if token == "websocket" else fields


def extended_connect(token, scheme="http"):
    fields = ((b":method", b"CONNECT"), (b":protocol", token.encode()), (b":scheme", scheme.encode()),
              (b":path", b"/ws"), (b":authority", HOST))
    return AskH2((*fields, (b"sec-websocket-version", b"13")) if token == "websocket" else fields)


@dataclasses.dataclass
class Answer:
    status: int
    fields: list  # (name, value)
    body: bytes = b""
    interim: tuple = ()  # the status codes of 1xx before it

    def values(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def members(self, name):
        return [member.strip().lower() for value in self.values(name) for member in value.split(",") if member.strip()]


class Http1Session:
    def __init__(self, wire, host, is_tls=False):
        self.wire, self.host, self.is_open, self._is_tls = wire, host, False, is_tls
        self.method, self._held = "GET", b""

    def ask(self, ask, early=b"", waits_for_100=False):
        self.method = ask.method
        data = ask.render(self.host)
        if waits_for_100:
            self._held = ask.body
            data = data[:len(data) - len(ask.body)]
        self.wire.send(data + early)

    def answer(self):
        """The final answer, or a 101."""
        interim = ()
        while True:
            head = read_head(self.wire, is_answer=True)
            if head.status >= 200 or head.status == 101:
                break
            interim += (head.status,)
            if head.status == 100:
                self.wire.send(self._held)
                self._held = b""
        answer = Answer(head.status, head.fields, interim=interim)
        if head.status == 101:
            self.is_open = True
        elif self.method != "HEAD" and head.status not in (204, 304):
            answer.body = read_body(self.wire, head, is_answer=True)
        return answer

    def send(self, data):
        self.wire.send(data)

    def read(self, size):
        """As many bytes; fewer where the other side ends."""
        while len(self.wire.unread()) < size and self.wire.receive():
            pass
        return self.wire.read(min(size, len(self.wire.unread())))

    def read_to_end(self):
        return self.wire.rest()

    def end_sending(self):
        """Half-close; of a TLS session the whole, as Python's cannot be ended by halves."""
        if self._is_tls:
            self.wire.close()
            self.wire.end = "closed"
        else:
            self.wire.end_sending()

    @property
    def is_ended(self):
        return self.wire.end is not None

    def reset(self):
        self.wire.reset()

    def close(self):
        self.wire.close()


class Http2Session:
    def __init__(self, connection, host, number):
        self.connection, self.host, self.number, self.is_open = connection, host, number, False
        self._at, self._is_connect = 0, False

    @property
    def wire(self):
        return self.connection.wire

    @property
    def stream(self):
        return self.connection.stream(self.number)

    def ask(self, ask, early=b"", waits_for_100=False):
        assert not waits_for_100
        self._is_connect = (b":method", b"CONNECT") in ask.fields
        self.connection.send_headers(self.number, ask.render(self.host), ask.end, early)

    def answer(self):
        stream, interim = self.stream, ()
        while True:
            self.connection.wait(lambda: len(stream.blocks) > len(interim) or stream.reset is not None or
                                 self._is_refused())
            if len(stream.blocks) <= len(interim):
                raise Ended(f"reset with code {stream.reset}" if stream.reset is not None else
                            f"GOAWAY {self.connection.goaway}")
            fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in stream.blocks[len(interim)]]
            if not dict(fields).get(":status", "").isdigit():
                raise Malformed(f"no :status in {fields}")
            status = int(dict(fields)[":status"])
            if status >= 200 or status == 101:
                break
            interim += (status,)
        answer = Answer(status, fields, interim=interim)
        self.is_open = self._is_connect and 200 <= status < 300
        return answer

    def _is_refused(self):
        """GOAWAY, with a last stream below ours."""
        return self.connection.goaway is not None and self.connection.goaway[0] < self.number

    def send(self, data):
        self.connection.send_data(self.number, data)

    def read(self, size):
        self.connection.wait(lambda: len(self.stream.data) >= self._at + size or self.stream.is_over)
        data = bytes(self.stream.data[self._at:self._at + size])
        self._at += len(data)
        return data

    def read_to_end(self):
        self.connection.wait(lambda: self.stream.is_over)
        return self.read(len(self.stream.data) - self._at)

    def end_sending(self):
        self.connection.send_data(self.number, b"", end=True)

    @property
    def is_ended(self):
        return self.stream.is_over

    def reset(self):
        self.connection.send_reset(self.number, h2.CANCEL)

    def close(self):
        self.connection.wire.close()


def _tls(wire, alpn=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols([alpn])
    try:
        sock = context.wrap_socket(wire.socket)
    except (OSError, ssl.SSLError) as error:
        raise Ended(f"TLS: {error}") from None
    if alpn == "h2" and sock.selected_alpn_protocol() != alpn:
        raise NotOffered(f"{alpn} by ALPN")
    return Wire(sock)


def connect(address):
    return Wire(socket.create_connection(address, SECONDS_MAX))


def _http2(wire, host, number=1):
    connection = h2.H2(wire)
    connection.begin()
    try:
        connection.wait(lambda: connection.settings is not None)
    except Ended:
        raise NotOffered("HTTP/2") from None
    return Http2Session(connection, host, number)


def open_h1(target, host):
    return Http1Session(connect(target.http), host)


def open_h1_tls_port(target, host):
    if target.tls_upgrade is None:
        raise NotOffered("TLS by Upgrade")
    return Http1Session(connect(target.tls_upgrade), host)


def open_https(target, host):
    return Http1Session(_tls(connect(target.https), "http/1.1"), host, is_tls=True)


def open_tls(target, host):
    """RFC 2817."""
    wire = connect(target.tls_upgrade or target.http)
    session = Http1Session(wire, host)
    session.ask(Ask(("Upgrade: TLS/1.2", "Connection: Upgrade"), target="/canary/tls"))
    if session.answer().status != 101:
        raise NotOffered("TLS by Upgrade")
    if wire.unread():
        raise Malformed(f"before TLS came {wire.unread()!r}")
    # Without ALPN: who offers that began in TLS, and this may be an attack on it (CVE-2025-49812).
    session = Http1Session(_tls(wire), host, is_tls=True)
    answer = session.answer()
    if answer.body != b"tls":
        raise Malformed(f"the request that asked for TLS got {answer}")
    return session


def open_h2(target, host):
    return _http2(connect(target.http2), host)


def open_https_h2(target, host):
    return _http2(_tls(connect(target.https), "h2"), host)


def open_h2c(target, host):
    wire = connect(target.http)
    session = Http1Session(wire, host)
    session.ask(Ask(("Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAQAAP__"),
                    target="/canary/h2c"))
    if session.answer().status != 101:
        raise NotOffered("h2c")
    http2 = _http2(wire, host, number=3)
    http2.connection.wait(lambda: http2.connection.stream(1).is_over)
    if http2.connection.stream(1).data != b"h2c":
        raise Malformed(f"the request that asked for h2c got {bytes(http2.connection.stream(1).data)!r}")
    return http2


FRONTS = {"h1": open_h1, "h1-tls-port": open_h1_tls_port, "https": open_https, "tls": open_tls,
          "h2": open_h2, "https-h2": open_https_h2,
          "h2c": open_h2c}

PATHS = {path.name: path for path in (
    Path("h1-ws", "h1", "websocket", "h1", "HTTP/1.1, websocket, to HTTP/1.1"),
    Path("h1-tcp", "h1", "tcp", "h1", "HTTP/1.1, a raw token, to HTTP/1.1"),
    Path("https-ws", "https", "websocket", "h1", "https, websocket, to HTTP/1.1"),
    Path("tls-ws", "tls", "websocket", "h1", "TLS by Upgrade (RFC 2817), websocket in it, to HTTP/1.1"),
    Path("h2c-ws", "h2c", "websocket", "h1", "h2c by Upgrade, extended CONNECT in it, to HTTP/1.1"),
    Path("h2-h1", "h2", "websocket", "h1", "HTTP/2 extended CONNECT, websocket, to HTTP/1.1"),
    Path("h2-h1-tcp", "h2", "tcp", "h1", "HTTP/2 extended CONNECT, a raw token, to HTTP/1.1"),
    Path("https-h2-h1", "https-h2", "websocket", "h1", "HTTP/2 in TLS, extended CONNECT, to HTTP/1.1"),
    Path("h2-h2", "h2", "websocket", "h2", "HTTP/2 extended CONNECT to HTTP/2"),
    Path("h1-h2", "h1", "websocket", "h2", "HTTP/1.1, websocket, to HTTP/2 extended CONNECT"),
)}


def open_session(path, target, host):
    if path.back not in target.backs:
        raise NotOffered("HTTP/2 to the backend")
    return FRONTS[path.front](target, host)


def offers_extended_connect(session):
    return (session.connection.settings or {}).get(h2.ENABLE_CONNECT_PROTOCOL) == 1
