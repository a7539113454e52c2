"""Laws and classes of attack (docs/security.md) end to end, on sockets."""
import unittest

import http2
from http1 import Http1, request
from server import Server

CONFIG = """
[[listener]]
address = "127.0.0.1:0"

[[route]]
match = { path = "/" }
respond = { status = 200, body = "root\\n" }

[[route]]
match = { path = "/denied" }
respond = { status = 403, body = "denied\\n" }

[[route]]
match = { path = "/echo" }
echo = {}
"""
WEBSOCKET = ("Host: a", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
H2C = ("Host: a", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")


class Attacks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server("--workers", "1", config=CONFIG))

    def connect(self):
        return Http1(self.server.http)

    def check_still_served(self):
        with self.connect() as connection:
            self.assertEqual(connection.exchange("GET / HTTP/1.1", "Host: a").body, b"root\n")


class SEC_U1_H2cSmuggling(Attacks):
    def test_what_is_asked_inside_is_routed_as_any_request(self):
        with self.connect() as connection:
            connection.send("GET / HTTP/1.1", *H2C)
            self.assertEqual(connection.head().field("Upgrade"), "h2c")
            connection.send_bytes(http2.PREFACE + http2.frame(http2.SETTINGS) + http2.get("/denied", "a", 3))
            frames, bodies = http2.read_answers(connection, 1, 3)
            self.assertEqual(bodies, {1: b"root\n", 3: b"denied\n"})
        self.server.logged(path="/denied", status=403)

    def test_LAW_L11_passed_on(self):
        for sign in ("Via: 1.1 hop", "Forwarded: for=192.0.2.1", "X-Forwarded-For: 192.0.2.1",
                     "X-Forwarded-Proto: http"):
            with self.connect() as connection:
                answer = connection.exchange("GET / HTTP/1.1", *H2C, sign)
                self.assertEqual((answer.status, answer.body), (200, b"root\n"), sign)
        self.server.logged(count=4, outcome="declined", reason="passed-on")


class LAW_L4_OnlyAFinishedRequestSwitches(Attacks):
    def test_SEC_U5_a_body_is_no_frame_and_no_request(self):
        smuggled = request("GET /denied HTTP/1.1", "Host: a")
        for framing, body in ((f"Content-Length: {len(smuggled)}", smuggled),
                              ("Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (len(smuggled), smuggled))):
            with self.connect() as connection:
                connection.send("GET /echo HTTP/1.1", *WEBSOCKET, framing, body=body)
                self.assertEqual(connection.answer().status, 400)
        self.check_still_served()
        self.assertNotIn("/denied", self.server.log_text())

    def test_SEC_U7_answers_come_in_order_before_the_switch(self):
        with self.connect() as connection:
            connection.send_bytes(request("POST /echo HTTP/1.1", "Host: a", "Content-Length: 4", body=b"slow") +
                                  request("GET /echo HTTP/1.1", *WEBSOCKET) + b"\x81\x85\0\0\0\0early")
            self.assertEqual(connection.answer().body, b"slow")
            self.assertEqual(connection.answer().status, 101)
            self.assertEqual(connection.read(7), b"\x81\x05early")

    def test_SEC_U7_two_offers_at_once(self):
        """The first is taken up; the second is what its protocol makes of it: no frame of WebSocket."""
        with self.connect() as connection:
            connection.send_bytes(request("GET /echo HTTP/1.1", *WEBSOCKET) * 2)
            self.assertEqual(connection.answer().status, 101)
            self.assertEqual(connection.read(4)[0], 0x88)
            self.assertNotIn(b"HTTP/1.1", connection.rest())
        self.check_still_served()

    def test_SEC_U7_an_offer_on_a_used_connection(self):
        with self.connect() as connection:
            for _ in range(4):
                self.assertEqual(connection.exchange("GET / HTTP/1.1", "Host: a").body, b"root\n")
            self.assertEqual(connection.exchange("GET /echo HTTP/1.1", *WEBSOCKET).status, 101)

    def test_expect_is_answered_before_the_101(self):
        with self.connect() as connection:
            connection.send("POST /echo HTTP/1.1", *H2C, "Content-Length: 5", "Expect: 100-continue")
            self.assertEqual(connection.head().status, 100)
            connection.send_bytes(b"hello")
            self.assertEqual(connection.head().status, 101)
            connection.send_bytes(http2.PREFACE + http2.frame(http2.SETTINGS))
            _, bodies = http2.read_answers(connection, 1)
            self.assertEqual(bodies[1], b"hello")


class LAW_L6_ARefusalWithBytesWaitingCloses(Attacks):
    SECOND = request("GET /denied HTTP/1.1", "Host: a")

    def check_closed(self, *lines, status):
        with self.connect() as connection:
            connection.send_bytes(request(*lines) + self.SECOND)
            answer = connection.answer()
            self.assertEqual((answer.status, answer.field("Connection")), (status, "close"))
            self.assertEqual(connection.rest(), b"")
        self.check_still_served()
        self.assertNotIn("/denied", self.server.log_text())

    def test_declined(self):
        self.check_closed("GET / HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: made-up/1.0", status=200)

    def test_refused(self):
        self.check_closed("GET /echo HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket", status=400)

    def test_connect(self):
        self.check_closed("CONNECT 127.0.0.1:80 HTTP/1.1", "Host: 127.0.0.1:80", status=405)

    def test_what_comes_later_is_the_next_request(self):
        with self.connect() as connection:
            refused = connection.exchange("GET /echo HTTP/1.1", *WEBSOCKET[:3], "Sec-WebSocket-Version: 7",
                                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
            self.assertEqual((refused.status, refused.field("Sec-WebSocket-Version")), (426, "13"))
            self.assertEqual(connection.exchange("GET / HTTP/1.1", "Host: a").body, b"root\n")

    def test_a_refused_connect_always_closes(self):
        with self.connect() as connection:
            answer = connection.exchange("CONNECT 127.0.0.1:80 HTTP/1.1", "Host: 127.0.0.1:80")
            self.assertEqual((answer.status, answer.field("Connection")), (405, "close"))
            self.assertTrue(connection.is_ended())


class SEC_U12_UnknownTokens(Attacks):
    def test_declined(self):
        for tokens in ("totally-made-up/1.0", "connect-udp", "x" * 4000):
            with self.connect() as connection:
                answer = connection.exchange("GET / HTTP/1.1", "Host: a", "Connection: Upgrade", f"Upgrade: {tokens}")
                self.assertEqual((answer.status, answer.body), (200, b"root\n"))
                self.assertEqual(connection.exchange("GET / HTTP/1.1", "Host: a").status, 200)
        self.server.logged(count=3, outcome="declined", reason="no-such-token")

    def test_a_hundred_of_them(self):
        tokens = ", ".join(["h2c"] + [f"made-up-{i}" for i in range(100)])
        with self.connect() as connection:
            answer = connection.exchange("GET / HTTP/1.1", "Host: a", "Connection: Upgrade, HTTP2-Settings",
                                         "HTTP2-Settings: AAMAAABk", f"Upgrade: {tokens}")
            self.assertEqual((answer.status, answer.body), (200, b"root\n"))


class SEC_U13_PrefaceAsARequest(Attacks):
    def test_not_first(self):
        with self.connect() as connection:
            connection.exchange("GET / HTTP/1.1", "Host: a")
            connection.send_bytes(http2.PREFACE)
            self.assertEqual(connection.answer().status, 400)
            self.assertEqual(connection.rest(), b"")
        self.assertFalse([line for line in self.server.log() if line["cs-method"] == "PRI" and
                          line["sc-status"] != "400"])


class SEC_U17_WrongVersion(Attacks):
    def test_http10(self):
        with self.connect() as connection:
            answer = connection.exchange("GET /echo HTTP/1.0", *WEBSOCKET)
            self.assertNotEqual(answer.status, 101)

    def test_http2_with_an_upgrade_field(self):
        with self.connect() as connection:
            block = http2.field_block((":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a"),
                                      ("upgrade", "websocket"))
            connection.send_bytes(http2.PREFACE + http2.frame(http2.SETTINGS) +
                                  http2.frame(http2.HEADERS, http2.END_HEADERS | http2.END_STREAM, 1, block))
            while (frame := http2.read_frame(connection)).type not in (http2.RST_STREAM, http2.HEADERS, http2.GOAWAY):
                pass
            self.assertEqual((frame.type, frame.payload), (http2.RST_STREAM, b"\0\0\0\1"))  # PROTOCOL_ERROR


class Smuggling(Attacks):
    def refused(self, *lines, body=b"", status=400):
        with self.connect() as connection:
            connection.send(*lines, body=body)
            self.assertEqual(connection.answer().status, status, lines)
            self.assertEqual(connection.rest(), b"")

    def test_SEC_S1_two_lengths(self):
        self.refused("POST /echo HTTP/1.1", "Host: a", "Content-Length: 4", "Transfer-Encoding: chunked",
                     body=b"0\r\n\r\n")

    def test_SEC_S3_bare_line_feed(self):
        with self.connect() as connection:
            connection.send_bytes(b"GET / HTTP/1.1\nHost: a\n\n")
            self.assertEqual(connection.answer().status, 400)

    def test_SEC_S5_chunk_sizes(self):
        for size in (b"0x5", b"+5", b"-5", b" 5", b"ffffffffffffffff5", b"5_0"):
            with self.connect() as connection:
                connection.send("POST /echo HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", body=size +
                                b"\r\nhello\r\n0\r\n\r\n")
                self.assertEqual(connection.answer().status, 400, size)

    def test_SEC_S6_content_lengths(self):
        for value in ("+5", "5, 5", "0x5", "-1", "99999999999999999999"):
            with self.connect() as connection:
                connection.send("POST /echo HTTP/1.1", "Host: a", f"Content-Length: {value}", body=b"hello")
                self.assertIn(connection.answer().status, (400, 413), value)

    def test_SEC_S14_too_much(self):
        for lines, status in (((f"GET /{'a' * 9000} HTTP/1.1", "Host: a"), 414),
                              (("GET / HTTP/1.1", "Host: a", f"A: {'a' * 17_000}"), 431),
                              (("GET / HTTP/1.1", "Host: a", *(f"A{i}: a" for i in range(200))), 431)):
            with self.connect() as connection:
                connection.send(*lines)
                self.assertEqual(connection.answer().status, status)


if __name__ == "__main__":
    unittest.main()
