"""Raw streams behind an Upgrade, as `docker exec` and `kubectl exec` use them, through the proxy."""
import concurrent.futures
import hashlib
import json
import os
import random
import socket
import unittest

from backend import Backend
from http1 import Http1, request
from server import Server

RUNS = int(os.environ.get("TURNOUT_EXEC_RUNS", "1000"))
AT_ONCE = 8
EXEC_BODY = json.dumps({"Detach": False, "Tty": False}).encode()
CONFIG = """
[[listener]]
address = "127.0.0.1:0"

[[upstream]]
name = "docker"
servers = ["{url}"]

[[route]]
match = {{ path = "/v1.*/exec/**" }}
proxy = {{ to = "docker", switch = ["tcp"] }}

[[route]]
match = {{ path = "/api/**" }}
proxy = {{ to = "docker", switch = ["SPDY/3.1"] }}
"""


def content(seed, size):
    """The same bytes for the same seed, and no two runs alike."""
    return random.Random(seed).randbytes(size)


def serve_exec(connection):
    """As dockerd: the 101 once the body is there, output glued to it, and more when the input has ended."""
    asked = connection.request()
    seed = asked.path.split("/")[3]
    if (asked.method, asked.all("Upgrade"), asked.all("Connection"), asked.body) != \
            ("POST", ["tcp"], ["Upgrade"], EXEC_BODY):
        raise AssertionError(asked)
    early, late = sizes(seed)[1:]
    connection.send_bytes(
        request("HTTP/1.1 101 UPGRADED", "Content-Type: application/vnd.docker.raw-stream", "Connection: Upgrade",
                "Upgrade: tcp", body=content(f"early {seed}", early)))
    digest = hashlib.sha256(connection.rest()).digest()
    connection.send_bytes(digest + content(f"late {seed}", late))


def sizes(seed):
    """Of the input, of the output that comes at once, and of the output behind the end of the input."""
    choice = random.Random(f"sizes {seed}").choice
    return choice((0, 1, 100, 5_000, 70_000)), choice((0, 1, 3_000)), choice((0, 1, 4_096, 100_000))


class ProxyExec(unittest.TestCase):
    def run_once(self, address, seed):
        input_size, early, late = sizes(seed)
        sent = content(f"input {seed}", input_size)
        head = request(f"POST /v1.43/exec/{seed}/start HTTP/1.1", "Host: docker", "Content-Type: application/json",
                       "Connection: Upgrade", "Upgrade: tcp", f"Content-Length: {len(EXEC_BODY)}")
        with Http1(address) as connection:
            if (impatient := input_size == 100):  # behind the request, without waiting for the 101
                connection.send_bytes(head + EXEC_BODY + sent)
            elif input_size % 2:
                connection.send_bytes(head)
                connection.send_bytes(EXEC_BODY)
            else:
                connection.send_bytes(head + EXEC_BODY)
            answer = connection.head()
            self.assertEqual((answer.status, answer.field("Upgrade"), answer.field("Connection")),
                             (101, "tcp", "Upgrade"))
            self.assertEqual(answer.field("Content-Type"), "application/vnd.docker.raw-stream")
            if not impatient:
                connection.send_bytes(sent)
            connection.socket.shutdown(socket.SHUT_WR)
            output = connection.rest()
        expected = content(f"early {seed}", early) + hashlib.sha256(sent).digest() + content(f"late {seed}", late)
        self.assertEqual(hashlib.sha256(output).digest(), hashlib.sha256(expected).digest(),
                         f"run {seed}: {len(output)} bytes of {len(expected)}")

    def test_docker_exec(self):
        with Backend(serve_exec, unix=True) as backend, Server(config=CONFIG.format(url=backend.url)) as server:
            with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
                for _ in pool.map(lambda seed: self.run_once(server.http, seed), range(RUNS)):
                    pass
            lines = server.logged(count=RUNS, event="close", token="tcp")
            self.assertEqual({line["x-close-reason"] for line in lines}, {lines[0]["x-close-reason"]})

    def test_kubectl_exec(self):
        """A POST without a body, and each of the repeated fields arrives."""
        versions = ["v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"]
        seen = []

        def serve(connection):
            asked = connection.request()
            seen.append(asked)
            connection.send("HTTP/1.1 101 Switching Protocols", "Upgrade: SPDY/3.1", "Connection: Upgrade",
                            f"X-Stream-Protocol-Version: {versions[0]}")
            connection.send_bytes(connection.rest()[::-1])

        with Backend(serve) as backend, Server(config=CONFIG.format(url=backend.url)) as server:
            for framing in ((), ("Content-Length: 0",)):
                with Http1(server.http) as connection:
                    connection.send("POST /api/v1/namespaces/default/pods/shell/exec?command=sh&stdin=true HTTP/1.1",
                                    "Host: cluster", "Connection: Upgrade", "Upgrade: SPDY/3.1", *framing,
                                    *(f"X-Stream-Protocol-Version: {version}" for version in versions))
                    answer = connection.head()
                    self.assertEqual((answer.status, answer.field("Upgrade")), (101, "SPDY/3.1"))
                    self.assertEqual(answer.field("X-Stream-Protocol-Version"), versions[0])
                    connection.send_bytes(b"\x80\x03\x00\x01 a SYN_STREAM")
                    connection.socket.shutdown(socket.SHUT_WR)
                    self.assertEqual(connection.rest(), b"\x80\x03\x00\x01 a SYN_STREAM"[::-1])
        for asked in seen:
            self.assertEqual((asked.method, asked.path),
                             ("POST", "/api/v1/namespaces/default/pods/shell/exec?command=sh&stdin=true"))
            self.assertEqual(asked.all("X-Stream-Protocol-Version"), versions)
            self.assertEqual((asked.all("Upgrade"), asked.all("Connection")), (["SPDY/3.1"], ["Upgrade"]))
        self.assertEqual(len(seen), 2)

    def test_a_token_of_another_route(self):
        """The request is served as if there were no offer, without its fields."""
        def serve(connection):
            asked = connection.request()
            self.assertEqual((asked.all("Upgrade"), asked.all("Connection")), ([], []))
            connection.send("HTTP/1.1 200 OK", "Content-Length: 5", body=b"plain")

        with Backend(serve) as backend, Server(config=CONFIG.format(url=backend.url)) as server:
            with Http1(server.http) as connection:
                answer = connection.exchange("POST /api/v1/pods HTTP/1.1", "Host: a", "Connection: Upgrade",
                                             "Upgrade: tcp", "Content-Length: 2", body=b"{}")
                self.assertEqual((answer.status, answer.body), (200, b"plain"))


if __name__ == "__main__":
    unittest.main()
