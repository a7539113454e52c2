"""A client of HTTP/1.1 that sends exactly the bytes it is told to.

    with Http1(server.http) as connection:
        connection.send("GET / HTTP/1.1", "Host: a")
        answer = connection.answer()
        assert answer.status == 200 and connection.is_ended()
"""
import dataclasses
import socket

from server import SECONDS_MAX


@dataclasses.dataclass
class Answer:
    status: int
    fields: list
    body: bytes = b""

    def field(self, name):
        """The values of all fields of that name, joined as in a list; None where there is none."""
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        return ", ".join(values) if values else None


def request(*lines, body=b""):
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1") + body


class Http1:
    def __init__(self, address, sock=None):
        self.socket = sock or socket.create_connection(address, SECONDS_MAX)
        if self.socket.family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *lines, body=b""):
        self.send_bytes(request(*lines, body=body))

    def send_bytes(self, data):
        self.socket.sendall(data)

    def _more(self):
        """False where the server has ended the connection, whichever way."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self._unread += data
        return bool(data)

    def read(self, size):
        while len(self._unread) < size:
            if not self._more():
                raise EOFError(f"ended after {self._unread!r}")
        data, self._unread = self._unread[:size], self._unread[size:]
        return data

    def read_until(self, mark):
        while mark not in self._unread:
            if not self._more():
                raise EOFError(f"ended after {self._unread!r}")
        return self.read(self._unread.index(mark) + len(mark))

    def head(self):
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")[:-2]
        version, status, _ = lines[0].split(" ", 2)
        if version != "HTTP/1.1":
            raise AssertionError(f"not HTTP/1.1: {lines[0]}")
        return Answer(int(status), [tuple(line.split(": ", 1)) for line in lines[1:]])

    def answer(self, method="GET"):
        """One answer with its body; 1xx are answers of their own."""
        answer = self.head()
        if method == "HEAD" or answer.status < 200 or answer.status in (204, 304):
            return answer
        if answer.field("Transfer-Encoding") == "chunked":
            while size := int(self.read_until(b"\r\n"), 16):
                answer.body += self.read(size)
                self.read(2)
            self.read(2)
        else:
            answer.body = self.read(int(answer.field("Content-Length")))
        return answer

    def exchange(self, *lines, body=b""):
        self.send(*lines, body=body)
        return self.answer(lines[0].split(" ")[0])

    def is_ended(self):
        """Waits for the end of the connection: False where something else comes first."""
        return not self._unread and not self._more()

    def rest(self):
        """Everything up to the end of the connection."""
        while self._more():
            pass
        data, self._unread = self._unread, b""
        return data

    def unread(self):
        return self._unread

    def into_tls(self, context, server_hostname=None):
        """The same connection, inside TLS. Nothing may have been sent ahead of the handshake."""
        if self._unread:
            raise AssertionError(f"before TLS came {self._unread!r}")
        return Http1(None, context.wrap_socket(self.socket, server_hostname=server_hostname))
