"""What a probe is: who asks what over which path, what the backend does about it, and which outcomes are right.

    Probe("h1-ws/refused/403", PATHS["h1-ws"], (Answer(403),), Right(opens=False, statuses={403}),
          "RFC 9110 7.8: only 101 switches")
"""
import dataclasses
import typing

from fronts import HOST, Ask, AskH2, Path

SMUGGLED = b"GET /denied HTTP/1.1\r\nHost: {host}\r\n\r\n"  # behind a request; the server itself has to answer 403
CLOSED = "closed"  # among statuses: no answer, but the end of the connection or the stream


@dataclasses.dataclass(frozen=True)
class Right:
    """opens: whether the protocol is switched (None: both are right). statuses: of the answer where it is not;
    None: whatever it is."""
    opens: typing.Optional[bool]
    statuses: typing.Optional[frozenset] = None

    def __str__(self):
        refusal = "an answer or a close" if self.statuses is None else "a refusal" if len(self.statuses) > 20 else \
            " or ".join(str(status) for status in sorted(self.statuses, key=str))
        return {True: "a switch", False: f"{refusal}, no switch", None: f"a switch, or {refusal}"}[self.opens]


OPENS = Right(True)
EITHER = Right(None)
NEVER = Right(False)
GATEWAY = Right(False, frozenset({500, 501, 502, 503, 504, CLOSED}))
REFUSED = Right(False, frozenset({CLOSED, *range(400, 600)}))
BAD_GATEWAY = Right(False, frozenset({502, CLOSED}))


def answers(*statuses):
    return Right(False, frozenset(statuses))


def opens_or(*statuses):
    return Right(None, frozenset(statuses))


@dataclasses.dataclass(frozen=True)
class Probe:
    name: str
    path: Path
    script: tuple
    right: Right  # for any server
    cite: str
    law: typing.Optional[tuple] = None  # (Right, which law): what Turnout holds itself to, where that is narrower
    ask: typing.Union[Ask, AskH2, None] = None  # the path's right offer where there is none
    early: bytes = b""  # in the same write as the request, or as DATA before the answer
    late: bool = True  # after a refusal: another request on the same connection
    mode: str = "exchange"  # what the client does in the tunnel: play.py
    bytes_up: int = 700  # in the tunnel
    bytes_down: int = 900
    checks: tuple = ()  # functions of Seen that return what is wrong, or None
    connect_protocol: bool = True  # the HTTP/2 backend's SETTINGS_ENABLE_CONNECT_PROTOCOL
    needs_extended_connect: bool = True  # over HTTP/2: not offered where the server does not announce it
    retried: bool = False  # the server may send the request once more
    requests_before: int = 0  # on the same connection, each answered before the next is sent
    waits_for_100: bool = False  # the client holds its body until then

    @property
    def request(self):
        return self.ask or self.path.ask

    def early_bytes(self, host):
        return self.early.replace(HOST, host.encode())


def fields_of(request):
    """Of what a backend was asked: a message of HTTP/1.1, or the fields of a stream."""
    return list(request.items()) if isinstance(request, dict) else request.fields


def no_field_reaches_the_backend(name):
    def check(seen):
        for request in seen.requests:
            if any(each.lower() == name.lower() for each, _ in fields_of(request)):
                return f"the backend was sent the field {name}"
        return None
    return check


def no_token_reaches_the_backend(*beginnings):
    def check(seen):
        for request in seen.requests:
            for name, value in fields_of(request):
                tokens = [token.strip() for token in value.lower().split(",")]
                if name.lower() in ("upgrade", ":protocol") and any(
                        token == each or each.endswith("/") and token.startswith(each)
                        for token in tokens for each in beginnings):
                    return f"the backend was offered {value!r}"
        return None
    return check


def websocket_frame(payload, masked):
    """One binary message, as the client sends it or as the backend does."""
    size = len(payload)
    head = bytes([0x82]) + (bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
                            if size < 65536 else b"\x7f" + size.to_bytes(8, "big"))
    if not masked:
        return head + payload
    mask = b"\x11\x22\x33\x44"
    repeated = mask * (size // 4 + 1)
    masked_payload = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated[:size], "big")).to_bytes(size, "big")
    return head[:1] + bytes([head[1] | 0x80]) + head[2:] + mask + masked_payload


def tunnel_bytes(token, size, who):
    """Bytes of one side for the tunnel, which show what is lost, doubled or in disorder."""
    text = b"".join(b"%s %d\r\n" % (who.encode(), number) for number in range(size // 8 + 1))[:size]
    if token != "websocket" or not size:
        return text
    return b"".join(websocket_frame(text[at:at + 40000], who == "client") for at in range(0, size, 40000))
