"""Upgrade: TLS on a connection that began in cleartext (RFC 2817): by a client written here, and by CUPS' ipptool."""
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile
import unittest

import certificates
from http1 import Http1, request
from server import SECONDS_MAX, Server, trusting_nobody

CONFIG = """
[[listener]]
address = "127.0.0.1:0"
tls_upgrade = "{mode}"
tls = [{{ certificate = "upgrade.test.pem", key = "upgrade.test.key" }}]

[[route]]
match = {{ path = "/private" }}
respond = {{ status = 200, body = "private\\n" }}
require_tls = true

[[route]]
match = {{ path = "/" }}
respond = {{ status = 200, body = "root\\n" }}

[[route]]
match = {{ path = "/echo" }}
echo = {{}}
"""

IPP_TEST = """{
  OPERATION Get-Printer-Attributes
  GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8
  ATTR naturalLanguage attributes-natural-language en
  ATTR uri printer-uri $uri
}
"""


def upgrade_certificate():
    with tempfile.TemporaryDirectory() as folder:
        certificates.make(pathlib.Path(folder), "upgrade.test")
        return {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}


class TlsUpgrade(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())

    def upgrade(self, connection, tokens, *lines, body=b"", chosen="TLS/1.2", context=None):
        """The connection inside TLS, after the 101."""
        connection.send(*lines, f"Upgrade: {tokens}", "Connection: Upgrade", body=body)
        answer = connection.head()
        self.assertEqual(answer.status, 101)
        self.assertEqual(answer.field("Upgrade"), f"{chosen}, HTTP/1.1")
        self.assertEqual(answer.field("Connection"), "Upgrade")
        self.assertIsNone(answer.field("Content-Length"))
        return connection.into_tls(context or trusting_nobody())

    def test_options_get_and_post(self):
        for lines, body, expected in ((("OPTIONS * HTTP/1.1", "Host: a"), b"", None),
                                      (("GET / HTTP/1.1", "Host: a"), b"", b"inside TLS"),
                                      (("POST /echo HTTP/1.1", "Host: a", "Content-Length: 5"), b"hello", b"hello")):
            with Http1(self.server.http) as connection:
                inside = self.upgrade(connection, "TLS/1.2", *lines, body=body)
                with inside:
                    self.assertEqual(inside.socket.version(), "TLSv1.2")
                    answer = inside.answer()
                    self.assertIn(answer.status, (200, 204))
                    self.assertIn(expected or b"", answer.body)
                    again = inside.exchange("GET / HTTP/1.1", "Host: a")
                    self.assertEqual(again.status, 200)
                    self.assertIn(b"inside TLS", again.body)

    def test_lists_of_tokens(self):
        for tokens, chosen, version in (("TLS/1.2,TLS/1.1,TLS/1.0", "TLS/1.2", "TLSv1.2"),
                                        ("TLS/1.0, TLS/1.2", "TLS/1.2", "TLSv1.2"),
                                        ("TLS/1.2, TLS/1.3", "TLS/1.3", "TLSv1.3"),
                                        ("TLS/1.3", "TLS/1.3", "TLSv1.3"),
                                        ("tls/1.2", "TLS/1.2", "TLSv1.2"),
                                        ("made-up/7, TLS/1.2, HTTP/1.1", "TLS/1.2", "TLSv1.2")):
            with Http1(self.server.http) as connection:
                with self.upgrade(connection, tokens, "GET / HTTP/1.1", "Host: a", chosen=chosen) as inside:
                    self.assertEqual(inside.socket.version(), version, tokens)
                    self.assertEqual(inside.answer().status, 200)

    def test_the_handshake_is_capped_at_the_version_that_was_named(self):
        only_1_3 = trusting_nobody(minimum_version=ssl.TLSVersion.TLSv1_3)
        with Http1(self.server.http) as connection:
            with self.assertRaises(ssl.SSLError):
                self.upgrade(connection, "TLS/1.2", "GET / HTTP/1.1", "Host: a", context=only_1_3)

    def test_old_versions_are_declined(self):
        tokens_declined = ("TLS/1.0", "TLS/1.1,TLS/1.0", "TLS/9.9", "TLS")
        for tokens in tokens_declined:
            with Http1(self.server.http) as connection:
                answer = connection.exchange("GET / HTTP/1.1", "Host: a", f"Upgrade: {tokens}", "Connection: Upgrade")
                self.assertEqual(answer.status, 200)
                self.assertEqual(connection.exchange("GET / HTTP/1.1", "Host: a").status, 200)
        lines = self.server.logged(count=len(tokens_declined), outcome="declined", reason="no-common-tls-version")
        self.assertCountEqual([line["x-upgrade-offer"] for line in lines], tokens_declined)

    def test_without_connection_upgrade(self):
        with Http1(self.server.http) as connection:
            self.assertEqual(connection.exchange("GET / HTTP/1.1", "Host: a", "Upgrade: TLS/1.2").status, 200)
        self.server.logged(outcome="declined", reason="no-connection-upgrade", offer="TLS/1.2")

    def test_twice(self):
        """SEC_U18: every kind of switch once a connection."""
        with Http1(self.server.http) as connection:
            with self.upgrade(connection, "TLS/1.2", "GET / HTTP/1.1", "Host: a") as inside:
                inside.answer()
                answer = inside.exchange("GET / HTTP/1.1", "Host: a", "Upgrade: TLS/1.2", "Connection: Upgrade")
                self.assertEqual(answer.status, 200)
        self.server.logged(outcome="declined", reason="already-tls")

    def test_websocket_inside_an_upgraded_connection(self):
        with Http1(self.server.http) as connection:
            with self.upgrade(connection, "TLS/1.2", "GET / HTTP/1.1", "Host: a") as inside:
                inside.answer()
                answer = inside.exchange("GET /echo HTTP/1.1", "Host: a", "Upgrade: websocket", "Connection: Upgrade",
                                         "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
                self.assertEqual(answer.status, 101)
                self.assertEqual(answer.field("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
                inside.send_bytes(b"\x81\x85\0\0\0\0hello")
                self.assertEqual(inside.read(7), b"\x81\x05hello")

    def test_SEC_T2_a_handshake_with_alpn(self):
        for protocols in (("http/1.1",), ("h2", "http/1.1")):
            with Http1(self.server.http) as connection:
                with self.assertRaises((ssl.SSLError, ConnectionError)):
                    with self.upgrade(connection, "TLS/1.2", "GET / HTTP/1.1", "Host: a",
                                      context=trusting_nobody(protocols)) as inside:
                        inside.read(1)
        self.server.logged(count=2, event="close", token="TLS/1.2", close_reason="tls-alpn-in-upgrade")

    def test_one_open_and_one_close_line(self):
        with Http1(self.server.http) as connection:
            with self.upgrade(connection, "TLS/1.2", "GET /echo?once HTTP/1.1", "Host: a") as inside:
                inside.answer()
        opened = self.server.logged(**{"event": "open", "cs-uri-query": "once"}, token="TLS/1.2", status=101)
        self.server.logged(event="close", tunnel_id=opened["x-tunnel-id"])
        lines = [line for line in self.server.log() if line["x-tunnel-id"] == opened["x-tunnel-id"]]
        self.assertEqual([line["x-event"] for line in lines], ["open", "close"])
        # The request that was answered inside is on record for itself; its offer was settled.
        answered = self.server.logged(**{"event": "request", "cs-uri-query": "once"})
        self.assertEqual((answered["x-upgrade-offer"], answered["x-upgrade-outcome"]), (None, None))


class SEC_T1_PlaintextInjection(unittest.TestCase):
    """What follows the request in cleartext is never processed, wherever it is cut into segments."""

    OFFER = request("OPTIONS * HTTP/1.1", "Host: a", "Upgrade: TLS/1.2", "Connection: Upgrade")
    INJECTED = request("GET /inject HTTP/1.1", "Host: a")

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server("--workers", "1"))

    def check_nothing_was_processed(self):
        # Another connection's line, written last: what comes before it in the log is complete.
        with Http1(self.server.http) as connection:
            connection.exchange("GET /index.html HTTP/1.1", "Host: a", "Connection: close")
        self.server.logged(path="/index.html")
        self.assertNotIn("/inject", self.server.log_text())

    def client_hello(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        with self.assertRaises(ssl.SSLWantReadError):
            trusting_nobody().wrap_bio(incoming, outgoing).do_handshake()
        return outgoing.read()

    def attempt(self, pieces):
        with Http1(self.server.http) as connection:
            try:
                for piece in pieces:
                    connection.send_bytes(piece)
                # There may be more of the attack on its way than the server takes.
                connection.socket.shutdown(socket.SHUT_WR)
                return connection.rest()
            except (BrokenPipeError, ConnectionResetError, OSError):
                return connection.unread()

    def test_in_one_segment(self):
        answer = self.attempt([self.OFFER + self.INJECTED + self.client_hello()])
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)
        self.assertIn(b"Connection: close\r\n", answer)
        self.server.logged(status=400, outcome="refused", reason="plaintext-before-tls")
        self.check_nothing_was_processed()

    def test_client_hello_ahead_of_the_101(self):
        answer = self.attempt([self.OFFER + self.client_hello()])
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)

    def test_cut_everywhere(self):
        attack = self.OFFER + self.INJECTED
        for at in range(1, len(attack)):
            answer = self.attempt([attack[:at], attack[at:]])
            # A 400; or, where the second piece came after the 101, a handshake that fails.
            self.assertRegex(answer, rb"^(HTTP/1\.1 400 |HTTP/1\.1 101 |$)")
            self.assertLessEqual(answer.count(b"HTTP/1.1 "), 1)
        self.check_nothing_was_processed()

    def test_after_the_101(self):
        with Http1(self.server.http) as connection:
            connection.send_bytes(self.OFFER)
            self.assertEqual(connection.head().status, 101)
            connection.send_bytes(self.INJECTED)
            self.assertNotIn(b"HTTP/", connection.rest())
        self.check_nothing_was_processed()


class TlsUpgradeByConfiguration(unittest.TestCase):
    def test_require_tls(self):
        with Server(config=CONFIG.format(mode="compatible"), files=upgrade_certificate()) as server:
            with Http1(server.http) as connection:
                answer = connection.exchange("GET /private HTTP/1.1", "Host: a")
                self.assertEqual(answer.status, 426)
                self.assertEqual(answer.field("Upgrade"), "TLS/1.2, HTTP/1.1")
                self.assertEqual(answer.field("Connection"), "Upgrade")
                self.assertIn(b"TLS", answer.body)
                connection.send("GET /private HTTP/1.1", "Host: a", "Upgrade: TLS/1.2", "Connection: Upgrade")
                self.assertEqual(connection.head().status, 101)
                with connection.into_tls(trusting_nobody()) as inside:
                    answer = inside.answer()
                    self.assertEqual((answer.status, answer.body), (200, b"private\n"))

    def test_options_only(self):
        with Server(config=CONFIG.format(mode="options-only"), files=upgrade_certificate()) as server:
            with Http1(server.http) as connection:
                answer = connection.exchange("GET / HTTP/1.1", "Host: a", "Upgrade: TLS/1.2", "Connection: Upgrade")
                self.assertEqual((answer.status, answer.body), (200, b"root\n"))
                server.logged(outcome="declined", reason="tls-options-only")
                connection.send("OPTIONS * HTTP/1.1", "Host: a", "Upgrade: TLS/1.2", "Connection: Upgrade")
                self.assertEqual(connection.head().status, 101)
                with connection.into_tls(trusting_nobody()) as inside:
                    inside.answer("HEAD")

    def test_off(self):
        config = '[[listener]]\naddress = "127.0.0.1:0"\n[[route]]\nrespond = { status = 200, body = "root\\n" }\n'
        with Server(config=config) as server, Http1(server.http) as connection:
            answer = connection.exchange("GET / HTTP/1.1", "Host: a", "Upgrade: TLS/1.2", "Connection: Upgrade")
            self.assertEqual((answer.status, answer.body), (200, b"root\n"))
            server.logged(outcome="declined", reason="tls-upgrade-off")


class Ipptool(unittest.TestCase):
    def test_its_post_arrives_over_tls(self):
        with Server() as server, tempfile.TemporaryDirectory() as home:
            operation = pathlib.Path(home) / "operation.test"
            operation.write_text(IPP_TEST)
            environment = {**os.environ, "HOME": home, "CUPS_SERVERROOT": home, "CUPS_STATEDIR": home,
                           "CUPS_CACHEDIR": home, "CUPS_DATADIR": "/usr/share/cups"}
            host, port = server.http
            # It gets its own request back, which is no answer to it: how it ends says nothing.
            subprocess.run(["ipptool", "-E", "-T", str(SECONDS_MAX), "-t", f"ipp://{host}:{port}/echo", operation],
                           env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=3 * SECONDS_MAX)
            opened = server.logged(event="open", status=101, outcome="accepted", token="TLS/1.2")
            server.logged(event="request", method="POST", path="/echo", status=200)
            server.logged(event="close", tunnel_id=opened["x-tunnel-id"])
            events = [(line["x-event"], line["cs-method"]) for line in server.log()]
            self.assertLess(events.index(("open", opened["cs-method"])), events.index(("request", "POST")))
            # All of it on this one connection, which ends behind them.
            self.assertEqual(events[-1], ("close", opened["cs-method"]))


if __name__ == "__main__":
    unittest.main()
