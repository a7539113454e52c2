"""A load of known numbers, and what the server's metrics and its log say of it: the same, to the unit."""
import collections
import pathlib
import re
import socket
import subprocess
import tempfile
import unittest

import certificates
from http1 import Http1
from server import SECONDS_MAX, Server, eventually, run_program, trusting_nobody

CONFIG = """
workers = 2
[admin]
socket = "admin.sock"
[[listener]]
address = "127.0.0.1:0"
[[listener]]
address = "127.0.0.1:0"
tls = [{ certificate = "server.pem", key = "server.key" }]
[[route]]
name = "hello"
match = { path = "/hello" }
respond = { status = 200, body = "hello\\n" }
[[route]]
name = "echo"
match = { path = "/echo" }
echo = {}
"""
OFFER = ("Host: a", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
VERSION = "Sec-WebSocket-Version: 13"
LINE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$")


def scrape(server):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(SECONDS_MAX)
    connection.connect(str(server.folder / "admin.sock"))
    with Http1(None, connection) as http:
        answer = http.exchange("GET /metrics HTTP/1.1", "Host: turnout")
    assert answer.status == 200, answer
    assert answer.field("Content-Type") == "text/plain; version=0.0.4; charset=utf-8", answer.fields
    return answer.body.decode()


class Metrics:
    def __init__(self, text):
        self.series = []
        for line in text.splitlines():
            if not line.startswith("#"):
                name, labels, value = LINE.match(line).groups()
                self.series.append((name, dict(re.findall(r'(\w+)="([^"]*)"', labels or "")), float(value)))

    def sum(self, name, **labels):
        """Of all series of that name with these labels."""
        return sum(value for series, of, value in self.series if series == name and labels.items() <= of.items())

    def by(self, name, label):
        sums = collections.Counter()
        for series, of, value in self.series:
            if series == name and value:
                sums[of[label]] += value
        return dict(sums)


class Numbers(unittest.TestCase):
    def websocket(self, server):
        """One on which "hello" was echoed: 11 bytes there and 7 back."""
        connection = Http1(server.http)
        self.addCleanup(connection.socket.close)
        self.assertEqual(connection.exchange("GET /echo HTTP/1.1", *OFFER, VERSION).status, 101)
        connection.send_bytes(b"\x81\x85\0\0\0\0hello")
        self.assertEqual(connection.read(7), b"\x81\x05hello")
        return connection

    def load(self, server):
        for _ in range(10):
            with Http1(server.http) as connection:
                for _ in range(20):
                    self.assertEqual(connection.exchange("GET /hello HTTP/1.1", "Host: a").status, 200)
                self.assertEqual(connection.exchange("GET /nowhere HTTP/1.1", "Host: a").status, 404)
        for _ in range(7):
            with Http1(server.http) as connection:
                asked = connection.exchange("POST /echo HTTP/1.1", "Host: a", "Content-Length: 100", body=b"x" * 100)
                self.assertEqual(asked.body, b"x" * 100)
        for count, status, lines in ((6, 200, ("GET /hello HTTP/1.1", *OFFER, VERSION)),
                                     (4, 200, ("GET /hello HTTP/1.1", "Host: a", "Connection: Upgrade",
                                               "Upgrade: made-up/1.0")),
                                     (3, 426, ("GET /echo HTTP/1.1", *OFFER, "Sec-WebSocket-Version: 8"))):
            for _ in range(count):
                with Http1(server.http) as connection:
                    self.assertEqual(connection.exchange(*lines).status, status)
        for _ in range(5):
            self.assertEqual(run_program("get", "--upgrade", "h2c", server.url("/hello")).stdout, "hello\n")
        for _ in range(4):
            with Http1(server.https).into_tls(trusting_nobody()) as connection:
                self.assertEqual(connection.exchange("GET /hello HTTP/1.1", "Host: a").status, 200)
        with socket.create_connection(server.https, SECONDS_MAX) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            while plain.recv(4096):
                pass

    def test_metrics_and_log_agree_with_the_load(self):
        with tempfile.TemporaryDirectory(prefix="turnout-") as folder:
            pem = certificates.make(pathlib.Path(folder), "server")
            files = {name: pem.with_name(name).read_bytes() for name in ("server.pem", "server.key")}
        with Server(config=CONFIG, files=files) as server:
            self.load(server)
            websockets = [self.websocket(server) for _ in range(30)]
            eventually(lambda: Metrics(scrape(server)).sum("turnout_connections") == 30, "the others have ended")
            now = Metrics(scrape(server))
            self.assertEqual(now.sum("turnout_tunnels", token="websocket", route="echo"), 30)
            self.assertEqual(now.sum("turnout_tunnel_bytes_total", token="websocket", direction="in"), 30 * 11)
            self.assertEqual(now.sum("turnout_tunnel_bytes_total", token="websocket", direction="out"), 30 * 7)
            self.assertEqual(now.sum("turnout_tunnel_closes_total", token="websocket"), 0)
            for connection in websockets[:10]:
                connection.send_bytes(b"\x88\x82\0\0\0\0\x03\xe8")
                self.assertEqual(connection.rest(), b"\x88\x02\x03\xe8")
            for connection in websockets:
                connection.socket.close()
            eventually(lambda: Metrics(scrape(server)).sum("turnout_connections") == 0, "all have ended")

            text = scrape(server)
            promtool = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True,
                                      timeout=SECONDS_MAX)
            self.assertEqual((promtool.returncode, promtool.stdout + promtool.stderr), (0, ""))
            metrics = Metrics(text)
            http, switches = "turnout_http_requests_total", "turnout_upgrades_total"
            self.assertEqual(metrics.sum(http, route="hello", version="1.1", code="200"), 200 + 6 + 4 + 4)
            self.assertEqual(metrics.sum(http, route="hello", version="2", code="200"), 5)
            self.assertEqual(metrics.sum(http, route="-", code="404"), 10)
            self.assertEqual(metrics.sum(http, route="echo", code="200"), 7)
            self.assertEqual(metrics.sum(http, route="echo", code="426"), 3)
            self.assertEqual(metrics.sum(http), 214 + 5 + 10 + 7 + 3)
            self.assertEqual(metrics.sum("turnout_http_request_duration_seconds_count"), 239)
            self.assertEqual(metrics.sum("turnout_http_request_body_bytes_total"), 700)
            self.assertEqual(metrics.sum("turnout_http_response_body_bytes_total", route="hello"), 219 * 6)
            self.assertEqual(metrics.sum(switches, token="websocket", route="echo", outcome="accepted"), 30)
            self.assertEqual(metrics.sum(switches, token="h2c", route="hello", outcome="accepted"), 5)
            self.assertEqual(metrics.sum(switches, token="websocket", reason="token-not-on-route"), 6)
            self.assertEqual(metrics.sum(switches, token="other", reason="no-such-token"), 4)
            self.assertEqual(metrics.sum(switches, outcome="refused", reason="websocket-version"), 3)
            self.assertEqual(metrics.sum(switches), 48)
            self.assertEqual(metrics.sum("turnout_tunnels"), 0)
            self.assertEqual(metrics.sum("turnout_tunnel_bytes_total", token="websocket", direction="in"),
                             30 * 11 + 10 * 8)
            self.assertEqual(metrics.sum("turnout_tunnel_bytes_total", token="websocket", direction="out"),
                             30 * 7 + 10 * 4)
            self.assertEqual(metrics.sum("turnout_tunnel_closes_total", token="websocket", by="client"), 30)
            self.assertEqual(metrics.sum("turnout_tunnel_duration_seconds_count"), 35)
            self.assertEqual(metrics.sum("turnout_connections_total"), 10 + 7 + 6 + 4 + 3 + 5 + 5 + 30)
            self.assertEqual(metrics.sum("turnout_connections_refused_total"), 0)
            self.assertEqual(metrics.sum("turnout_tls_handshakes_total", version="1.3", upgraded="false"), 4)
            self.assertEqual(metrics.sum("turnout_tls_handshake_failures_total", reason="tls-failed"), 1)
            self.assertEqual(metrics.sum("turnout_workers"), 2)

            server.logged(count=239, event="request")
            server.logged(count=35, event="close")
            log = server.log()
            self.assert_log_agrees(metrics, log)

    def assert_log_agrees(self, metrics, log):
        def count(field, of):
            return dict(collections.Counter(record[field] for record in of))

        requests = [record for record in log if record["x-event"] == "request"]
        opens = [record for record in log if record["x-event"] == "open"]
        closes = [record for record in log if record["x-event"] == "close"]
        self.assertEqual(metrics.by("turnout_http_requests_total", "code"), count("sc-status", requests))
        decided = opens + [record for record in requests if record["x-upgrade-outcome"]]
        for label in ("outcome", "reason"):
            self.assertEqual(metrics.by("turnout_upgrades_total", label), count(f"x-upgrade-{label}", decided))
        self.assertEqual(metrics.by("turnout_tunnel_closes_total", "reason"), count("x-close-reason", closes))
        self.assertEqual(metrics.by("turnout_tunnel_closes_total", "by"), count("x-close-by", closes))
        for direction in ("in", "out"):
            self.assertEqual(metrics.sum("turnout_tunnel_bytes_total", direction=direction),
                             sum(int(record[f"x-bytes-{direction}"]) for record in closes))
        self.assertEqual(sorted(record["x-tunnel-id"] for record in opens),
                         sorted(record["x-tunnel-id"] for record in closes))


if __name__ == "__main__":
    unittest.main()
