"""Node.js: the ws package over TCP and TLS, and node:http2 with extended CONNECT (RFC 8441), each with and without
compression."""
import pathlib
import subprocess
import unittest

from server import SECONDS_MAX, Server

CLIENTS = pathlib.Path(__file__).resolve().parent / "node"


class Node(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())

    def run_client(self, name, *arguments):
        done = subprocess.run(["node", CLIENTS / name, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=5 * SECONDS_MAX)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"(?m)^done$")

    def test_ws(self):
        for scheme in ("ws", "wss"):
            for compression in ("plain", "deflate"):
                with self.subTest(scheme=scheme, compression=compression):
                    self.run_client("ws_echo.mjs", self.server.url("/echo", scheme), compression)

    def test_http2(self):
        for scheme in ("http", "https"):
            for compression in ("plain", "deflate"):
                with self.subTest(scheme=scheme, compression=compression):
                    self.run_client("http2_echo.mjs", self.server.url("/echo", scheme), compression)
        opened = self.server.logged(count=4, event="open", status=200, token="websocket", outcome="accepted")
        for line in opened:
            self.server.logged(event="close", tunnel_id=line["x-tunnel-id"], token="websocket")


if __name__ == "__main__":
    unittest.main()
