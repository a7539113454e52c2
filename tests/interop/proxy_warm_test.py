"""Connections that are opened ahead of need, counted by the server that they lead to."""
import threading
import unittest

from backend import Backend
from http1 import Http1
from server import Server, eventually

WARM = 2
CONFIG = """
workers = 1

[[listener]]
address = "127.0.0.1:0"

[[upstream]]
name = "app"
servers = ["{url}"]
warm = {warm}

[[route]]
match = {{ path = "/**" }}
proxy = {{ to = "app", switch = ["tcp"] }}
"""


class App:
    """Numbers its connections in the order in which they come, and knows what was asked on each."""

    def __init__(self):
        self.lock = threading.Lock()
        self.opened = 0
        self.asked = {}

    def serve(self, connection):
        with self.lock:
            self.opened += 1
            number = self.opened
        asked = connection.request()
        with self.lock:
            self.asked.setdefault(number, []).append(asked.path)
        if asked.path == "/plain":
            connection.send("HTTP/1.1 204 No Content")
            connection.request()  # another one, or the end
            raise AssertionError("two requests on one connection were not expected")
        connection.send("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: tcp")
        connection.send_bytes(connection.rest())


class Warm(unittest.TestCase):
    def await_opened(self, app, count):
        eventually(lambda: app.opened >= count, lambda: f"{app.opened} connections, not {count}")
        self.assertEqual(app.opened, count)

    def test_a_switch_takes_one_that_was_open_before(self):
        app = App()
        with Backend(app.serve) as backend, Server(config=CONFIG.format(url=backend.url, warm=WARM)) as server:
            with Http1(server.http) as client:
                self.assertEqual(client.exchange("GET /plain HTTP/1.1", "Host: a").status, 204)
            self.await_opened(app, WARM + 1)
            for i in range(1, 4):
                open_before = app.opened
                with Http1(server.http) as client:
                    client.send(f"GET /switch/{i} HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: tcp")
                    self.assertEqual(client.head().status, 101)
                    [number] = [key for key, paths in app.asked.items() if f"/switch/{i}" in paths]
                    self.assertLessEqual(number, open_before)
                    self.assertEqual(app.asked[number], [f"/switch/{i}"])
                    self.await_opened(app, open_before + 1)  # another in its place

    def test_without_it_each_switch_opens_its_own(self):
        app = App()
        with Backend(app.serve) as backend, Server(config=CONFIG.format(url=backend.url, warm=0)) as server:
            for i in (1, 2):
                with Http1(server.http) as client:
                    client.send(f"GET /switch/{i} HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: tcp")
                    self.assertEqual(client.head().status, 101)
                self.assertEqual(app.opened, i)


if __name__ == "__main__":
    unittest.main()
