"""Metrics, the access log and the transcripts agree with a load of known numbers, to the unit."""
import collections
import concurrent.futures
import unittest

from admin import ROUTES, ask, metrics, total
from http1 import Http1
from http2 import DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PREFACE, SETTINGS, field_block, frame, read_frame
from server import Server, eventually
from websocket_frames import HANDSHAKE, WebSocketClient

CONFIG = "workers = 2" + ROUTES + """
[transcripts]
kept_bytes = "4MiB"
"""
AT_ONCE = 8
PAGES, MISSING, POSTS = 400, 70, 30
CHATS, MESSAGES, MESSAGE = 120, 3, b"hello"
BROKEN, OPEN = 40, 25
DECLINED, REFUSED, H2C, UNKNOWN = 60, 50, 30, 20
# Each message has a mask on its way to the server; then there is the close frame, with a code.
CHAT_IN, CHAT_OUT = MESSAGES * (6 + len(MESSAGE)) + 8, MESSAGES * (2 + len(MESSAGE)) + 4


def http1(server, count, *lines, status, body=b""):
    with Http1(server.http) as connection:
        for _ in range(count):
            answer = connection.exchange(*lines, body=body)
            assert answer.status == status, answer


def chat(server):
    client = WebSocketClient(server, "/chat")
    for _ in range(MESSAGES):
        client.say(MESSAGE)
    client.end()


def broken(server):
    """A frame without a mask, behind the 101."""
    client = WebSocketClient(server, "/news")
    client.connection.send_bytes(b"\x81\x01x")
    assert client.is_told(1002)
    client.connection.socket.close()


def h2c(server):
    with Http1(server.http) as connection:
        connection.send("GET /page HTTP/1.1", "Host: a", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
                        "HTTP2-Settings: AAMAAABk")
        assert connection.head().status == 101
        connection.send_bytes(PREFACE + frame(SETTINGS))
        while not (one := read_frame(connection)).flags & END_STREAM or one.type not in (DATA, HEADERS):
            pass
        connection.send_bytes(frame(GOAWAY, payload=bytes(8)))
        connection.rest()


def unknown_protocol(server):
    with Http1(server.http) as connection:
        connection.send_bytes(PREFACE + frame(SETTINGS) + frame(HEADERS, END_HEADERS, 1, field_block(
            (":method", "CONNECT"), (":protocol", "made-up"), (":scheme", "http"), (":path", "/chat"),
            (":authority", "a"))))
        while read_frame(connection).type != HEADERS:
            pass


class Agreement(unittest.TestCase):
    def test_to_the_unit(self):
        with Server(config=CONFIG) as server, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            jobs = [pool.submit(http1, server, PAGES // 10, "GET /page HTTP/1.1", "Host: a", status=200)
                    for _ in range(10)]
            jobs += [pool.submit(http1, server, MISSING, "GET /nowhere HTTP/1.1", "Host: a", status=404)]
            jobs += [pool.submit(http1, server, POSTS, "POST /chat HTTP/1.1", "Host: a", "Content-Length: 5",
                                 body=b"12345", status=200)]
            jobs += [pool.submit(http1, server, DECLINED, "GET /page HTTP/1.1", "Host: a", "Connection: Upgrade",
                                 "Upgrade: made-up/1", status=200)]
            jobs += [pool.submit(http1, server, 1, "GET /chat HTTP/1.1", *HANDSHAKE[:3], "Sec-WebSocket-Version: 12",
                                 HANDSHAKE[4], status=426) for _ in range(REFUSED)]
            jobs += [pool.submit(chat, server) for _ in range(CHATS)]
            jobs += [pool.submit(broken, server) for _ in range(BROKEN)]
            jobs += [pool.submit(h2c, server) for _ in range(H2C)]
            jobs += [pool.submit(unknown_protocol, server) for _ in range(UNKNOWN)]
            for job in jobs:
                job.result()
            still_open = [WebSocketClient(server, "/chat") for _ in range(OPEN)]
            for client in still_open:
                client.say(MESSAGE)
            server.logged(count=CHATS + BROKEN + H2C, event="close")
            requests = PAGES + MISSING + POSTS + DECLINED + REFUSED + UNKNOWN + H2C
            server.logged(count=requests, event="request")
            server.logged(count=CHATS + BROKEN + H2C + OPEN, event="open")
            eventually(lambda: total(metrics(server), "turnout_connections") == OPEN, lambda: metrics(server))

            samples = metrics(server)
            self.check_metrics(samples)
            self.check_log(server.log(), samples)
            self.check_transcripts(server, samples)
            self.assertEqual(ask(server, "/api/v1/tunnels").json()["count"], OPEN)
            for client in still_open:
                client.end()

    def check_metrics(self, samples):
        def expect(value, name, **labels):
            self.assertEqual(total(samples, name, **labels), value, (name, labels))

        def upgrades(value, **labels):
            expect(value, "turnout_upgrades_total", **labels)

        upgrades(CHATS + OPEN, token="websocket", route="chat", via="h1-upgrade", outcome="accepted", reason="accepted")
        upgrades(BROKEN, token="websocket", route="news", outcome="accepted")
        upgrades(H2C, token="h2c", outcome="accepted", route="page")
        upgrades(DECLINED, token="other", route="page", outcome="declined", reason="no-such-token")
        upgrades(REFUSED, token="websocket", route="chat", outcome="refused", reason="websocket-version")
        upgrades(UNKNOWN, token="other", via="h2-extended-connect", outcome="refused", reason="unknown-protocol")
        upgrades(CHATS + OPEN + BROKEN + H2C + DECLINED + REFUSED + UNKNOWN)
        expect(OPEN, "turnout_tunnels", token="websocket", route="chat")
        expect(OPEN, "turnout_tunnels")
        expect(CHATS, "turnout_tunnel_duration_seconds_count", route="chat")
        expect(CHATS * CHAT_IN + OPEN * (6 + len(MESSAGE)), "turnout_tunnel_bytes_total", route="chat", direction="in")
        expect(CHATS * CHAT_OUT + OPEN * (2 + len(MESSAGE)), "turnout_tunnel_bytes_total", route="chat",
               direction="out")
        expect(CHATS, "turnout_tunnel_closes_total", token="websocket", by="client", reason="peer-closed")
        expect(BROKEN, "turnout_tunnel_closes_total", token="websocket", reason="websocket-masking")
        expect(PAGES + DECLINED, "turnout_http_requests_total", route="page", version="1.1", code="200")
        expect(H2C, "turnout_http_requests_total", route="page", version="2", code="200")
        expect(MISSING, "turnout_http_requests_total", route="-", code="404")
        expect(REFUSED, "turnout_http_requests_total", route="chat", code="426")
        expect(UNKNOWN, "turnout_http_requests_total", route="chat", version="2", code="501")
        expect(POSTS * 5, "turnout_http_request_body_bytes_total", route="chat")
        expect((PAGES + DECLINED + H2C) * 10, "turnout_http_response_body_bytes_total", route="page")
        expect(10 + 3 + REFUSED + CHATS + BROKEN + OPEN + H2C + UNKNOWN, "turnout_connections_total")
        expect(0, "turnout_access_log_dropped_total")

    def check_log(self, lines, samples):
        """Counted again from its lines, the log has the same numbers."""
        counted = collections.Counter()
        open_ids, closed_ids = set(), set()
        for line in lines:
            event, outcome = line["x-event"], line["x-upgrade-outcome"]
            if event == "open" or event == "request" and outcome:
                counted["upgrades", outcome, line["x-upgrade-reason"]] += 1
            if event == "request":
                counted["requests", line["sc-status"]] += 1
            if event == "open":
                open_ids.add(line["x-tunnel-id"])
            if event == "close":
                closed_ids.add(line["x-tunnel-id"])
                counted["closes", line["x-close-by"], line["x-close-reason"]] += 1
        self.assertEqual(len(open_ids), CHATS + BROKEN + H2C + OPEN)
        self.assertLess(closed_ids, open_ids)
        self.assertEqual(len(open_ids - closed_ids), OPEN)
        for (kind, *which), count in counted.items():
            if kind == "upgrades":
                there = total(samples, "turnout_upgrades_total", outcome=which[0], reason=which[1])
            elif kind == "requests":
                there = total(samples, "turnout_http_requests_total", code=which[0])
            else:
                there = total(samples, "turnout_tunnel_closes_total", by=which[0], reason=which[1])
            self.assertEqual(count, there, (kind, *which))
        self.assertEqual(sum(count for (kind, *_), count in counted.items() if kind == "upgrades"),
                         total(samples, "turnout_upgrades_total"))

    def check_transcripts(self, server, samples):
        transcripts = ask(server, "/api/v1/transcripts").json()["transcripts"]
        causes = collections.Counter(one["kept"] for one in transcripts)
        self.assertEqual(causes, {"declined": DECLINED, "refused": REFUSED + UNKNOWN, "error": BROKEN})
        for cause, count in causes.items():
            self.assertEqual(count, total(samples, "turnout_transcripts_kept_total", cause=cause))


if __name__ == "__main__":
    unittest.main()
