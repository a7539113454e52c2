#!/usr/bin/env python3
"""The oracle's own test: servers that are wrong on purpose, each in one way, and what the matrix says about them.

A server here is a relay of a few lines. The one that does nothing wrong by itself shows that the matrix can be passed.
"""
import contextlib
import dataclasses
import socket
import socketserver
import sys
import threading
import unittest

sys.dont_write_bytecode = True
import oracle  # noqa: E402
import probes  # noqa: E402
from backend import Stage  # noqa: E402
from play import play  # noqa: E402
from probe import SMUGGLED, tunnel_bytes  # noqa: E402
from wire import Ended, Hang, Malformed, Wire, read_body, read_head  # noqa: E402

NAMED = {probe.name: probe for probe in probes.PROBES}


def pump(source, sink):
    """What comes, until it ends."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Relay(socketserver.ThreadingTCPServer):
    """Everything to one backend. Subclasses say what happens to a connection."""
    daemon_threads = True
    backs = ("h1",)
    tls_upgrade = None

    def __init__(self, backend):
        self.backend = backend
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.http = self.server_address

    def finish_request(self, request, client_address):
        with contextlib.suppress(Ended, Malformed, Hang, OSError), contextlib.closing(Wire(request)) as client:
            self.serve(client)

    def connect(self):
        return contextlib.closing(Wire(socket.create_connection(self.backend)))

    def tunnel(self, client, backend):
        upwards = threading.Thread(target=pump, args=(client.socket, backend.socket))
        upwards.start()
        pump(backend.socket, client.socket)
        upwards.join()


class Blind(Relay):
    """Bytes, whatever they are: the tunnel is there before anybody accepted it."""

    def serve(self, client):
        with self.connect() as backend:
            self.tunnel(client, backend)


class Careful(Relay):
    """Looks at every head, passes on one request at a time, and tunnels behind a 101 only."""
    switches = (101,)

    def serve(self, client):
        is_open = True
        while is_open:
            request = self.read(client, is_answer=False)
            if "GET /denied" in request.start:
                client.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                continue
            with self.connect() as backend:
                backend.send(self.render(request))
                answer = self.read(backend, is_answer=True)
                client.send(self.render(answer))
                is_open = answer.status not in self.switches and "close" not in request.members("Connection")
                if answer.status in self.switches:
                    self.go_on(client, backend)

    def go_on(self, client, backend):
        backend.send(client.read(len(client.unread())))
        client.send(backend.read(len(backend.unread())))
        self.tunnel(client, backend)

    @staticmethod
    def read(wire, is_answer):
        message = read_head(wire, is_answer)
        if not is_answer or message.status != 101:
            message.body = read_body(wire, message, is_answer)
        return message

    @staticmethod
    def render(message):
        lines = (message.start, *(f"{name}: {value}" for name, value in message.fields), "")
        return "".join(f"{line}\r\n" for line in lines).encode("latin-1") + message.body


class Credulous(Careful):
    """Takes any answer to an offer for an acceptance."""
    switches = (101, 200, 403, 426)


class Forgetful(Careful):
    """Loses what came behind the request before the 101."""

    def go_on(self, client, backend):
        self.tunnel(client, backend)


class Sharing(Careful):
    """One connection to the backend for all clients, and whatever comes on it is the next one's answer."""

    def __init__(self, backend):
        super().__init__(backend)
        self.shared, self.lock = None, threading.Lock()

    def server_close(self):
        super().server_close()
        self.shared.close()

    def serve(self, client):
        while True:
            request = self.read(client, is_answer=False)
            with self.lock:
                self.shared = self.shared or Wire(socket.create_connection(self.backend))
                self.shared.send(self.render(request) + client.read(len(client.unread())))
                client.send(self.render(self.read(self.shared, is_answer=True)))


class OracleTest(unittest.TestCase):
    def judge(self, relay, name, **changes):
        probe = dataclasses.replace(NAMED[name], **changes)
        stage = Stage(probe.script, up=probe.early + tunnel_bytes(probe.path.token, probe.bytes_up, "client"),
                      down=tunnel_bytes(probe.path.token, probe.bytes_down, "backend"))
        with relay(stage.address) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                seen = play(probe, stage, "p1.matrix.example", server)
            finally:
                server.shutdown()
                thread.join()
        self.assertIsNone(stage.trouble)
        return seen, " / ".join(f"{each.what} [{each.cite}]" for each in oracle.judge(seen, own_laws=False))

    def assert_wrong(self, relay, name, words, **changes):
        _, said = self.judge(relay, name, **changes)
        self.assertIn(words, said)

    def test_a_server_without_that_fault_is_right(self):
        for name in ("h1-ws/accepted", "h1-ws/slow-early", "h1-ws/glued", "h1-tcp/large", "h1-ws/refused-403-early",
                     "h1-ws/refused-426", "h1-ws/cut-behind-upgrade", "h1-tcp/post-with-body-early"):
            seen, said = self.judge(Careful, name)
            self.assertEqual(said, "", name)
            self.assertEqual({wanted for wanted, _ in seen.canaries}, {got for _, got in seen.canaries})

    def test_bytes_ahead_of_the_acceptance(self):
        self.assert_wrong(Blind, "h1-ws/slow-early", "before its 101 the backend got")

    def test_a_request_that_passes_by(self):
        self.assert_wrong(Blind, "h1-ws/refused-403-early", "reached the backend, past the server's own rules")
        self.assert_wrong(Credulous, "h1-ws/refused-403-early", "reached the backend, past the server's own rules")
        self.assert_wrong(Credulous, "h1-ws/version-7777-refused", "by the backend")

    def test_bytes_that_are_lost(self):
        self.assert_wrong(Forgetful, "h1-tcp/client-ends-first", "the backend got", early=SMUGGLED)

    def test_a_bystander_who_gets_what_another_asked_for(self):
        self.assert_wrong(Sharing, "h1-ws/refused-403-early", "a bystander asked for", late=False)

    def test_a_101_that_was_not_asked_for(self):
        self.assert_wrong(Careful, "h1-ws/unasked-101-to-GET", "which the client did not offer")

    def test_what_a_hop_keeps_for_itself(self):
        self.assert_wrong(Careful, "h1-ws/hop-h2c", "the backend was offered 'h2c'")
        self.assert_wrong(Careful, "h1-ws/nominated-field", "the backend was sent the field X-Private")


if __name__ == "__main__":
    unittest.main()
