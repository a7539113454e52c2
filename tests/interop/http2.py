"""As much of HTTP/2 as it takes to look at single frames (RFC 9113), with HPACK (RFC 7541) that compresses nothing."""
import dataclasses
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
STATUS_200 = b"\x88"  # the static table's entry for ":status: 200"


@dataclasses.dataclass
class Frame:
    type: int
    flags: int
    stream: int
    payload: bytes


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def field_block(*fields):
    block = b""
    for name, value in fields:
        for text in (b"\0" + bytes([len(name)]) + name.encode(), bytes([len(value)]) + value.encode()):
            block += text
    return block


def get(path, authority, stream, scheme="http"):
    return frame(HEADERS, END_HEADERS | END_STREAM, stream,
                 field_block((":method", "GET"), (":scheme", scheme), (":path", path), (":authority", authority)))


def read_frame(connection):
    head = connection.read(9)
    length, kind, flags, stream = struct.unpack(">IBBI", b"\0" + head)
    return Frame(kind, flags, stream, connection.read(length))


def read_answers(connection, *streams):
    """Frames until all the streams have ended, and the bodies of the streams."""
    frames, bodies, open_streams = [], {stream: b"" for stream in streams}, set(streams)
    while open_streams:
        one = read_frame(connection)
        frames.append(one)
        if one.type in (RST_STREAM, GOAWAY):
            raise AssertionError(f"refused: {one}")
        if one.type == DATA:
            bodies[one.stream] += one.payload
        if one.type in (DATA, HEADERS) and one.flags & END_STREAM:
            open_streams.discard(one.stream)
    return frames, bodies
