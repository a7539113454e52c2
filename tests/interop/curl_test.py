"""curl: HTTP/2 by Upgrade, by prior knowledge and by ALPN, bodies, files."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from server import SECONDS_MAX, Server

ALL_WAYS = (("http", "--http1.1"), ("http", "--http2"), ("https", "--http1.1"), ("https", "--http2"))


class CurlCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))

    def curl(self, *arguments):
        """What curl says about the exchange (its write-out variables), and the body."""
        body = self.folder / "body"
        body.unlink(missing_ok=True)
        done = subprocess.run(["curl", "-qsS", "--noproxy", "*", "-k", "-o", body, "-w", "%{json}", *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS_MAX)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout), body.read_bytes() if body.exists() else b""


class Curl(CurlCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(Server())

    def echo(self, size, *arguments):
        """The version of HTTP in which a body of that size came back."""
        path = self.folder / f"{size}.bytes"
        path.write_bytes(os.urandom(size))
        said, body = self.curl("--data-binary", f"@{path}", *arguments)
        self.assertEqual(said["response_code"], 200)
        self.assertEqual(body, path.read_bytes())
        return said["http_version"]

    def test_get_by_upgrade(self):
        said, body = self.curl("--http2", self.server.url())
        self.assertEqual((said["http_version"], said["response_code"]), ("2", 200))
        self.assertIn(b"HTTP/2", body)

    def test_body_by_upgrade(self):
        url = self.server.url("/echo")
        self.assertEqual(self.echo(7, "--http2", url), "2")
        self.assertEqual(self.echo(60_000, "--http2", url), "2")
        self.assertEqual(self.echo(65_536, "--http2", url), "2")

    def test_body_too_long_for_an_upgrade(self):
        self.assertEqual(self.echo(200_000, "--http2", self.server.url("/echo")), "1.1")
        self.server.logged(event="request", path="/echo", outcome="declined", reason="body-too-long")

    def test_prior_knowledge(self):
        said, _ = self.curl("--http2-prior-knowledge", self.server.url())
        self.assertEqual((said["http_version"], said["response_code"]), ("2", 200))
        self.assertEqual(self.echo(1_000_000, "--http2-prior-knowledge", self.server.url("/echo")), "2")

    def test_https(self):
        url = self.server.url("/", "https")
        self.assertEqual(self.curl(url)[0]["http_version"], "2")
        self.assertEqual(self.curl("--http1.1", url)[0]["http_version"], "1.1")
        self.assertEqual(self.curl("--no-alpn", url)[0]["http_version"], "1.1")
        self.assertEqual(self.echo(1_000_000, self.server.url("/echo", "https")), "2")
        self.assertEqual(self.echo(1_000_000, "--http1.1", self.server.url("/echo", "https")), "1.1")

    def test_h2c_is_not_offered_inside_tls(self):
        said, _ = self.curl("--http1.1", "-H", "Connection: Upgrade, HTTP2-Settings", "-H", "Upgrade: h2c",
                            "-H", "HTTP2-Settings: AAMAAABk", self.server.url("/", "https"))
        self.assertEqual((said["http_version"], said["response_code"]), ("1.1", 200))
        self.server.logged(outcome="declined", reason="h2c-over-tls")

    def test_head(self):
        for version in ("--http1.1", "--http2", "--http2-prior-knowledge"):
            said, _ = self.curl(version, "-I", self.server.url())
            self.assertEqual((said["response_code"], said["size_download"]), (200, 0), version)

    def test_expect_continue(self):
        for version, expected in (("--http1.1", "1.1"), ("--http2-prior-knowledge", "2")):
            self.assertEqual(self.echo(1_048_576, version, "-H", "Expect: 100-continue", "--expect100-timeout", "60",
                                       self.server.url("/echo")), expected)

    def test_chunked_body(self):
        self.assertEqual(self.echo(300_000, "--http1.1", "-H", "Transfer-Encoding: chunked", self.server.url("/echo")),
                         "1.1")

    def test_options_of_the_server(self):
        for version in ("--http1.1", "--http2-prior-knowledge"):
            said, _ = self.curl(version, "-X", "OPTIONS", "--request-target", "*", self.server.url())
            self.assertIn(said["response_code"], (200, 204), version)
        self.server.logged(method="OPTIONS", path="*", count=2)

    def test_two_requests_on_a_connection(self):
        # Not by prior knowledge: there curl 7.88 fails by itself, before it sends a second request.
        for scheme, version in ALL_WAYS:
            done = subprocess.run(["curl", "-qksS", "--noproxy", "*", version,
                                   "-w", "%{response_code} %{num_connects}\n",
                                   "-o", os.devnull, self.server.url("/", scheme),
                                   "-o", os.devnull, self.server.url("/index.html", scheme)],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS_MAX)
            self.assertEqual(done.stdout, "200 1\n200 0\n", (version, scheme, done.stderr))

    def test_not_found(self):
        self.assertEqual(self.curl(self.server.url("/nothing"))[0]["response_code"], 404)


class CurlFiles(CurlCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = cls.folder / "root"
        cls.root.mkdir()
        cls.content = os.urandom(3_000_000)
        (cls.root / "big.bin").write_bytes(cls.content)
        (cls.root / "index.html").write_text("<p>index\n")
        (cls.root / ".hidden").write_text("hidden")
        cls.server = cls.enterClassContext(Server("--root", cls.root))

    def test_whole_file(self):
        for scheme, version in ALL_WAYS:
            said, body = self.curl(version, self.server.url("/big.bin", scheme))
            self.assertEqual(said["response_code"], 200)
            self.assertTrue(body == self.content, (scheme, version, len(body)))

    def test_range(self):
        for version in ("--http1.1", "--http2-prior-knowledge"):
            for given, expected in (("10-19", self.content[10:20]), ("-5", self.content[-5:]),
                                    ("2999990-", self.content[-10:])):
                said, body = self.curl(version, "-r", given, self.server.url("/big.bin"))
                self.assertEqual((said["response_code"], body), (206, expected))
            said, _ = self.curl(version, "-r", "3000000-", self.server.url("/big.bin"))
            self.assertEqual(said["response_code"], 416)

    def test_unchanged(self):
        etag = self.folder / "etag"
        self.curl("--etag-save", etag, self.server.url("/index.html"))
        said, body = self.curl("--etag-compare", etag, self.server.url("/index.html"))
        self.assertEqual((said["response_code"], body), (304, b""))

    def test_what_is_not_served(self):
        for path in ("/.hidden", "/../root/index.html", "/%2e%2e/etc/passwd", "/big.bin/"):
            said, _ = self.curl("--path-as-is", self.server.url(path))
            self.assertIn(said["response_code"], (400, 403, 404), path)


if __name__ == "__main__":
    unittest.main()
