"""HTTP/2 as either end speaks it, frame by frame (RFC 9113): it sends whatever it is told to, right or wrong.

    connection = H2(wire)
    connection.begin()                                   # preface and SETTINGS
    connection.send_headers(1, [(b":method", b"GET"), ...], end=True)
    connection.wait(lambda: connection.stream(1).ended)  # reads frames until then
"""
import pathlib
import struct
import sys
import threading

import hpack
from wire import SECONDS_MAX, Ended, Hang, Malformed

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "interop"))
from http2 import (ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, RST_STREAM,  # noqa: E402
                   SETTINGS, WINDOW_UPDATE, frame)

CONTINUATION, PADDED, PRIORITY = 9, 8, 0x20
INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, ENABLE_CONNECT_PROTOCOL = 4, 5, 8
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, REFUSED_STREAM, CANCEL = 0, 1, 2, 7, 8
WINDOW = 1 << 24  # more than any probe sends: nobody ever waits for us


class Stream:
    def __init__(self, number, window):
        self.number, self.window = number, window
        self.blocks, self.data = [], bytearray()
        self.ended, self.reset = False, None

    @property
    def is_over(self):
        return self.ended or self.reset is not None


class H2:
    def __init__(self, wire, is_server=False, connect_protocol=False):
        self.wire, self._is_server = wire, is_server
        self._settings = {INITIAL_WINDOW_SIZE: WINDOW, **({ENABLE_CONNECT_PROTOCOL: 1} if connect_protocol else {})}
        self._decoder, self._block = hpack.Decoder(), None
        self.settings, self.streams, self.goaway, self.over = None, {}, None, None
        self._window, self._window_of_streams = 65535, 65535
        self._sending, self.changed = threading.Lock(), threading.Condition()
        self._reader = None

    def begin(self):
        payload = b"".join(struct.pack(">HI", *setting) for setting in self._settings.items())
        self.send_raw((b"" if self._is_server else PREFACE) + frame(SETTINGS, payload=payload) +
                      frame(WINDOW_UPDATE, payload=struct.pack(">I", WINDOW)))

    def send_raw(self, data):
        with self._sending:
            self.wire.send(data)

    def send_headers(self, number, fields, end=False, data=b""):
        """As much of the data as one frame and the windows take is in the same write."""
        stream = self.stream(number)
        size = min(len(data), self._window, stream.window, 16384)
        self._window -= size
        stream.window -= size
        self.send_raw(frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), number, hpack.encode(fields)) +
                      (frame(DATA, 0, number, data[:size]) if size else b""))
        if data[size:]:
            self.send_data(number, data[size:])

    def send_data(self, number, data, end=False):
        """Within the windows that the peer gives; what a stream that is over cannot take is lost."""
        stream = self.stream(number)
        while True:
            self.wait(lambda: not data or min(self._window, stream.window) > 0 or stream.is_over_for_us())
            if stream.is_over_for_us():
                return
            size = min(len(data), self._window, stream.window, 16384)
            self._window -= size
            stream.window -= size
            is_last = end and size == len(data)
            self.send_raw(frame(DATA, END_STREAM if is_last else 0, number, data[:size]))
            data = data[size:]
            if not data:
                return

    def send_reset(self, number, code):
        self.send_raw(frame(RST_STREAM, 0, number, struct.pack(">I", code)))

    def send_goaway(self, last, code):
        self.send_raw(frame(GOAWAY, 0, 0, struct.pack(">II", last, code)))

    def stream(self, number):
        with self.changed:
            if number not in self.streams:
                self.streams[number] = stream = Stream(number, self._window_of_streams)
                stream.is_over_for_us = lambda: stream.reset is not None or self.over is not None
            return self.streams[number]

    # Reading: by whoever waits, or by a thread of its own.

    def read_in_background(self, whenever_headers):
        """Reads until the connection ends; calls whenever_headers(stream) for the first header block of each."""
        self._reader = threading.current_thread()
        try:
            while True:
                stream = self._read_frame()
                if stream is not None and len(stream.blocks) == 1:
                    whenever_headers(stream)
        except (Ended, Hang, Malformed, hpack.Malformed) as error:
            self._finish(error)

    def _finish(self, error):
        with self.changed:
            self.over = error
            self.changed.notify_all()

    def wait(self, condition):
        """Until it holds. Ended where it cannot any more."""
        if self._reader is not None and threading.current_thread() is not self._reader:
            with self.changed:
                if not self.changed.wait_for(lambda: condition() or self.over is not None, SECONDS_MAX):
                    raise Hang("no such frame")
        while not condition():
            if self.over is not None:
                raise self.over
            try:
                self._read_frame()
            except (Ended, Malformed, hpack.Malformed) as error:
                self._finish(error)

    def _read_frame(self):
        """Returns the stream where a header block is complete."""
        length, kind, flags, number = struct.unpack(">IBBI", b"\0" + self.wire.read(9))
        payload = self.wire.read(length)
        with self.changed:
            done = self._take(kind, flags, number & 0x7FFFFFFF, payload)
            self.changed.notify_all()
            return done

    def _take(self, kind, flags, number, payload):
        if kind == SETTINGS and not flags & ACK:
            self._take_settings(dict(struct.iter_unpack(">HI", payload)))
        elif kind == PING and not flags & ACK:
            self.send_raw(frame(PING, ACK, 0, payload))
        elif kind == WINDOW_UPDATE:
            increment = struct.unpack(">I", payload)[0]
            if number:
                self.stream(number).window += increment
            else:
                self._window += increment
        elif kind == GOAWAY:
            self.goaway = struct.unpack(">II", payload[:8])
        elif kind == RST_STREAM:
            self.stream(number).reset = struct.unpack(">I", payload)[0]
        elif kind == DATA:
            stream = self.stream(number)
            stream.data += payload[1:len(payload) - payload[0]] if flags & PADDED else payload
            stream.ended |= bool(flags & END_STREAM)
        elif kind == HEADERS:
            padding = payload[0] if flags & PADDED else 0
            start = (1 if flags & PADDED else 0) + (5 if flags & PRIORITY else 0)
            self._block = (number, flags, payload[start:len(payload) - padding])
        elif kind == CONTINUATION:
            number, first_flags, block = self._block
            self._block = (number, first_flags | flags & END_HEADERS, block + payload)
        if kind in (HEADERS, CONTINUATION) and self._block[1] & END_HEADERS:
            number, flags, block = self._block
            stream = self.stream(number)
            stream.blocks.append(self._decoder.decode(block))
            stream.ended |= bool(flags & END_STREAM)
            return stream
        return None

    def _take_settings(self, settings):
        self.settings = {**(self.settings or {}), **settings}
        if INITIAL_WINDOW_SIZE in settings:
            for stream in self.streams.values():
                stream.window += settings[INITIAL_WINDOW_SIZE] - self._window_of_streams
            self._window_of_streams = settings[INITIAL_WINDOW_SIZE]
        self.send_raw(frame(SETTINGS, ACK))
