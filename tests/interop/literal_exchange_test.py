"""The literal exchange, byte for byte on a socket: an offer of HTTP/2.0 without a Connection field, the 101, and HTTP/2
on the same connection (RFC 9110 section 7.8)."""
import unittest

import http2
from http1 import Http1
from server import Server

REQUEST = b"GET /index.html HTTP/1.1\r\nHost: example.com\r\nUpgrade: HTTP/2.0\r\n\r\n"
ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: HTTP/2.0\r\nConnection: Upgrade\r\n\r\n"

CONFIG = """
[[listener]]
address = "127.0.0.1:0"
lenient_upgrade = {lenient}
[[route]]
match = {{ path = "/index.html" }}
respond = {{ status = 200, body = "index\\n" }}
"""


class LiteralExchange(unittest.TestCase):
    def test_over_the_welcome_server(self):
        with Server() as server:
            with Http1(server.http) as connection:
                connection.send_bytes(REQUEST)
                self.assertEqual(connection.read(len(ANSWER)), ANSWER)
                settings = http2.read_frame(connection)
                self.assertEqual((settings.type, settings.flags, settings.stream), (http2.SETTINGS, 0, 0))
                self.assertEqual(len(settings.payload) % 6, 0)
                connection.send_bytes(http2.PREFACE + http2.frame(http2.SETTINGS) +
                                      http2.frame(http2.SETTINGS, http2.ACK))
                frames, bodies = http2.read_answers(connection, 1)
                connection.send_bytes(http2.get("/index.html", "example.com", 3))
                more_frames, more_bodies = http2.read_answers(connection, 3)
            headers = [frame for frame in frames if frame.type == http2.HEADERS]
            self.assertEqual([(frame.stream, frame.flags) for frame in headers], [(1, http2.END_HEADERS)])
            self.assertEqual(headers[0].payload[:1], http2.STATUS_200)
            self.assertEqual({frame.stream for frame in frames if frame.type == http2.DATA}, {1})
            self.assertIn(http2.Frame(http2.SETTINGS, http2.ACK, 0, b""), frames)
            self.assertIn(b"HTTP/2", bodies[1])
            self.assertEqual(more_bodies[3], bodies[1])
            server.logged(event="open", status=101, token="HTTP/2.0", outcome="accepted", path="/index.html")

    def test_a_preface_in_the_same_segment_belongs_to_http2(self):
        with Server() as server, Http1(server.http) as connection:
            connection.send_bytes(REQUEST + http2.PREFACE + http2.frame(http2.SETTINGS) +
                                  http2.get("/index.html", "example.com", 3))
            self.assertEqual(connection.read(len(ANSWER)), ANSWER)
            _, bodies = http2.read_answers(connection, 1, 3)
            self.assertEqual(bodies[1], bodies[3])

    def test_strict_by_default(self):
        with Server(config=CONFIG.format(lenient="false")) as server, Http1(server.http) as connection:
            connection.send_bytes(REQUEST)
            answer = connection.answer()
            self.assertEqual((answer.status, answer.body), (200, b"index\n"))
            self.assertIsNone(answer.field("Upgrade"))
            server.logged(status=200, outcome="declined", reason="no-connection-upgrade")

    def test_strict_and_valid(self):
        with Server(config=CONFIG.format(lenient="false")) as server, Http1(server.http) as connection:
            connection.send("GET /index.html HTTP/1.1", "Host: example.com", "Upgrade: HTTP/2.0", "Connection: Upgrade")
            self.assertEqual(connection.read(len(ANSWER)), ANSWER)
            connection.send_bytes(http2.PREFACE + http2.frame(http2.SETTINGS))
            _, bodies = http2.read_answers(connection, 1)
            self.assertEqual(bodies[1], b"index\n")


if __name__ == "__main__":
    unittest.main()
