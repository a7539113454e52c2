"""Plays one probe against the server under test, and returns all that was seen.

    seen = play(probe, stage, host, target)
    seen.outcome == 403 and seen.client_bytes.startswith(b"HTTP/1.1 403")
"""
import dataclasses

import fronts
import hpack
from fronts import NotOffered
from probe import CLOSED, HOST, SMUGGLED
from wire import SECONDS_MAX, Ended, Hang, Malformed, read_message


@dataclasses.dataclass
class Seen:
    probe: object
    host: str
    stage: object
    outcome: object = None  # "opened", a status, CLOSED, "hang", "malformed", "unreachable", "not offered"
    detail: str = ""
    answer: object = None
    asked: bytes = b""  # what the client sent for its request, in HTTP/1.1
    up: bytes = b""  # sent into the tunnel
    got: bytes = b""  # came out of the tunnel
    followed: list = dataclasses.field(default_factory=list)  # (what was asked for, Message) after a refusal
    follow_trouble: str = ""
    end_trouble: str = ""  # an end, of the client's side or the backend's, that was not passed on
    canaries: list = dataclasses.field(default_factory=list)  # (wanted, got)
    client_bytes: bytes = b""

    @property
    def opened(self):
        return self.outcome == "opened"

    @property
    def tunnels(self):
        return [tunnel for record in self.stage.records for tunnel in record.tunnels]

    @property
    def requests(self):
        """Of all that the backend was asked, what was not a bystander's."""
        return [request for record in self.stage.records for request in record.requests
                if "/canary/" not in (request.get(":path", "") if isinstance(request, dict) else request.start)]


class Bystander:
    """A client that has nothing to do with it, on a connection of its own. Every answer has to be its own."""

    def __init__(self, target, host, name, seen):
        self._target, self._host, self._name, self._seen, self._count = target, host, name, seen, 0
        self._wire = None

    def ask(self):
        self._count += 1
        wanted = f"{self._name}-{self._count}-{self._host}"
        self._seen.canaries.append((wanted, self._exchange(wanted)))

    def _exchange(self, wanted):
        request = f"GET /canary/{wanted} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode()
        for is_last in (False, True):
            if self._wire is None:
                self._wire, is_last = fronts.connect(self._target.http), True
            try:
                self._wire.send(request)
                message = read_message(self._wire, is_answer=True)
                if self._wire.unread():
                    return f"{message.start}, and behind it {self._wire.unread()[:80]!r}"
                if "close" in message.members("Connection"):
                    self.close()
                return message.body.decode("latin-1") if message.status == 200 else message.start
            except Malformed as error:
                return f"malformed: {error}"
            except Hang:
                return "hang"
            except Ended as error:
                # A kept connection may have ended just now, which is nobody's fault; a new one may not.
                if is_last or self._wire.unread():
                    return f"ended: {error}"
                self.close()
        raise AssertionError

    def close(self):
        if self._wire is not None:
            self._wire.close()
            self._wire = None


def play(probe, stage, host, target):
    seen = Seen(probe, host, stage)
    stage.begin()
    first, second = (Bystander(target, host, name, seen) for name in ("first", "second"))
    session = None
    try:
        session = fronts.open_session(probe.path, target, host)
        if probe.path.is_h2 and probe.needs_extended_connect and not fronts.offers_extended_connect(session):
            raise NotOffered("extended CONNECT")
        first.ask()
        _attempt(probe, seen, session, first)
        first.ask()
        second.ask()
    except NotOffered as error:
        seen.outcome, seen.detail = "not offered", str(error)
    except Hang as error:
        seen.outcome, seen.detail = "hang", str(error)
    except Malformed as error:
        seen.outcome, seen.detail = "malformed", str(error)
    except (Ended, ConnectionError) as error:
        # Not the answer, but the way to it: the connection was not even made, or TLS or h2c failed.
        seen.outcome, seen.detail = "unreachable", str(error)
    finally:
        if session is not None:
            seen.client_bytes = bytes(session.wire.received)
            session.close()
        for bystander in (first, second):
            bystander.close()
        stage.end()
    return seen


def _attempt(probe, seen, session, bystander):
    """The request, its answer, and what follows."""
    stage, early = seen.stage, probe.early_bytes(seen.host)
    if not probe.path.is_h2:
        seen.asked = probe.request.render(seen.host) + early
    for number in range(probe.requests_before):
        wanted = f"turn-{number}-{seen.host}"
        session.wire.send(f"GET /canary/{wanted} HTTP/1.1\r\nHost: {seen.host}\r\n\r\n".encode())
        message = read_message(session.wire, is_answer=True)
        seen.canaries.append((wanted, message.body.decode("latin-1") if message.status == 200 else message.start))
    session.ask(probe.request, early, probe.waits_for_100)
    if probe.mode == "ended-at-once" and not probe.path.is_h2:
        session.end_sending()
    if probe.mode == "reset-early":
        stage.paused.acquire(timeout=SECONDS_MAX)
        session.reset()
        stage.resume()
        if not stage.finished.wait(SECONDS_MAX):
            seen.end_trouble = "the client is gone, and the backend was never told"
        seen.outcome = CLOSED
        return
    for step in stage.script:
        if type(step).__name__ == "Pause" and stage.paused.acquire(timeout=SECONDS_MAX / 4):
            bystander.ask()
            stage.resume()
    if not _read_pipelined(probe, seen, session):
        return
    try:
        seen.answer = session.answer()
    except (Ended, hpack.Malformed) as error:
        seen.outcome, seen.detail = CLOSED, str(error)
    except Malformed as error:
        seen.outcome, seen.detail = "malformed", str(error)
    except Hang as error:
        seen.outcome, seen.detail = "hang", str(error)
    else:
        seen.outcome = "opened" if session.is_open else seen.answer.status
    if session.is_open and probe.mode == "terminated":
        seen.outcome = seen.answer.status  # the server's own business from here on
    elif session.is_open:
        try:
            _use_tunnel(probe, seen, session, early)
        except Hang as error:
            seen.end_trouble = f"in the tunnel neither bytes nor its end came: {error}"
        except (Ended, hpack.Malformed) as error:
            seen.detail = f"the connection ended under the tunnel: {error}"  # what was lost with it, shows
    else:
        (_follow_h2 if probe.path.is_h2 else _follow_h1)(probe, seen, session)


def _read_pipelined(probe, seen, session):
    """The answers to the requests ahead of ours."""
    before = getattr(probe.request, "before", b"")
    for _ in range(before.count(b"\r\n\r\n")):
        try:
            seen.followed.append(("before", read_message(session.wire, is_answer=True)))
        except (Ended, Malformed, Hang) as error:
            seen.outcome, seen.detail = "hang" if isinstance(error, Hang) else CLOSED, str(error)
            return False
        if "close" in seen.followed[-1][1].members("Connection"):
            seen.outcome, seen.detail = CLOSED, "the server closed behind an earlier answer"
            return False
    return True


def _use_tunnel(probe, seen, session, early):
    down = seen.stage.down_in_tunnel
    late = seen.stage.up[len(early):]
    seen.up = early + late
    mode = probe.mode
    if mode in ("exchange", "client-resets", "trailers"):
        session.send(late)
        seen.got = session.read(len(down))
        if probe.path.is_h2:
            _ask_beside(probe, seen, session)
        if mode == "client-resets":
            session.reset()
        else:
            if mode == "trailers":
                session.connection.send_headers(session.number, [(b"x-trailer", b"late")], end=True)
            else:
                session.end_sending()
            if not session.is_ended:
                seen.got += session.read_to_end()
    elif mode == "client-ends-first":
        session.send(late)
        session.end_sending()
        seen.got = session.read_to_end()
    elif mode == "backend-ends-first":
        seen.got = session.read_to_end()
        session.send(late)
        session.end_sending()
    elif mode == "ended-at-once":
        seen.got = session.read_to_end()
    elif mode == "backend-breaks-off":
        session.send(late)
        seen.got = session.read_to_end()
        session.end_sending()
    if not seen.stage.finished.wait(SECONDS_MAX):
        seen.end_trouble = "the backend's side of the tunnel never ended"


def _ask_beside(probe, seen, session):
    """A request on the same connection of HTTP/2, while the tunnel is open."""
    wanted = f"beside-{seen.host}"
    answer = _get(probe, seen, session, session.number + 2, f"/canary/{wanted}")
    seen.canaries.append((wanted, answer.body.decode("latin-1") if answer.status == 200 else f"status {answer.status}"))


def _get(probe, seen, session, number, path):
    fields = [(b":method", b"GET"), (b":scheme", probe.path.scheme.encode()), (b":path", path.encode()),
              (b":authority", seen.host.encode())]
    follower = fronts.Http2Session(session.connection, seen.host, number)
    session.connection.send_headers(number, fields, end=True)
    answer = follower.answer()
    session.connection.wait(lambda: follower.stream.is_over)
    answer.body = bytes(follower.stream.data)
    return answer


def _follow_h1(probe, seen, session):
    """After a refusal: what the bytes behind the request have become, and whether another request is served."""
    wire = session.wire
    if not probe.late or seen.outcome in ("hang", "malformed"):
        return
    last = f"last-{seen.host}"
    wire.send(SMUGGLED.replace(HOST, seen.host.encode()) +
              f"GET /canary/{last} HTTP/1.1\r\nHost: {seen.host}\r\nConnection: close\r\n\r\n".encode())
    try:
        while not wire.is_at_end():
            message = read_message(wire, is_answer=True)
            seen.followed.append(("after", message))
            if message.status == 101:
                break
    except Hang:
        seen.follow_trouble = "hang: the connection neither serves the next request nor ends"
    except Malformed as error:
        seen.follow_trouble = f"malformed: {error}"
    except Ended:
        pass  # the answers that came are what counts


def _follow_h2(probe, seen, session):
    """The same on streams of the same connection; where the server has ended that, it may."""
    if not probe.late or seen.outcome == "hang":
        return
    for number, path in ((session.number + 2, "/denied"), (session.number + 4, f"/canary/last-{seen.host}")):
        try:
            seen.followed.append(("after", _get(probe, seen, session, number, path)))
        except Hang:
            seen.follow_trouble = "hang: the connection neither serves the next stream nor ends"
        except (Ended, Malformed, hpack.Malformed):
            return
