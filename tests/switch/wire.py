"""A connection that remembers every byte that came, and messages of HTTP/1.1 read off it.

    wire = Wire(socket.create_connection(address))
    wire.send(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
    message = read_message(wire, is_answer=True)
    message.start == "HTTP/1.1 200 OK"

Nothing here is lenient: a message that RFC 9112 does not allow is Malformed. No wait lasts longer than SECONDS_MAX.
"""
import dataclasses
import re
import select
import socket
import ssl
import struct

SECONDS_MAX = 10  # for anything that has to come; longer than every time limit of the targets, on a busy machine too


class Ended(Exception):
    """The peer ended the connection, and something was still to come."""


class Hang(Exception):
    """Nothing came, and the connection stayed open."""


class Malformed(Exception):
    pass


class Wire:
    def __init__(self, sock):
        self.socket = sock
        self.socket.settimeout(SECONDS_MAX)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = bytearray()  # all of it, from the beginning
        self.at = 0  # what has been read of it
        self.end = None  # "closed" or "reset", once that was seen

    def send(self, data):
        """What cannot be sent any more is lost: what the peer answered is still there to be read."""
        try:
            self.socket.sendall(data)
        except TimeoutError:
            raise Hang("the peer takes nothing") from None
        except OSError:
            pass

    def receive(self):
        """More bytes; False at the end of the connection."""
        if self.end:
            return False
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            raise Hang("nothing came") from None
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            data = b""
        except OSError:
            self.end = "reset"
            return False
        self.received += data
        if not data:
            self.end = "closed"
        return bool(data)

    def receive_what_is_there(self):
        """Takes in what has arrived already, without waiting; only for sockets without TLS."""
        ready = select.poll()
        ready.register(self.socket, select.POLLIN)
        while not self.end and ready.poll(0):
            self.receive()

    def read(self, size):
        while len(self.received) - self.at < size:
            if not self.receive():
                raise Ended(f"{len(self.received) - self.at} of {size} bytes came")
        self.at += size
        return bytes(self.received[self.at - size:self.at])

    def read_until(self, mark):
        while (found := self.received.find(mark, self.at)) < 0:
            if not self.receive():
                raise Ended(f"in the middle of {bytes(self.received[self.at:self.at + 60])!r}"
                            if self.unread() else "at the beginning of a message")
        return self.read(found + len(mark) - self.at)

    def rest(self):
        """Everything up to the end of the connection."""
        while self.receive():
            pass
        return self.read(len(self.received) - self.at)

    def unread(self):
        return bytes(self.received[self.at:])

    def is_at_end(self):
        """Waits for the next byte or the end."""
        return not self.unread() and not self.receive()

    def end_sending(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


@dataclasses.dataclass
class Message:
    start: str
    fields: list  # (name, value)
    body: bytes = b""

    @property
    def status(self):
        return int(self.start.split(" ")[1])

    def values(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def members(self, name):
        """All members of the list fields of that name, in small letters."""
        return [member.strip().lower() for value in self.values(name) for member in value.split(",") if member.strip()]


FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[\x21-\xff](?:[\t\x20-\xff]*[\x21-\xff])?)?)[ \t]*")
STATUS_LINE = re.compile(r"HTTP/1\.[01] [1-9][0-9][0-9] [\t\x20-\xff]*")
REQUEST_LINE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\xff]+ HTTP/1\.[01]")


def read_head(wire, is_answer):
    # A head that does not begin as one is not waited for: its end may never come.
    while is_answer and len(wire.unread()) < 5:
        if not wire.receive():
            raise Ended("after " + repr(wire.unread()) if wire.unread() else "before an answer")
    if is_answer and wire.unread()[:5] != b"HTTP/":
        raise Malformed(f"no answer: {wire.unread()[:60]!r}")
    lines = wire.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")[:-2]
    if not (STATUS_LINE if is_answer else REQUEST_LINE).fullmatch(lines[0]):
        raise Malformed(f"first line {lines[0]!r}")
    fields = []
    for line in lines[1:]:
        field = FIELD.fullmatch(line)
        if not field:
            raise Malformed(f"field line {line!r}")
        fields.append(field.groups())
    return Message(lines[0], fields)


def _read_chunked(wire):
    body = b""
    while True:
        size = int(wire.read_until(b"\r\n").split(b";")[0], 16)
        if not size:
            break
        body += wire.read(size)
        if wire.read(2) != b"\r\n":
            raise Malformed("chunk")
    while wire.read_until(b"\r\n") != b"\r\n":
        pass
    return body


def read_body(wire, message, is_answer):
    """RFC 9112 section 6.3."""
    codings, lengths = message.members("Transfer-Encoding"), message.values("Content-Length")
    if codings:
        if codings != ["chunked"] or lengths:
            raise Malformed(f"Transfer-Encoding {codings} and Content-Length {lengths}")
        return _read_chunked(wire)
    if lengths:
        if len(lengths) > 1 or not re.fullmatch("[0-9]{1,9}", lengths[0]):
            raise Malformed(f"Content-Length {lengths}")
        return wire.read(int(lengths[0]))
    return wire.rest() if is_answer else b""


def read_message(wire, is_answer, method="GET"):
    message = read_head(wire, is_answer)
    if not is_answer or not (method == "HEAD" or message.status < 200 or message.status in (204, 304)):
        message.body = read_body(wire, message, is_answer)
    return message
