"""What metrics say of TLS, upstreams and the process. Requests and switches: agreement_test.py."""
import contextlib
import os
import pathlib
import socket
import ssl
import tempfile
import time
import unittest

import certificates
from admin import metrics, total
from backend import Backend
from http1 import Http1
from server import SECONDS_MAX, Server, eventually, run_program, trusting_nobody

TLS = """
[[listener]]
address = "127.0.0.1:0"
[[listener]]
address = "127.0.0.1:0"
tls = [{ certificate = "front.test.pem", key = "front.test.key" }]
[[route]]
name = "hello"
respond = { body = "hello" }
"""
PROXY = """
[[listener]]
address = "127.0.0.1:0"
[[upstream]]
name = "app"
servers = ["{good}", "{gone}"]
health = {{ path = "/healthz", interval = "50ms" }}
[[route]]
name = "chat"
proxy = {{ to = "app", switch = ["chat"] }}
"""
OFFER = ("GET / HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: chat")
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n"


class Tls(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="turnout-")))
        certificates.make(folder, "front.test", "front.test", "www.front.test")
        files = {name: (folder / name).read_bytes() for name in ("front.test.pem", "front.test.key")}
        self.server = self.enterContext(Server(config=TLS, files=files))

    def handshake(self, context, session=None):
        """One request inside TLS; the session is good for the next time."""
        with socket.create_connection(self.server.https, SECONDS_MAX) as plain, \
                context.wrap_socket(plain, server_hostname="front.test", session=session) as tls:
            with Http1(None, tls) as connection:
                self.assertEqual(connection.exchange("GET / HTTP/1.1", "Host: a").status, 200)
                return tls.session

    def test_handshakes_are_counted(self):
        context = trusting_nobody()
        session = self.handshake(context)
        self.handshake(context)
        self.handshake(context, session)
        self.handshake(trusting_nobody(maximum_version=ssl.TLSVersion.TLSv1_2))
        with socket.create_connection(self.server.https, SECONDS_MAX) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            while plain.recv(4096):
                pass
        with contextlib.suppress(ssl.SSLError):
            self.handshake(trusting_nobody(("unheard-of",)))
        samples = eventually(lambda: (now := metrics(self.server)) and total(now, "turnout_connections") == 0 and now,
                             "all connections have ended")

        def handshakes(**labels):
            return total(samples, "turnout_tls_handshakes_total", **labels)

        self.assertEqual(handshakes(version="1.3", resumed="false", upgraded="false"), 2)
        self.assertEqual(handshakes(version="1.3", resumed="true", upgraded="false"), 1)
        self.assertEqual(handshakes(version="1.2", resumed="false", upgraded="false"), 1)
        self.assertEqual(handshakes(), 4)
        self.assertEqual(total(samples, "turnout_tls_handshake_failures_total", reason="tls-failed"), 1)
        self.assertEqual(total(samples, "turnout_tls_handshake_failures_total"), 2)
        http, https = ("{}:{}".format(*address) for address in (self.server.http, self.server.https))
        self.assertEqual(total(samples, "turnout_connections_total", listener=http), 0)
        self.assertEqual(total(samples, "turnout_connections_total", listener=https), 6)

    def test_a_certificate_has_its_end(self):
        samples = metrics(self.server)
        https = "{}:{}".format(*self.server.https)
        ends = samples["turnout_tls_certificate_expiry_timestamp_seconds", ("listener", https), ("name", "front.test")]
        self.assertAlmostEqual(ends, time.time() + 2 * 86400, delta=3600)

    def test_the_process(self):
        samples = metrics(self.server)
        pid = self.server.process.pid
        self.assertEqual(total(samples, "turnout_build_info",
                               version=run_program("version").stdout.removeprefix("turnout ").strip()), 1)
        # With the connection that asked, which may have ended by now.
        self.assertAlmostEqual(total(samples, "process_open_fds"), len(os.listdir(f"/proc/{pid}/fd")), delta=2)
        self.assertEqual(total(samples, "process_threads"), len(os.listdir(f"/proc/{pid}/task")))
        self.assertAlmostEqual(total(samples, "process_start_time_seconds"), time.time(), delta=SECONDS_MAX + 5)
        self.assertGreater(total(samples, "process_resident_memory_bytes"), 1 << 20)


class Upstreams(unittest.TestCase):
    def test_a_tunnel_is_open_and_a_server_is_down(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            gone = "http://{}:{}".format(*closed.getsockname())

        def serve(connection):
            while connection.request().path == "/healthz":
                connection.send_bytes(b"HTTP/1.1 204 No Content\r\n\r\n")
            connection.send_bytes(SWITCHED)
            connection.rest()

        with Backend(serve) as backend, Server(config=PROXY.format(good=backend.url, gone=gone)) as server:
            eventually(lambda: total(metrics(server), "turnout_upstream_up", upstream="app") == 1,
                       "the server that is not there is found to be down")
            tunnels = [self.enterContext(Http1(server.http)) for _ in range(3)]
            for connection in tunnels:
                self.assertEqual(connection.exchange(*OFFER).status, 101)
            samples = metrics(server)
            self.assertEqual(samples["turnout_upstream_up", ("server", gone), ("upstream", "app")], 0)
            self.assertEqual(samples["turnout_upstream_up", ("server", backend.url), ("upstream", "app")], 1)
            self.assertEqual(samples["turnout_upstream_open", ("server", backend.url), ("upstream", "app")],
                             len(tunnels))
            self.assertEqual(total(samples, "turnout_tunnels", token="chat", route="chat"), len(tunnels))
            for connection in tunnels:
                connection.socket.close()
            eventually(lambda: total(metrics(server), "turnout_upstream_open") == 0, lambda: metrics(server))


if __name__ == "__main__":
    unittest.main()
