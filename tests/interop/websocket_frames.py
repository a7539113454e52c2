"""A WebSocket client whose every byte is known.

    chat = WebSocketClient(server, "/chat")
    chat.say(b"hello")                   # 11 bytes there, 7 back
    chat.end()                           # 8 bytes there, 4 back
"""
from http1 import Http1

HANDSHAKE = ("Host: a", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")


def close_frame(code=1000):
    return b"\x88\x82\0\0\0\0" + code.to_bytes(2, "big")


def text_frame(text):
    return bytes([0x81, 0x80 | len(text)]) + b"\0\0\0\0" + text


class WebSocketClient:
    """Just enough to hold one open and to know each byte."""

    def __init__(self, server, path="/chat"):
        self.connection = Http1(server.http)
        self.connection.send(f"GET {path} HTTP/1.1", *HANDSHAKE)
        assert self.connection.head().status == 101
        self.received = 0

    def say(self, text):
        self.connection.send_bytes(text_frame(text))
        assert self.connection.read(2 + len(text))[2:] == text

    def end(self):
        self.connection.send_bytes(close_frame())
        assert self.connection.read(4)[:2] == b"\x88\x02"
        self.connection.socket.close()

    def is_told(self, code):
        head = self.connection.read(2)
        said = self.connection.read(head[1])
        return head[0] == 0x88 and int.from_bytes(said[:2], "big") == code
