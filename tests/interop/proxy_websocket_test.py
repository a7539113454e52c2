"""WebSocket through the proxy: python3-websockets, node's ws and node:http2 on either side of it, over HTTP/1.1 and
HTTP/2."""
import asyncio
import contextlib
import os
import pathlib
import ssl
import subprocess
import tempfile
import threading
import unittest

import websockets

import certificates
from server import SECONDS_MAX, Server, trusting_nobody

NODE = pathlib.Path(__file__).resolve().parent / "node"
SIZES = (1, 125, 126, 65_535, 65_536, 1 << 20, 16 << 20)
MESSAGE_BYTES_MAX = 16 << 20
SERVER_BYTES_MAX = MESSAGE_BYTES_MAX + (64 << 10)  # what cannot be compressed gets larger

CONFIG = """
[[listener]]
address = "127.0.0.1:0"

[[listener]]
address = "127.0.0.1:0"
tls = [{{ certificate = "front.test.pem", key = "front.test.key" }}]

[[route]]
match = {{ path = "/" }}
respond = {{ body = "root\\n" }}
"""
UPSTREAM = """
[[upstream]]
name = "{name}"
servers = ["{server}"]
{more}
[[route]]
match = {{ path = "/{name}" }}
proxy = {{ to = "{name}" }}
origins = ["https://app.example"]
"""


class PythonServers:
    """Echo servers by python3-websockets: over TCP, a unix socket and TLS."""

    def __init__(self, folder):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.requests = []
        self.unix = folder / "echo.sock"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.make(folder, "backend.test", "localhost"), folder / "backend.test.key")
        self._servers = []
        self.port = self._serve(websockets.serve, "127.0.0.1", 0)
        self.tls_port = self._serve(websockets.serve, "localhost", 0, ssl=context)
        self._serve(websockets.unix_serve, str(self.unix))

    def _serve(self, kind, *where, **options):
        async def start():
            return await kind(self._echo, *where, max_size=SERVER_BYTES_MAX, ping_interval=None, **options)

        server = asyncio.run_coroutine_threadsafe(start(), self.loop).result(SECONDS_MAX)
        self._servers.append(server)
        return server.sockets[0].getsockname()[1]

    async def _echo(self, client, *_):
        self.requests.append(client.request_headers)
        with contextlib.suppress(websockets.ConnectionClosed):
            async for message in client:
                await client.send(message)

    def close(self):
        async def stop():
            for server in self._servers:
                server.close()
            for server in self._servers:
                await server.wait_closed()

        asyncio.run_coroutine_threadsafe(stop(), self.loop).result(SECONDS_MAX)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class NodeServer:
    def __init__(self, script):
        self.process = subprocess.Popen(["node", NODE / script], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(SECONDS_MAX)
        finally:
            self.process.kill()


class ProxyWebSocket(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.python = cls.enterClassContext(contextlib.closing(PythonServers(folder)))
        cls.node = cls.enterClassContext(contextlib.closing(NodeServer("ws_server.mjs")))
        cls.http2 = cls.enterClassContext(contextlib.closing(NodeServer("http2_server.mjs")))
        certificates.make(folder, "front.test")
        upstreams = (("python", f"http://127.0.0.1:{cls.python.port}", ""),
                     ("node", f"http://127.0.0.1:{cls.node.port}", ""),
                     ("http2", f"h2c://127.0.0.1:{cls.http2.port}", ""),
                     ("unix", f"unix:{cls.python.unix}", ""),
                     ("tls", f"https://localhost:{cls.python.tls_port}", 'tls = { ca = "backend.test.pem" }'),
                     ("tls-unknown", f"https://localhost:{cls.python.tls_port}", ""))
        config = CONFIG.format() + "".join(UPSTREAM.format(name=name, server=server, more=more)
                                           for name, server, more in upstreams)
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".pem", ".key")}
        cls.server = cls.enterClassContext(Server(config=config, files=files))

    def connect(self, path, scheme="ws", **options):
        options = {"max_size": None, "compression": None, "ping_interval": None, "open_timeout": SECONDS_MAX,
                   "close_timeout": SECONDS_MAX, "ssl": trusting_nobody() if scheme == "wss" else None, **options}
        return websockets.connect(self.server.url(path, scheme), **options)

    async def check_echo(self, path, scheme="ws", compression=None, sizes=SIZES):
        async with self.connect(path, scheme, compression=compression) as client:
            self.assertEqual("permessage-deflate" in client.response_headers.get("Sec-WebSocket-Extensions", ""),
                             bool(compression))
            for size in sizes:
                messages = ("a line of text, compressible\n" * (size // 29 + 1))[:size], os.urandom(size)
                if size == MESSAGE_BYTES_MAX:
                    messages = messages[:1] if compression else messages[1:]
                for message in messages:
                    await client.send(message)
                    answer = await asyncio.wait_for(client.recv(), 3 * SECONDS_MAX)
                    self.assertTrue(answer == message, f"{type(message)} of {size} bytes")
            await client.close(4001, "enough")
        self.assertEqual((client.close_code, client.close_reason), (4001, "enough"))

    async def run_node(self, client, *arguments):
        process = await asyncio.create_subprocess_exec(
            "node", NODE / client, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT)
        try:
            said, _ = await asyncio.wait_for(process.communicate(), 9 * SECONDS_MAX)
        finally:
            if process.returncode is None:
                process.kill()
        self.assertEqual(process.returncode, 0, said.decode())
        self.assertRegex(said.decode(), r"(?m)^done$")

    async def test_python_to_node(self):
        for scheme, compression in (("ws", None), ("wss", "deflate")):
            with self.subTest(scheme=scheme, compression=compression):
                await self.check_echo("/node", scheme, compression)

    async def test_node_to_python(self):
        for scheme, compression in (("ws", "deflate"), ("wss", "plain")):
            with self.subTest(scheme=scheme, compression=compression):
                await self.run_node("ws_echo.mjs", self.server.url("/python", scheme), compression, "enough")

    async def test_http2_to_http1(self):
        for scheme, backend, compression, largest in (("http", "python", "plain", 65_537),
                                                      ("http", "python", "deflate", 65_537),
                                                      ("https", "node", "deflate", 65_537),
                                                      ("https", "node", "plain", MESSAGE_BYTES_MAX)):
            with self.subTest(scheme=scheme, compression=compression):
                await self.run_node("http2_echo.mjs", self.server.url(f"/{backend}", scheme), compression, str(largest))

    async def test_http1_to_http2(self):
        for scheme, sizes in (("ws", SIZES[:-2]), ("wss", SIZES)):
            with self.subTest(scheme=scheme):
                await self.check_echo("/http2", scheme, sizes=sizes)

    async def test_http2_to_http2(self):
        for scheme, largest in (("http", 65_537), ("https", MESSAGE_BYTES_MAX)):
            with self.subTest(scheme=scheme):
                await self.run_node("http2_echo.mjs", self.server.url("/http2", scheme), "plain", str(largest))

    async def test_python_to_python_over_tls_and_unix_socket(self):
        for path, sizes in (("/tls", SIZES), ("/unix", SIZES[:-2])):
            with self.subTest(path=path):
                await self.check_echo(path, compression="deflate", sizes=sizes)

    async def test_what_the_server_learns(self):
        async with self.connect("/python?room=1", "wss", origin="https://app.example", subprotocols=["a", "b"],
                                extra_headers={"X-Forwarded-For": "192.0.2.1", "X-Mine": "1"}) as websocket:
            # The server writes the request down behind its 101: with an echo it has done so. And a connection of an
            # earlier test may still be on its way in.
            await websocket.send("there")
            await websocket.recv()
            asked = next(request for request in reversed(self.python.requests) if request.get("X-Mine") == "1")
        self.assertEqual(asked["Host"], "{}:{}".format(*self.server.https))
        self.assertEqual(asked["Origin"], "https://app.example")
        self.assertEqual(asked["Sec-WebSocket-Protocol"], "a, b")
        self.assertEqual(asked.get_all("X-Forwarded-For"), ["127.0.0.1"])
        self.assertEqual(asked["X-Forwarded-Proto"], "https")
        self.assertEqual(asked["X-Mine"], "1")

    async def test_refusals(self):
        for path, options, status in (("/python", {"origin": "https://evil.example"}, 403), ("/nothing", {}, 404),
                                      ("/tls-unknown", {}, 502)):
            with self.assertRaises(websockets.InvalidStatusCode) as refused:
                await self.connect(path, **options)
            self.assertEqual(refused.exception.status_code, status)
        self.assertIn("tls_certificate_error", refused.exception.headers["Proxy-Status"])

    async def test_many_at_once(self):
        await asyncio.gather(*(self.check_echo(path, sizes=(1, 126, 65_536)) for path in ("/python", "/node", "/http2") * 15))


if __name__ == "__main__":
    unittest.main()
