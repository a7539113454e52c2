"""The backend of one probe: it plays a script, and records every byte that comes, connection by connection.

    stage = Stage(script, up=b"from the client", down=b"from the backend")
    stage.address                 # where the server under test finds it
    stage.begin()
    ...
    stage.end()
    stage.records[0].wire.received

Besides the request of the probe it answers canaries: GET /canary/ANYTHING gets ANYTHING. Whatever else comes is
something that the server under test had to answer by itself, and gets LEAKED.
"""
import base64
import hashlib
import re
import socket
import threading
import traceback

import hpack
from h2 import H2
from script import (ACCEPT, RIGHT_101, TOKEN, Accept, Answer, Close, Dribble, EndSending, Fields, Goaway, Hang,
                    Interim, Pause, Raw, ReadToEnd, ReadTunnel, Reset, SendTunnel)
from wire import SECONDS_MAX, Ended, Malformed, Wire, read_body, read_head
from wire import Hang as NothingCame

LEAKED = b"leaked: the backend was asked for /denied\n"
CANARY = re.compile(r"/canary/([\w.-]+)")
WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def websocket_accept(key):
    return base64.b64encode(hashlib.sha1((key + WEBSOCKET_GUID).encode("latin-1")).digest()).decode()


class Record:
    """One connection from the server under test."""

    def __init__(self, wire):
        self.wire = wire
        self.requests = []  # Message, or the fields of a stream as a dictionary
        self.tunnels = []  # Tunnel
        self.malformed = None
        self.h2 = None


class Tunnel:
    """A request whose acceptance, right or forged, the backend has sent."""

    def __init__(self, record, begin, premature, stream=None):
        self.record, self.begin, self.premature, self.stream = record, begin, premature, stream
        self.is_ended = False  # the other side has ended its direction

    @property
    def received(self):
        return bytes(self.stream.data if self.stream else self.record.wire.received[self.begin:])


class Stage:
    def __init__(self, script, up=b"", down=b"", speaks="h1", connect_protocol=True):
        self.script, self.up, self.down = script, up, down
        self.speaks, self.connect_protocol = speaks, connect_protocol
        self.records, self.trouble = [], None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self._threads, self._lock = [], threading.Lock()
        self.paused, self._resume = threading.Semaphore(0), threading.Semaphore(0)
        self.finished = threading.Event()  # the script has been played once

    @property
    def down_in_tunnel(self):
        """What the client has to get out of the tunnel."""
        return b"".join(self.down if isinstance(step, SendTunnel) else getattr(step, "more", b"")
                        for step in self.script)

    def begin(self):
        self._start(self._accept)

    def _start(self, run, *arguments):
        thread = threading.Thread(target=self._run, args=(run, *arguments), daemon=True)
        with self._lock:
            self._threads.append(thread)
        thread.start()

    def _run(self, run, *arguments):
        try:
            run(*arguments)
        except Exception:  # the matrix itself is at fault
            self.trouble = traceback.format_exc()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            record = Record(Wire(sock))
            self.records.append(record)
            self._start(self._serve_http2 if self.speaks == "h2" else self._serve_http1, record)

    def resume(self):
        self._resume.release()

    def end(self):
        """Ends all connections and threads."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for _ in range(100):
            self._resume.release()
        for record in self.records:
            try:
                record.wire.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in list(self._threads):
            thread.join(SECONDS_MAX)
        for record in self.records:
            record.wire.close()

    def pause(self):
        self.paused.release()
        self._resume.acquire()

    # HTTP/1.1

    def _serve_http1(self, record):
        try:
            while self._answer_http1(record):
                pass
        except Malformed as error:
            record.malformed = str(error)
        except (Ended, NothingCame):
            pass
        except OSError:
            pass  # Reset and Close take the socket away
        finally:
            try:
                record.wire.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _answer_http1(self, record):
        """One request; False where the connection ends with it."""
        wire = record.wire
        request = read_head(wire, is_answer=False)
        record.requests.append(request)
        if "100-continue" in request.members("Expect"):
            wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.body = read_body(wire, request, is_answer=False)
        method, target, _ = request.start.split(" ")
        if canary := CANARY.search(target):
            wire.send(render(Answer(200, body=canary[1].encode()), method))
        elif "/denied" in target:
            wire.send(render(Answer(200, body=LEAKED), method))
        else:
            return Http1Player(self, record, request).play()
        return "close" not in request.members("Connection")

    # HTTP/2

    def _serve_http2(self, record):
        record.h2 = H2(record.wire, is_server=True, connect_protocol=self.connect_protocol)
        try:
            if record.wire.read(24) != b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":
                raise Malformed("no preface")
            record.h2.begin()
            record.h2.read_in_background(lambda stream: self._start(self._answer_http2, record, stream))
        except Malformed as error:
            record.malformed = str(error)
        except (Ended, NothingCame, OSError):
            pass
        if isinstance(record.h2.over, (Malformed, hpack.Malformed)):
            record.malformed = str(record.h2.over)

    def _answer_http2(self, record, stream):
        request = {name.decode("latin-1"): value.decode("latin-1") for name, value in stream.blocks[0]}
        record.requests.append(request)
        connection, target = record.h2, request.get(":path", "")
        try:
            if request.get(":method") != "CONNECT":
                connection.wait(lambda: stream.is_over)
            canary = CANARY.search(target)
            if canary or "/denied" in target:
                connection.send_headers(stream.number, [(b":status", b"200")])
                connection.send_data(stream.number, canary[1].encode() if canary else LEAKED, end=True)
            else:
                Http2Player(self, record, request, stream).play()
        except (Ended, NothingCame, Malformed, hpack.Malformed, OSError):
            pass


def render(answer, method="GET"):
    lines = [f"HTTP/1.1 {answer.status} Reason", *answer.fields]
    body = b"" if answer.status in (204, 304) else answer.body
    if answer.status not in (204, 304):
        lines.append(f"Content-Length: {len(body)}")
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1") + (b"" if method == "HEAD" else body)


class Player:
    """Plays the script for one request."""

    def __init__(self, stage, record, request):
        self.stage, self.record, self.request, self.tunnel = stage, record, request, None
        self.is_over = False

    def play(self):
        """True where another request may follow on the connection."""
        goes_on = True
        try:
            for step in self.stage.script:
                goes_on = self.take(step)
                if self.is_over or not goes_on:
                    break
        finally:
            self.stage.finished.set()
        return goes_on and self.tunnel is None


class Http1Player(Player):
    held = b""  # a 1xx goes out together with what comes next: whoever reads it reads both at once

    def send(self, data):
        self.record.wire.send(self.held + data)
        self.held = b""

    def take(self, step):
        wire = self.record.wire
        if isinstance(step, Answer):
            self.send(render(step, self.request.start.split(" ")[0]))
            return "close" not in self.request.members("Connection") and "Connection: close" not in step.fields
        if isinstance(step, Interim):
            lines = (f"HTTP/1.1 {step.status} Interim", *step.fields, "")
            self.held += "".join(f"{line}\r\n" for line in lines).encode("latin-1")
        elif isinstance(step, Accept):
            if not self.request.members("Upgrade"):
                self.is_over = True
                return self.take(Answer(200))
            added = "".join(f"{line}\r\n" for line in step.fields).encode("latin-1")
            self.switch(RIGHT_101.replace(ACCEPT, ACCEPT + added) + step.more)
        elif isinstance(step, Raw):
            if step.switches:
                self.switch(step.data + step.more)
            else:
                self.send(self.fill_in(step.data))
        elif isinstance(step, Dribble):
            self.switch(b"")
            for octet in self.fill_in(step.data):
                wire.send(bytes([octet]))
        elif isinstance(step, Pause):
            self.send(b"")
            self.stage.pause()
        elif isinstance(step, (Hang, ReadToEnd)):
            while wire.receive():
                pass
            if self.tunnel:
                self.tunnel.is_ended = True
        elif isinstance(step, Reset):
            wire.reset()
            return False
        elif isinstance(step, Close):
            wire.socket.shutdown(socket.SHUT_RDWR)
            return False
        elif isinstance(step, ReadTunnel):
            while len(self.tunnel.received) < len(self.stage.up) and wire.receive():
                pass
        elif isinstance(step, SendTunnel):
            wire.send(self.stage.down)
        elif isinstance(step, EndSending):
            wire.end_sending()
        return True

    def switch(self, data):
        """What has come behind the request by now has come too early."""
        wire = self.record.wire
        wire.receive_what_is_there()
        self.tunnel = Tunnel(self.record, wire.at, wire.unread())
        self.record.tunnels.append(self.tunnel)
        self.send(self.fill_in(data))

    def fill_in(self, template):
        offered = [member.strip() for value in self.request.values("Upgrade") for member in value.split(",")
                   if member.strip()]
        keys = self.request.values("Sec-WebSocket-Key")
        accept = f"Sec-WebSocket-Accept: {websocket_accept(keys[0])}\r\n" if keys else ""
        return template.replace(TOKEN, offered[0].encode("latin-1") if offered else b"websocket") \
                       .replace(ACCEPT, accept.encode())


class Http2Player(Player):
    def __init__(self, stage, record, request, stream):
        super().__init__(stage, record, request)
        self.stream, self.connection = stream, record.h2

    def take(self, step):
        connection, stream = self.connection, self.stream
        if isinstance(step, Answer):
            body = b"" if step.status in (204, 304) else step.body
            connection.send_headers(stream.number, h2_fields(step.status, step.fields), end=not body)
            if body:
                connection.send_data(stream.number, body, end=True)
            return False
        if isinstance(step, Interim):
            connection.send_headers(stream.number, h2_fields(step.status, step.fields))
        elif isinstance(step, Accept):
            if ":protocol" not in self.request:
                return self.take(Answer(200))
            self.switch(h2_fields(200, step.fields))
            if step.more:
                connection.send_data(stream.number, step.more)
        elif isinstance(step, Fields):
            if step.switches:
                self.switch(step.fields, step.end)
            else:
                connection.send_headers(stream.number, step.fields, step.end)
        elif isinstance(step, Pause):
            self.stage.pause()
        elif isinstance(step, (Hang, ReadToEnd)):
            connection.wait(lambda: stream.is_over)
            if self.tunnel:
                self.tunnel.is_ended = True
        elif isinstance(step, Reset):
            connection.send_reset(stream.number, step.code)
            return False
        elif isinstance(step, Goaway):
            connection.send_goaway(step.last, step.code)
        elif isinstance(step, Close):
            self.record.wire.socket.shutdown(socket.SHUT_RDWR)
            return False
        elif isinstance(step, ReadTunnel):
            connection.wait(lambda: len(stream.data) >= len(self.stage.up) or stream.is_over)
        elif isinstance(step, SendTunnel):
            connection.send_data(stream.number, self.stage.down)
        elif isinstance(step, EndSending):
            connection.send_data(stream.number, b"", end=True)
        return True

    def switch(self, fields, end=False):
        self.tunnel = Tunnel(self.record, 0, bytes(self.stream.data), self.stream)
        self.record.tunnels.append(self.tunnel)
        self.connection.send_headers(self.stream.number, fields, end)


def h2_fields(status, lines):
    pairs = [line.split(": ", 1) for line in lines]
    return [(b":status", str(status).encode()),
            *((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs)]
