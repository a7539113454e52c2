"""The PROXY protocol from real programs that write it: curl (version 1) and HAProxy (1 and 2), in cleartext and in TLS;
and from a client that nobody trusts (class O7)."""
import contextlib
import pathlib
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

import certificates
from http1 import Http1
from server import SECONDS_MAX, Server

CONFIG = """
trusted_proxies = ["127.0.0.1"]
[[listener]]
address = "127.0.0.1:0"
proxy_protocol = true
[[listener]]
address = "127.0.0.1:0"
proxy_protocol = true
tls = [{ certificate = "a.test.pem", key = "a.test.key" }]
[[listener]]
address = "[::1]:0"
proxy_protocol = true
[[route]]
echo = {}
[[route]]
match = { path = "/office" }
respond = { body = "office\\n" }
allow = ["192.0.2.0/24"]
[[route]]
match = { path = "/limited" }
respond = {}
limit_per_client = { requests = "3/h" }
"""


class Haproxy:
    """Passes bytes on to an address, behind a header, from a port of the system's choice."""

    def __init__(self, target, option):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.address = self.listening.getsockname()
        self.folder = tempfile.TemporaryDirectory()
        file = pathlib.Path(self.folder.name) / "haproxy.cfg"
        file.write_text(f"""
defaults
  mode tcp
  timeout connect {SECONDS_MAX}s
  timeout client {SECONDS_MAX}s
  timeout server {SECONDS_MAX}s
listen through
  bind fd@{self.listening.fileno()}
  server target {target[0]}:{target[1]} {option}
""")
        self.process = subprocess.Popen(["haproxy", "-db", "-f", file], pass_fds=[self.listening.fileno()],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.listening.close()
        self.folder.cleanup()


class ProxyProtocol(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        certificates.make(folder, "a.test")
        files = {name: (folder / name).read_bytes() for name in ("a.test.pem", "a.test.key")}
        cls.server = cls.enterClassContext(Server(config=CONFIG, files=files))

    def curl(self, url, *arguments):
        return subprocess.run(["curl", "-qsSk", "--noproxy", "*", "-d", "hello", *arguments, url],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS_MAX)

    def test_curl(self):
        for scheme in ("http", "https"):
            for version in ("--http1.1", "--http2", "--http2-prior-knowledge"):
                done = self.curl(self.server.url("/curl", scheme), "--haproxy-protocol", version)
                self.assertEqual((done.stdout, done.returncode), ("hello", 0), (scheme, version, done.stderr))

    def test_haproxy(self):
        for number, option in enumerate(("send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c")):
            for scheme, target in (("http", self.server.http), ("https", self.server.https)):
                with Haproxy(target, option) as haproxy:
                    path = f"/haproxy-{number}-{scheme}"
                    url = f"{scheme}://127.0.0.1:{haproxy.address[1]}{path}"
                    done = self.curl(url)
                    self.assertEqual((done.stdout, done.returncode), ("hello", 0), (option, scheme, done.stderr))
                    line = self.server.logged(path=path)
                    self.assertEqual(line["s-port"], str(haproxy.address[1]), "the address that the client connected to")

    def test_the_client_of_the_header_counts(self):
        for client, status in (("192.0.2.9", 200), ("198.51.100.9", 403)):
            with Http1(self.server.http) as connection:
                connection.send_bytes(f"PROXY TCP4 {client} 203.0.113.1 1000 80\r\n".encode())
                self.assertEqual(connection.exchange("GET /office HTTP/1.1", "Host: a").status, status)
            self.assertEqual(self.server.logged(path="/office", status=status)["c-ip"], client)

    def test_SEC_D4_a_client_has_its_share_whichever_worker_it_comes_to(self):
        def ask(client):
            with Http1(self.server.http) as connection:
                connection.send_bytes(f"PROXY TCP4 {client} 203.0.113.1 1000 80\r\n".encode())
                return connection.exchange("GET /limited HTTP/1.1", "Host: a")
        self.assertEqual([ask("192.0.2.77").status for _ in range(5)], [200, 200, 200, 429, 429])
        self.assertRegex(ask("192.0.2.77").field("Retry-After"), r"^1\d{3}$")
        self.assertEqual(ask("192.0.2.78").status, 200)

    def test_SEC_O7_without_a_header_there_is_no_answer(self):
        with Http1(self.server.http) as connection:
            connection.send("GET / HTTP/1.1", "Host: a")
            self.assertTrue(connection.is_ended())

    def test_SEC_O7_only_trusted_proxies_are_believed(self):
        with Http1(self.server.http_all[1]) as connection:
            with contextlib.suppress(OSError):  # it may have ended already
                connection.send_bytes(b"PROXY TCP4 192.0.2.9 203.0.113.1 1000 80\r\n"
                                      b"GET /office HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertTrue(connection.is_ended())


class Backend:
    """Answers every request on its connections, and keeps what came before the first one."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.headers = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(SECONDS_MAX)
                data = b""
                while b"\r\n\r\n" not in data[12:] and (more := connection.recv(65536)):
                    data += more
                self.headers.append(data[:data.index(b"GET ")])
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                connection.recv(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()


class SendsProxyProtocol(unittest.TestCase):
    CONFIG = """
[[listener]]
address = "127.0.0.1:0"
[[upstream]]
name = "app"
servers = ["http://127.0.0.1:{port}"]
proxy_protocol = "{version}"
[[route]]
proxy = {{ to = "app" }}
"""

    def test_each_connection_says_whose_it_is(self):
        for version in ("v1", "v2"):
            with Backend() as backend, Server(config=self.CONFIG.format(port=backend.port, version=version)) as server:
                ends = []
                for _ in range(2):
                    with Http1(server.http) as connection:
                        ends.append((connection.socket.getsockname()[1], server.http[1]))
                        self.assertEqual(connection.exchange("GET / HTTP/1.1", "Host: a").body, b"ok")
                if version == "v1":
                    expected = [f"PROXY TCP4 127.0.0.1 127.0.0.1 {mine} {its}\r\n".encode() for mine, its in ends]
                else:
                    expected = [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([127, 0, 0, 1]) * 2 +
                                struct.pack(">HH", mine, its) for mine, its in ends]
                self.assertEqual(backend.headers, expected)


if __name__ == "__main__":
    unittest.main()
