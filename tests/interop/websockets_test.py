"""python3-websockets: echoes of every length form, compression, closing."""
import asyncio
import os
import signal
import unittest

import websockets
from websockets.extensions.permessage_deflate import PerMessageDeflate

from server import SECONDS_MAX, Server, trusting_nobody

SIZES = (1, 125, 126, 65_535, 65_536, 1 << 20, 16 << 20)
MESSAGE_BYTES_MAX = 16 << 20


def text_of(size):
    return ("a line of text, compressible\n" * (size // 29 + 1))[:size]


class WebSockets(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())

    def connect(self, scheme="ws", path="/echo", server=None, **options):
        options = {"max_size": None, "compression": None, "ping_interval": None, "open_timeout": SECONDS_MAX,
                   "close_timeout": SECONDS_MAX, "ssl": trusting_nobody() if scheme == "wss" else None, **options}
        return websockets.connect((server or self.server).url(path, scheme), **options)

    async def receive(self, client):
        return await asyncio.wait_for(client.recv(), 3 * SECONDS_MAX)

    async def check_echo(self, scheme, compression):
        async with self.connect(scheme, compression=compression) as client:
            deflates = [extension for extension in client.extensions if isinstance(extension, PerMessageDeflate)]
            self.assertEqual(len(deflates), 1 if compression else 0)
            self.assertEqual("permessage-deflate" in client.response_headers.get("Sec-WebSocket-Extensions", ""),
                             bool(compression))
            for size in SIZES:
                for message in (text_of(size), os.urandom(size)):
                    await client.send(message)
                    answer = await self.receive(client)
                    self.assertTrue(answer == message, f"{type(message)} of {size} bytes")
        self.assertEqual(client.close_code, 1000)

    async def test_echo_in_cleartext(self):
        await self.check_echo("ws", None)

    async def test_echo_in_cleartext_compressed(self):
        await self.check_echo("ws", "deflate")

    async def test_echo_in_tls(self):
        await self.check_echo("wss", None)

    async def test_echo_in_tls_compressed(self):
        await self.check_echo("wss", "deflate")

    async def test_fragments(self):
        async with self.connect(compression="deflate") as client:
            await client.send(["one ", "", "two ", "three"])
            self.assertEqual(await self.receive(client), "one two three")
            await client.send("")
            self.assertEqual(await self.receive(client), "")

    async def test_message_too_large(self):
        for compression in (None, "deflate"):
            async with self.connect(compression=compression) as client:
                with self.assertRaises(websockets.ConnectionClosed):
                    await client.send(text_of(MESSAGE_BYTES_MAX + 1))
                    await self.receive(client)
                self.assertEqual(client.close_code, 1009, compression)

    async def test_SEC_W5_small_on_the_wire_and_too_large_inflated(self):
        async with self.connect(compression="deflate") as client:
            with self.assertRaises(websockets.ConnectionClosed):
                await client.send(b"\0" * (256 << 20))
                await self.receive(client)
            self.assertEqual(client.close_code, 1009)

    async def test_ping(self):
        async with self.connect() as client:
            pong = await client.ping(b"are you there")
            await asyncio.wait_for(pong, SECONDS_MAX)

    async def test_close_codes(self):
        for code, reason in ((1000, ""), (1001, "leaving"), (3000, ""), (4999, "why not")):
            async with self.connect() as client:
                await client.close(code, reason)
                self.assertEqual(client.close_code, code)

    async def test_text_that_is_not_utf8(self):
        async with self.connect() as client:
            await client.write_frame(True, 0x1, b"\xc3\x28")
            with self.assertRaises(websockets.ConnectionClosed):
                await self.receive(client)
            self.assertEqual(client.close_code, 1007)

    async def test_origins(self):
        for origin, status in ((None, 101), (self.server.url("").rstrip("/"), 101), ("https://evil.example", 403),
                               ("null", 403)):
            if status == 101:
                async with self.connect(origin=origin) as client:
                    await client.send("hello")
                    self.assertEqual(await self.receive(client), "hello")
                continue
            with self.assertRaises(websockets.InvalidStatusCode) as refused:
                await self.connect(origin=origin)
            self.assertEqual(refused.exception.status_code, status)
        await asyncio.to_thread(self.server.logged, count=2, status=403, outcome="refused", reason="origin-not-allowed")

    async def test_a_path_without_websocket(self):
        with self.assertRaises(websockets.InvalidStatusCode) as declined:
            await self.connect(path="/")
        self.assertEqual(declined.exception.status_code, 200)
        await asyncio.to_thread(self.server.logged, outcome="declined", reason="token-not-on-route")

    async def test_many_at_once(self):
        async def one(index):
            async with self.connect(compression="deflate" if index % 2 else None) as client:
                for round_trip in range(5):
                    await client.send(f"{index} {round_trip}")
                    self.assertEqual(await self.receive(client), f"{index} {round_trip}")

        await asyncio.gather(*map(one, range(40)))

    async def test_stopping_server(self):
        with Server() as server:
            plain = await self.connect(server=server)
            in_tls = await self.connect("wss", server=server)
            server.signal(signal.SIGTERM)
            for client in (plain, in_tls):
                with self.assertRaises(websockets.ConnectionClosed):
                    await self.receive(client)
                self.assertEqual(client.close_code, 1001)


if __name__ == "__main__":
    unittest.main()
