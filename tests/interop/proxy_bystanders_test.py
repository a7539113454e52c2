"""Requests of bystanders through the proxy, beside attackers that want them to get a foreign answer (classes U2, U5, U6
and H8): each of them gets its own canary and nothing else.

TURNOUT_BYSTANDERS is how many requests; `make soak` sends a million."""
import concurrent.futures
import contextlib
import itertools
import os
import socket
import threading
import unittest

import http2
from backend import Backend
from http1 import Http1, request
from server import Server

BYSTANDERS = int(os.environ.get("TURNOUT_BYSTANDERS", "10000"))
BYSTANDERS_AT_ONCE = 16
PIPELINED = 50
ON_ONE_CONNECTION = 500
CONFIG = """
[[listener]]
address = "127.0.0.1:0"

[[upstream]]
name = "app"
servers = ["{url}"]

[[route]]
proxy = {{ to = "app", switch = ["websocket", "tcp"], answer_timeout = "1m", upgrade_timeout = "1m" }}
"""
SMUGGLED = request("GET /poison HTTP/1.1", "Host: a")
NEXT = request("GET /next HTTP/1.1", "Host: a")
WEBSOCKET = ("Host: a", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Upgrade: websocket")
LATE = threading.Event()  # never set: waiting for it is time that passes


class Application:
    """Says a canary back; refuses every switch in its own way; and remembers whatever should not have come."""

    def __init__(self):
        self.poisoned = []

    def serve(self, connection):
        while True:
            asked = connection.request()
            kind, _, rest = asked.path.lstrip("/").partition("/")
            if kind == "canary":
                connection.send("HTTP/1.1 200 OK", f"Content-Length: {len(rest)}", body=rest.encode())
                continue
            if kind not in ("switch", "body"):
                # Behind a request that was answered for good, it may be the attacker's own next one, which Turnout read.
                if not (kind == "next" and asked.all("Via")):
                    self.poisoned.append(asked)
                connection.send("HTTP/1.1 200 OK", "Content-Length: 8", body=b"poisoned")
                continue
            if rest.startswith("late"):
                LATE.wait(0.05)
            if "twice" in rest:
                # An answer to what was never a request.
                body = request("HTTP/1.1 200 OK", "Content-Length: 8", body=b"poisoned")
                connection.send("HTTP/1.1 200 OK", "Content-Length: 2", body=b"no" + body)
            elif "forged" in rest:
                connection.send("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket",
                                "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
            else:
                status = "403 Forbidden" if "403" in rest else "200 OK"
                connection.send(f"HTTP/1.1 {status}", "Content-Length: 2", body=b"no")


class Attackers:
    """Each attack is one connection; what it gets is of no interest."""

    def __init__(self, address):
        self.address = address
        self.stopping = threading.Event()
        self.done = dict.fromkeys(self.attacks(), 0)

    def attacks(self):
        return {"U2": self.premature_bytes, "U5": self.body_with_an_offer, "U6": self.answer_that_is_still_due,
                "H8": self.downgrade}

    def play(self, name):
        attack = self.attacks()[name]
        for index in itertools.count():
            if self.stopping.is_set() and self.done[name]:
                return
            with contextlib.suppress(EOFError, ConnectionError, BrokenPipeError, TimeoutError):
                with Http1(self.address) as connection:
                    connection.socket.settimeout(2)
                    attack(connection, index)
            self.done[name] += 1

    def premature_bytes(self, connection, index):
        path = ("now-200", "now-403", "late-200", "late-403", "now-forged", "late-forged")[index % 6]
        offer = WEBSOCKET if index % 4 else ("Host: a", "Connection: Upgrade", "Upgrade: tcp")
        connection.send(f"GET /switch/{path} HTTP/1.1", *offer, body=SMUGGLED * 3)
        connection.rest()

    def body_with_an_offer(self, connection, index):
        chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)
        framing, body = ((f"Content-Length: {len(SMUGGLED)}", SMUGGLED),
                         ("Transfer-Encoding: chunked", chunked),
                         ("Content-Length: 0", b""))[index % 3]
        offer = WEBSOCKET if index % 2 else (*WEBSOCKET[:-1], "Upgrade: tcp")
        head = request(f"{('GET', 'POST')[index // 2 % 2]} /switch/now-403 HTTP/1.1", *offer, framing)
        connection.send_bytes(head)
        connection.send_bytes(body + NEXT)
        connection.socket.shutdown(socket.SHUT_WR)
        connection.rest()

    def answer_that_is_still_due(self, connection, index):
        if index % 3 == 0:
            connection.send("GET /switch/now-twice HTTP/1.1", *WEBSOCKET)
        elif index % 3 == 1:
            connection.send("GET /body/twice HTTP/1.1", "Host: a")
        else:  # leaves while its answer is on its way
            connection.send("GET /body/late HTTP/1.1", "Host: a")
            return
        connection.answer()

    def downgrade(self, connection, index):
        fields, body, ending = (
            ((), None, None),
            ((("content-length", "10"),), SMUGGLED, http2.END_STREAM),
            ((("content-length", "1000"),), SMUGGLED, http2.END_STREAM),
            ((("content-length", "1000"),), SMUGGLED, http2.RST_STREAM),
            ((("transfer-encoding", "chunked"),), b"0\r\n\r\n" + SMUGGLED, http2.END_STREAM),
            ((("a", "b\r\nContent-Length: 0\r\n\r\nGET /poison HTTP/1.1\r\nHost: a"),), SMUGGLED, http2.END_STREAM),
            ((("a\r\ncontent-length: 0\r\n\r\n", "b"),), SMUGGLED, http2.END_STREAM),
            ((("a b", "c"),), SMUGGLED, http2.END_STREAM),
            ((("a:", "c"),), SMUGGLED, http2.END_STREAM),
            ((("a", "\0"),), SMUGGLED, http2.END_STREAM),
        )[index % 10]
        # The first: in a pseudo-header.
        path = "/body/x" if body else "/body/x HTTP/1.1\r\nHost: a\r\n\r\nGET /poison"
        block = http2.field_block((":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "a"),
                                  *fields)
        frames = http2.PREFACE + http2.frame(http2.SETTINGS) + http2.frame(http2.HEADERS, http2.END_HEADERS, 1, block)
        if ending == http2.RST_STREAM:
            frames += http2.frame(http2.DATA, 0, 1, body) + http2.frame(http2.RST_STREAM, 0, 1, b"\0\0\0\x08")
        else:
            frames += http2.frame(http2.DATA, http2.END_STREAM, 1, body or SMUGGLED)
        # Its GOAWAY is answered to the PING behind it all.
        connection.send_bytes(frames + http2.frame(http2.PING, 0, 0, bytes(8)))
        while True:
            one = http2.read_frame(connection)
            if one.stream == 1 and (one.type == http2.RST_STREAM or one.flags & http2.END_STREAM):
                return
            if one.type == http2.GOAWAY or (one.type == http2.PING and ending == http2.RST_STREAM):
                return


class Bystanders:
    def __init__(self, address, check):
        self.address = address
        self.check = check

    def ask(self, person, count):
        for first in range(0, count, ON_ONE_CONNECTION):
            with Http1(self.address) as connection:
                for begin in range(first, min(first + ON_ONE_CONNECTION, count), PIPELINED):
                    canaries = [f"{person}-{index}" for index in range(begin, min(begin + PIPELINED, count))]
                    connection.send_bytes(b"".join(request(f"GET /canary/{one} HTTP/1.1", "Host: a")
                                                   for one in canaries))
                    for one in canaries:
                        answer = connection.answer()
                        self.check((answer.status, answer.body), (200, one.encode()))
                if connection.unread():
                    raise AssertionError(f"nobody asked for {connection.unread()!r}")

    def ask_over_http2(self, person, count):
        for first in range(0, count, ON_ONE_CONNECTION):
            with Http1(self.address) as connection:
                connection.send_bytes(http2.PREFACE + http2.frame(http2.SETTINGS))
                for begin in range(first, min(first + ON_ONE_CONNECTION, count), PIPELINED):
                    canaries = {2 * (index - first) + 1: f"{person}-{index}"
                                for index in range(begin, min(begin + PIPELINED, count))}
                    connection.send_bytes(b"".join(http2.get(f"/canary/{canary}", "a", stream)
                                                   for stream, canary in canaries.items()))
                    _, bodies = http2.read_answers(connection, *canaries)
                    self.check(bodies, {stream: canary.encode() for stream, canary in canaries.items()})


class ProxyBystanders(unittest.TestCase):
    def test_SEC_U2_SEC_U5_SEC_U6_SEC_H8_nobody_gets_a_foreign_byte(self):
        application = Application()
        # One worker: all of them share its pool of connections.
        with Backend(application.serve) as backend, \
                Server("--workers", "1", config=CONFIG.format(url=backend.url)) as server:
            attackers = Attackers(server.http)
            bystanders = Bystanders(server.http, self.assertEqual)
            with concurrent.futures.ThreadPoolExecutor(len(attackers.done) + BYSTANDERS_AT_ONCE) as pool:
                attacking = [pool.submit(attackers.play, name) for name in attackers.done]
                asking = [pool.submit(bystanders.ask_over_http2 if person % 2 else bystanders.ask, f"person{person}",
                                      BYSTANDERS // BYSTANDERS_AT_ONCE) for person in range(BYSTANDERS_AT_ONCE)]
                try:
                    for one in concurrent.futures.as_completed(asking):
                        one.result()
                finally:
                    attackers.stopping.set()
                for one in attacking:
                    one.result()
            self.assertEqual(application.poisoned, [])
            self.assertGreaterEqual(min(attackers.done.values()), 10, attackers.done)


if __name__ == "__main__":
    unittest.main()
