"""The backend sends a 101 that is not one. Whether the server checks what only concerns the two ends is its own
business where it passes a handshake on; what it says itself, and what it makes itself (HTTP/2), has to be right."""
from fronts import HOST, PATHS, Ask, AskH2, offer
from probe import BAD_GATEWAY, EITHER, NEVER, SMUGGLED, Probe
from script import ACCEPT, EXCHANGE, RIGHT_101, Close, Hang, Raw

CHECKED = (BAD_GATEWAY, "law L3: a 101 is checked")
NOT_OFFERED = "RFC 9110 7.8: no switch to what the client did not offer"
MUST_NAME = "RFC 9110 15.2.2: a 101 names what it switches to"
OPTION = "RFC 9110 7.8: Upgrade comes with Connection: upgrade"
FAILS = "RFC 6455 4.1: who made the handshake fails the connection"
NO_LENGTH = "RFC 9110 8.6, RFC 9112 6.1: a 1xx has no length"
UNASKED = "RFC 9110 7.8: nothing was offered"


def instead(old, new):
    return RIGHT_101.replace(old, new)


TOKEN_LINE, OPTION_LINE = b"Upgrade: {token}\r\n", b"Connection: Upgrade\r\n"

# name: the 101, what is right over HTTP/1.1, over HTTP/2, and why. Only the first three need a key.
HANDSHAKE = {
    "wrong-accept": (instead(ACCEPT, b"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n"), EITHER, NEVER, FAILS),
    "no-accept": (instead(ACCEPT, b""), EITHER, NEVER, FAILS),
    "two-accepts": (instead(ACCEPT, ACCEPT + b"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n"), EITHER, EITHER,
                    FAILS),
    "subprotocol-not-offered": (instead(ACCEPT, ACCEPT + b"Sec-WebSocket-Protocol: chat\r\n"), EITHER, EITHER, FAILS),
    "extension-not-offered": (instead(ACCEPT, ACCEPT + b"Sec-WebSocket-Extensions: permessage-deflate\r\n"), EITHER,
                              EITHER, FAILS),
}
SWITCH = {
    "wrong-token": (instead(TOKEN_LINE, b"Upgrade: other\r\n"), NEVER, NEVER, NOT_OFFERED),
    "h2c-token": (instead(TOKEN_LINE, b"Upgrade: h2c\r\n"), NEVER, NEVER, NOT_OFFERED),
    "two-tokens": (instead(TOKEN_LINE, b"Upgrade: {token}, other\r\n"), EITHER, NEVER, NOT_OFFERED),
    "two-upgrade-fields": (instead(TOKEN_LINE, TOKEN_LINE + b"Upgrade: other\r\n"), EITHER, NEVER, NOT_OFFERED),
    "no-upgrade": (instead(TOKEN_LINE, b""), EITHER, NEVER, MUST_NAME),
    "empty-upgrade": (instead(TOKEN_LINE, b"Upgrade: \r\n"), EITHER, NEVER, MUST_NAME),
    "no-connection": (instead(OPTION_LINE, b""), EITHER, EITHER, OPTION),
    "connection-close": (instead(OPTION_LINE, b"Connection: close\r\n"), EITHER, EITHER, OPTION),
    "content-length-0": (instead(ACCEPT, ACCEPT + b"Content-Length: 0\r\n"), EITHER, EITHER, NO_LENGTH),
    "content-length-9": (instead(ACCEPT, ACCEPT + b"Content-Length: 9\r\n"), EITHER, EITHER, NO_LENGTH),
    "chunked": (instead(ACCEPT, ACCEPT + b"Transfer-Encoding: chunked\r\n"), EITHER, EITHER, NO_LENGTH),
    "length-and-chunked": (instead(ACCEPT, ACCEPT + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), EITHER,
                           EITHER, NO_LENGTH),
    "http-1.0": (instead(b"HTTP/1.1", b"HTTP/1.0"), EITHER, EITHER, "RFC 9110 7.8, 15.2"),
}
# Of websocket over HTTP/2 the server is the client towards the backend, and these fail its handshake.
STRICTER_FOR_WEBSOCKET = ("no-connection", "connection-close")


def forged(path, name, early):
    head, over_http1, over_http2, cite = {**HANDSHAKE, **SWITCH}[name]
    right = over_http2 if path.is_h2 else over_http1
    if path.is_h2 and path.token == "websocket" and name in STRICTER_FOR_WEBSOCKET:
        right, cite = NEVER, FAILS
    return Probe(f"{path.name}/forged-{name}{'-early' if early else ''}", path, (Raw(head), *EXCHANGE), right, cite,
                 law=CHECKED, early=SMUGGLED if early else b"")


BY_PATH = {"h1-ws": {**HANDSHAKE, **SWITCH}, "h1-tcp": SWITCH, "h2-h1": {**HANDSHAKE, **SWITCH}, "h2-h1-tcp": SWITCH,
           "https-ws": ("wrong-accept", "wrong-token", "no-upgrade", "chunked"),
           "tls-ws": ("wrong-accept", "wrong-token", "no-upgrade", "chunked"),
           "h2c-ws": ("wrong-accept", "wrong-token", "no-upgrade", "chunked"),
           "https-h2-h1": ("wrong-accept", "wrong-token")}
EARLY = {"h1-ws": ("wrong-accept", "wrong-token", "no-upgrade", "content-length-9"), "h1-tcp": ("wrong-token",),
         "h2-h1": ("wrong-accept", "wrong-token")}


def ordinary(path, method, body=b""):
    """A request that offers nothing."""
    if path.is_h2:
        fields = ((b":method", method.encode()), (b":scheme", path.scheme.encode()), (b":path", b"/ws"),
                  (b":authority", HOST))
        return AskH2(fields, end=True)
    return Ask((f"Content-Length: {len(body)}",) if body else (), method=method, body=body)


def unasked(path, method, body=b""):
    return Probe(f"{path.name}/unasked-101-to-{method}", path, (Raw(RIGHT_101), Hang()), NEVER, UNASKED,
                 law=(BAD_GATEWAY, "law L3: accepted only if we asked"), ask=ordinary(path, method, body),
                 needs_extended_connect=False)


def unasked_to_http10(path):
    return Probe(f"{path.name}/unasked-101-to-http-1.0", path, (Raw(RIGHT_101), Hang()), NEVER,
                 "RFC 9110 15.2: no 1xx to a client of HTTP/1.0", ask=Ask((), version="HTTP/1.0"))


def declined_then_101(path):
    """The client offered one thing, and the backend switches to what others offer."""
    return Probe(f"{path.name}/101-to-another-offer", path, (Raw(instead(b"{token}", b"websocket")), *EXCHANGE), NEVER,
                 NOT_OFFERED, ask=Ask(offer("made-up")))


PROBES = [
    *(forged(PATHS[path], name, False) for path, names in BY_PATH.items() for name in names),
    *(forged(PATHS[path], name, True) for path, names in EARLY.items() for name in names),
    *(unasked(PATHS[path], method) for path in ("h1-ws", "https-ws", "h2-h1", "h2c-ws")
      for method in ("GET", "HEAD", "OPTIONS", "DELETE")),
    *(unasked(PATHS[path], "POST", b"five\n") for path in ("h1-ws", "https-ws")),
    unasked_to_http10(PATHS["h1-ws"]), declined_then_101(PATHS["h1-ws"]),
    Probe("h1-ws/101-then-close", PATHS["h1-ws"], (Raw(instead(TOKEN_LINE, b"Upgrade: other\r\n")), Close()), NEVER,
          NOT_OFFERED),
]
