"""The backend does not accept: the client gets that answer, nothing is switched, and bytes behind the offer are a
request like any other or nothing at all."""
from fronts import PATHS
from probe import CLOSED, GATEWAY, NEVER, REFUSED, SMUGGLED, Probe, Right, answers
from script import Answer, Close, Goaway, Hang, Interim, Pause, Raw, Reset

ONLY_101 = "RFC 9110 7.8, 15.2.2: only a 101 switches"
ONLY_2XX = "RFC 8441 5, RFC 9110 9.3.6: only a 2xx opens, and what the backend refused is not open"


def keeps(name, value):
    """A check: the client's answer has that field."""
    def check(seen):
        if seen.answer is not None and value not in ", ".join(seen.answer.values(name)):
            return f"the answer came without {name}: {value}"
        return None
    return check


# status, fields, checks (cited with the status)
REFUSALS = {
    200: ((), ()),
    204: ((), ()),
    302: (("Location: /elsewhere",), (keeps("Location", "/elsewhere"),)),
    401: (("WWW-Authenticate: Basic realm=matrix",), (keeps("WWW-Authenticate", "Basic realm=matrix"),)),
    403: ((), ()),
    404: ((), ()),
    426: (("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"), ()),
    500: ((), ()),
    503: (("Retry-After: 9",), ()),
}
CITES = {302: "RFC 9110 15.4", 401: "RFC 9110 15.5.2"}
STATUSES = {
    "h1-ws": (200, 204, 302, 401, 403, 404, 426, 500, 503), "h1-tcp": (200, 204, 302, 401, 403, 404, 426, 500, 503),
    "https-ws": (200, 401, 403, 426, 500), "tls-ws": (200, 401, 403, 426, 500),
    "h2c-ws": (200, 401, 403, 426, 500), "h2-h1": (200, 204, 302, 401, 403, 404, 426, 500),
    "h2-h1-tcp": (200, 401, 403, 426, 500), "https-h2-h1": (200, 403, 500),
    "h2-h2": (302, 401, 403, 404, 426, 500, 503), "h1-h2": (302, 401, 403, 404, 426, 500, 503),
}
# A 426 without its Upgrade field says nothing (RFC 9110 15.5.22); from HTTP/2 or to it there is none.
KEEPS_UPGRADE = keeps("Upgrade", "websocket")


def refused(path, status, early):
    fields, checks = REFUSALS[status]
    cite = ONLY_2XX if path.is_h2 else ONLY_101
    # Over HTTP/2 a 2xx would tell the client that the tunnel is open.
    right = NEVER if path.is_h2 and status < 300 else answers(status)
    if status == 426 and not path.is_h2 and path.back == "h1":
        checks, cite = (KEEPS_UPGRADE,), "RFC 9110 15.5.22, 7.8"
    name = f"{path.name}/refused-{status}{'-early' if early else ''}"
    law = None
    if early and path.is_h2:
        # DATA ahead of the answer is no mistake in HTTP/2, and no RFC says that it has to be borne.
        right, law, checks = REFUSED, (right, "law L1: frozen until accepted"), ()
        right = NEVER if status < 300 or status == 302 else right
    return Probe(name, path, (Answer(status, fields if path.back == "h1" else without_hop(fields)),), right,
                 CITES.get(status, cite), law=law, early=SMUGGLED if early else b"", checks=checks)


def without_hop(fields):
    return tuple(line for line in fields if not line.startswith(("Upgrade:", "Connection:")))


FOREIGN = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nforeign\n"
BROKEN = "RFC 9110 15.6.3: an invalid answer, or none, is a 502"
LATE_ANSWER = "RFC 9112 9.2: what no request asked for is nobody's answer"


def from_any_backend(path):
    """What goes wrong before there is an answer."""
    early_403 = REFUSED if path.is_h2 else answers(403)

    def one(name, script, right, cite, **more):
        return Probe(f"{path.name}/{name}", path, script, right, cite, **more)
    yield one("reset-before-answer", (Reset(),), GATEWAY, BROKEN, retried=True)
    yield one("close-before-answer", (Close(),), GATEWAY, BROKEN, retried=True)
    yield one("reset-before-answer-early", (Reset(),), GATEWAY, BROKEN, early=SMUGGLED, retried=True)
    yield one("close-before-answer-early", (Close(),), GATEWAY, BROKEN, early=SMUGGLED, retried=True)
    yield one("slow-refusal-early", (Pause(), Answer(403)), early_403, ONLY_2XX if path.is_h2 else ONLY_101,
              early=SMUGGLED)
    yield one("103-then-403", (Interim(103, ("Link: </a>",)), Answer(403)), answers(403), "RFC 9110 15.2")
    yield one("client-leaves-before-answer", (Pause(), Hang()), NEVER,
              "safety: who is gone is waited for by nobody", mode="reset-early")


def from_http1_backend(path):
    def one(name, script, right, cite, **more):
        return Probe(f"{path.name}/{name}", path, script, right, cite, **more)
    yield one("bytes-behind-403", (Answer(403), Raw(FOREIGN, switches=False)), answers(403), LATE_ANSWER)
    yield one("bytes-behind-403-early", (Answer(403), Raw(FOREIGN, switches=False)),
              REFUSED if path.is_h2 else answers(403), LATE_ANSWER, early=SMUGGLED)
    yield one("101-behind-403", (Answer(403), Raw(b"HTTP/1.1 101 Late\r\nUpgrade: {token}\r\nConnection: Upgrade\r\n"
                                                  b"{accept}\r\n", switches=False)), answers(403), LATE_ANSWER)
    yield one("100-then-403", (Interim(100), Answer(403)), answers(403), "RFC 9110 15.2")
    yield one("head-cut-short", (Raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: {tok", switches=False), Close()),
              GATEWAY, BROKEN)
    yield one("garbage", (Raw(b"\0\1\2 no HTTP at all\r\n\r\n", switches=False), Close()), GATEWAY, BROKEN)
    yield one("body-cut-short", (Raw(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 90\r\n\r\nonly this", switches=False),
                                 Close()), Right(False, frozenset({403, 502, CLOSED})), "RFC 9112 8", late=False)


HANGS = ("h1-ws", "h1-tcp", "h2-h1", "h2-h2", "h1-h2")  # each costs the server's time limit

PROBES = [
    *(refused(PATHS[name], status, early) for name, statuses in STATUSES.items() for status in statuses
      for early in (False, True)),
    *(probe for path in PATHS.values() for probe in from_any_backend(path)),
    *(probe for path in PATHS.values() if path.back == "h1" for probe in from_http1_backend(path)),
    *(Probe(f"{name}/no-answer", PATHS[name], (Hang(),), answers(500, 502, 503, 504, CLOSED),
            "RFC 9110 15.6.5; safety: every wait has a limit", early=SMUGGLED, retried=True) for name in HANGS),
    *(Probe(f"{name}/goaway-then-close", PATHS[name], (Goaway(0), Close()), GATEWAY, "RFC 9113 6.8", retried=True)
      for name in ("h2-h2", "h1-h2")),
]

