"""CONNECT through routes that list targets: each target under its own route's policy (class U15)."""
import socket
import threading
import unittest

from http1 import Http1
from server import SECONDS_MAX, Server

CONFIG = """
[[listener]]
address = "127.0.0.1:0"
[[route]]
connect = ["127.0.0.1:{open}"]
[[route]]
connect = ["127.0.0.1:{office}"]
allow = ["192.0.2.0/24"]
[[route]]
connect = ["127.0.0.1:{inside_tls}"]
require_tls = true
"""


class Backend:
    """Sends back whatever comes, and counts its connections."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.accepted = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.accepted += 1
            with connection:
                connection.settimeout(SECONDS_MAX)
                while data := connection.recv(65536):
                    connection.sendall(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()


class Connect(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backends = {name: cls.enterClassContext(Backend()) for name in ("open", "office", "inside_tls", "other")}
        ports = {name: backend.port for name, backend in cls.backends.items()}
        cls.server = cls.enterClassContext(Server(config=CONFIG.format(**ports)))

    def connect(self, name):
        port = self.backends[name].port
        connection = self.enterContext(Http1(self.server.http))
        connection.send(f"CONNECT 127.0.0.1:{port} HTTP/1.1", f"Host: 127.0.0.1:{port}")
        return connection

    def test_a_listed_target(self):
        connection = self.connect("open")
        self.assertEqual(connection.head().status, 200)
        connection.send_bytes(b"hello")
        self.assertEqual(connection.read(5), b"hello")

    def test_SEC_U15_no_other_target(self):
        for name, status in (("other", 403), ("office", 403), ("inside_tls", 426)):
            connection = self.connect(name)
            answer = connection.answer()
            self.assertEqual((name, answer.status), (name, status))
            self.assertTrue(answer.field("Connection").startswith("close"), answer.fields)
            self.assertTrue(connection.is_ended())
            self.assertEqual(self.backends[name].accepted, 0, "nobody was connected to")


if __name__ == "__main__":
    unittest.main()
