"""nghttp and h2load."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from server import Server


class Nghttp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())

    def run_tool(self, *command):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_upgrade(self):
        shown = self.run_tool("nghttp", "-nuv", self.server.url(), self.server.url("/index.html"))
        self.assertIn("HTTP/1.1 101 Switching Protocols", shown)
        self.assertIn("(stream_id=1) :status: 200", shown)
        self.assertEqual(len(re.findall(r"\) :status: 200", shown)), 2, shown)

    def test_upgrade_with_a_body(self):
        """nghttp upgrades on OPTIONS * then."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "body"
            path.write_text("hello " * 20_000)
            self.assertEqual(self.run_tool("nghttp", "-u", "-d", path, self.server.url("/echo")), path.read_text())
        self.server.logged(event="open", method="OPTIONS", path="*", token="h2c")

    def test_https(self):
        shown = self.run_tool("nghttp", "-nv", self.server.url("/", "https"))
        self.assertIn("The negotiated protocol: h2", shown)
        self.assertIn(":status: 200", shown)

    def load(self, *arguments, requests):
        shown = self.run_tool("h2load", "-n", str(requests), *arguments)
        self.assertIn(f"requests: {requests} total, {requests} started, {requests} done, {requests} succeeded, "
                      "0 failed, 0 errored, 0 timeout", shown)
        self.assertIn(f"status codes: {requests} 2xx, 0 3xx, 0 4xx, 0 5xx", shown)

    def test_load_by_prior_knowledge(self):
        self.load("-c", "50", "-m", "20", self.server.url(), requests=20_000)

    def test_load_in_tls(self):
        self.load("-c", "20", "-m", "10", self.server.url("/", "https"), requests=4_000)

    def test_load_in_http1(self):
        self.load("-c", "20", "--h1", self.server.url(), requests=4_000)

    def test_load_with_bodies(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "body"
            path.write_bytes(os.urandom(100_000))
            self.load("-c", "10", "-m", "10", "-d", path, self.server.url("/echo"), requests=500)


if __name__ == "__main__":
    unittest.main()
