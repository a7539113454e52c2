"""What a backend does about the request of a probe: steps, as data. backend.py carries them out.

    (Pause(), Accept(), *EXCHANGE)                 # a slow 101, then bytes both ways
    (Answer(403), )                                # a refusal
    (Raw(b"HTTP/1.1 101 Odd\\r\\n\\r\\n"), Hang())  # a forgery
"""
import dataclasses

TOKEN, ACCEPT = b"{token}", b"{accept}"  # stand for the token that was offered, and for the line of the right Accept
RIGHT_101 = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: {token}\r\nConnection: Upgrade\r\n{accept}\r\n"


@dataclasses.dataclass(frozen=True)
class Answer:
    """A whole answer, in either version."""
    status: int
    fields: tuple = ()
    body: bytes = b"answered by the backend\n"


@dataclasses.dataclass(frozen=True)
class Interim:
    status: int
    fields: tuple = ()


@dataclasses.dataclass(frozen=True)
class Accept:
    """The right acceptance: 101, or 200 on a stream. `more` goes with it in one write; a request without an offer gets
    an ordinary 200 instead, and ends the script."""
    fields: tuple = ()
    more: bytes = b""


@dataclasses.dataclass(frozen=True)
class Raw:
    """HTTP/1.1 only: these bytes in one write. `switches`: they claim to be an acceptance."""
    data: bytes
    switches: bool = True
    more: bytes = b""  # in the same write, and behind the head


@dataclasses.dataclass(frozen=True)
class Dribble:
    """HTTP/1.1 only: an acceptance, each byte in a write of its own."""
    data: bytes = RIGHT_101


@dataclasses.dataclass(frozen=True)
class Fields:
    """HTTP/2 only: these fields, right or wrong."""
    fields: tuple
    end: bool = False
    switches: bool = False


@dataclasses.dataclass(frozen=True)
class Pause:
    """Until the client's side says so, after a bystander has been served."""


@dataclasses.dataclass(frozen=True)
class Hang:
    """Nothing more, until the other side ends."""


@dataclasses.dataclass(frozen=True)
class Reset:
    """RST, or RST_STREAM with the code."""
    code: int = 8


@dataclasses.dataclass(frozen=True)
class Close:
    """The end of the connection, in HTTP/2 as well."""


@dataclasses.dataclass(frozen=True)
class Goaway:
    last: int = 0
    code: int = 0


@dataclasses.dataclass(frozen=True)
class ReadTunnel:
    """As many bytes as the client sends."""


@dataclasses.dataclass(frozen=True)
class SendTunnel:
    """The probe's bytes for the client."""


@dataclasses.dataclass(frozen=True)
class EndSending:
    """FIN, or END_STREAM."""


@dataclasses.dataclass(frozen=True)
class ReadToEnd:
    """Until the other side ends its direction."""


EXCHANGE = (ReadTunnel(), SendTunnel(), ReadToEnd(), EndSending())
CLIENT_ENDS_FIRST = (ReadToEnd(), SendTunnel(), EndSending())
BACKEND_ENDS_FIRST = (SendTunnel(), EndSending(), ReadToEnd())


def name_of(step):
    return type(step).__name__
