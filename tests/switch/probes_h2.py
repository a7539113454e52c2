"""The forms of HTTP/2: what clients ask in it, right and malformed, and what backends answer in it."""
from fronts import HOST, KEY, PATHS, AskH2
from probe import (CLOSED, EITHER, GATEWAY, NEVER, OPENS, REFUSED, SMUGGLED, Probe, answers, fields_of,
                   no_field_reaches_the_backend, no_token_reaches_the_backend, opens_or)
from script import (BACKEND_ENDS_FIRST, EXCHANGE, Accept, Answer, Fields, Goaway, Pause, ReadToEnd, ReadTunnel, Reset,
                    SendTunnel)

TO_H1, TO_H2, FROM_H1, IN_H2C = PATHS["h2-h1"], PATHS["h2-h2"], PATHS["h1-h2"], PATHS["h2c-ws"]
ACCEPTS = (Accept(), *EXCHANGE)
CONNECT = {b":method": b"CONNECT", b":protocol": b"websocket", b":scheme": b"http", b":path": b"/ws",
           b":authority": HOST, b"sec-websocket-version": b"13"}
GET = {b":method": b"GET", b":scheme": b"http", b":path": b"/ws", b":authority": HOST}


def changed(fields, *more, without=(), end=False, **values):
    """The right request but for some fields; values by name, pseudo fields without their colon."""
    named = {(b":" + name.encode()): value for name, value in values.items()}
    return AskH2((*((name, named.get(name, value)) for name, value in fields.items() if name not in without), *more),
                 end)


def connect(*more, **changes):
    return changed(CONNECT, *more, **changes)


def get(*more, **changes):
    return changed(GET, *more, end=True, **changes)


PSEUDO = "RFC 9113 8.1.1, 8.3; RFC 8441 4: malformed"
FIELD = "RFC 9113 8.1.1, 8.2.1: malformed, and never passed on"
SPECIFIC = "RFC 9113 8.2.2: connection-specific fields are malformed"
ONE_STREAM = REFUSED  # a status of 400 or more, or a reset
SWITCHED = "RFC 8441 5; RFC 9113 8.6: over HTTP/2 only extended CONNECT switches"
OURS = "RFC 8441 5: key and Accept are not used; the server makes its own"
DECLINES = "RFC 8441 4, RFC 9110 7.8: for the server to decide; what is said and sent has to agree"
HOPS_OWN = "RFC 9110 7.8, RFC 9113 3.1: a matter between two neighbours; inside it no rule of the server's holds"
PLAIN = "RFC 9113 8.5, RFC 9110 9.3.6: a proxy's matter, which this is not"

# name: (request, right, citation)
FORMS = {
    "no-path": (connect(without=(b":path",)), ONE_STREAM, PSEUDO),
    "no-scheme": (connect(without=(b":scheme",)), ONE_STREAM, PSEUDO),
    "no-authority": (connect(without=(b":authority",)), REFUSED, PSEUDO),
    "no-method": (connect(without=(b":method",)), ONE_STREAM, PSEUDO),
    "empty-path": (connect(path=b""), ONE_STREAM, PSEUDO),
    "path-without-slash": (connect(path=b"ws"), ONE_STREAM, PSEUDO),
    "two-protocols": (connect((b":protocol", b"tcp")), ONE_STREAM, PSEUDO),
    "two-paths": (connect((b":path", b"/denied")), ONE_STREAM, PSEUDO),
    "two-methods": (connect((b":method", b"GET")), ONE_STREAM, PSEUDO),
    "two-authorities": (connect((b":authority", b"other.example")), ONE_STREAM, PSEUDO),
    "pseudo-behind-fields": (connect((b"x-a", b"b"), (b":path", b"/ws"), without=(b":path",)), ONE_STREAM, PSEUDO),
    "unknown-pseudo": (AskH2(((b":made-up", b"x"), *CONNECT.items())), ONE_STREAM, PSEUDO),
    "status-in-a-request": (AskH2(((b":status", b"200"), *CONNECT.items())), ONE_STREAM, PSEUDO),
    "protocol-on-GET": (AskH2(((b":protocol", b"websocket"), *GET.items()), end=True), ONE_STREAM, PSEUDO),
    "empty-protocol": (connect(protocol=b""), REFUSED, PSEUDO),
    "capital-in-a-name": (connect((b"X-Capital", b"a")), ONE_STREAM, FIELD),
    "empty-name": (connect((b"", b"a")), ONE_STREAM, FIELD),
    "name-with-colon": (connect((b"x:injected", b"a")), ONE_STREAM, FIELD),
    "name-with-space": (connect((b"x a", b"a")), ONE_STREAM, FIELD),
    "name-with-crlf": (connect((b"x\r\nx-injected", b"a")), ONE_STREAM, FIELD),
    "value-with-crlf": (connect((b"x-value", b"a\r\nX-Injected: y")), ONE_STREAM, FIELD),
    "value-with-cr": (connect((b"x-value", b"a\rX-Injected: y")), ONE_STREAM, FIELD),
    "value-with-nul": (connect((b"x-value", b"a\0b")), ONE_STREAM, FIELD),
    "path-with-crlf": (connect(path=b"/ws HTTP/1.1\r\nX-Injected: y\r\nA: b"), ONE_STREAM, FIELD),
    "path-with-space": (connect(path=b"/ws HTTP/1.0"), EITHER, "RFC 9113 8.3.1, RFC 9112 3.2"),
    "path-with-a-request": (connect(path=b"/ws HTTP/1.1\r\n\r\n" + SMUGGLED + b"GET /x"), ONE_STREAM, FIELD),
    "protocol-with-crlf": (connect(protocol=b"websocket\r\nX-Injected: y"), ONE_STREAM, FIELD),
    "protocol-with-comma": (connect(protocol=b"websocket, h2c"), EITHER, HOPS_OWN),
    "protocol-with-space": (connect(protocol=b"web socket"), EITHER, DECLINES),
    "authority-with-crlf": (connect(authority=HOST + b"\r\nX-Injected: y"), ONE_STREAM, FIELD),
    "method-with-crlf": (get(method=b"GET /denied HTTP/1.1\r\n\r\nGET"), ONE_STREAM, FIELD),
    "connection-upgrade": (connect((b"connection", b"upgrade")), ONE_STREAM, SPECIFIC),
    "upgrade": (connect((b"upgrade", b"websocket")), ONE_STREAM, SPECIFIC),
    "transfer-encoding": (connect((b"transfer-encoding", b"chunked")), ONE_STREAM, SPECIFIC),
    "keep-alive": (connect((b"keep-alive", b"timeout=5")), ONE_STREAM, SPECIFIC),
    "proxy-connection": (connect((b"proxy-connection", b"keep-alive")), ONE_STREAM, SPECIFIC),
    "te-gzip": (connect((b"te", b"gzip")), ONE_STREAM, SPECIFIC),
    "GET-with-upgrade": (get((b"upgrade", b"websocket"), (b"sec-websocket-version", b"13"),
                             (b"sec-websocket-key", KEY.encode())), ONE_STREAM, SPECIFIC),
    "GET-with-connection": (get((b"connection", b"upgrade"), (b"upgrade", b"websocket"),
                                (b"sec-websocket-version", b"13"), (b"sec-websocket-key", KEY.encode())), ONE_STREAM,
                            SPECIFIC),
    "GET-with-h2c": (get((b"upgrade", b"h2c"), (b"http2-settings", b"AAQAAP__")), ONE_STREAM, SPECIFIC),
    "host-of-another": (connect((b"host", b"other.example")), EITHER, "RFC 9113 8.3.1"),
    "host-twice": (connect((b"host", HOST), (b"host", b"other.example")), EITHER, "RFC 9113 8.3.1, RFC 9112 3.2"),
    "key-from-the-client": (connect((b"sec-websocket-key", KEY.encode())), EITHER, OURS),
    "accept-from-the-client": (connect((b"sec-websocket-accept", b"AAAAAAAAAAAAAAAAAAAAAAAAAAA=")), EITHER, OURS),
    "version-7": (connect((b"sec-websocket-version", b"7"), without=(b"sec-websocket-version",)), EITHER, DECLINES),
    "version-missing": (connect(without=(b"sec-websocket-version",)), EITHER, DECLINES),
    "content-length": (connect((b"content-length", b"5")), EITHER, "RFC 9110 9.3.6, RFC 9113 8.1.1"),
    "other-scheme": (connect(scheme=b"ftp"), EITHER, DECLINES),
    "protocol-capital": (connect(protocol=b"WebSocket"), EITHER, DECLINES),
    "plain-connect": (AskH2(((b":method", b"CONNECT"), (b":authority", HOST + b":80"))), REFUSED, PLAIN),
    "plain-connect-elsewhere": (AskH2(((b":method", b"CONNECT"), (b":authority", b"169.254.169.254:80"))), REFUSED,
                                PLAIN),
    "plain-connect-with-path": (connect(without=(b":protocol",)), ONE_STREAM, "RFC 9113 8.5"),
    "pri": (get(method=b"PRI", path=b"*"), REFUSED, "RFC 9113 3.4: PRI is no method of any request"),
}
# What the server need not offer, in order to be judged: these are plain requests.
NEED_NO_CONNECT = ("GET-with-upgrade", "GET-with-connection", "GET-with-h2c", "plain-connect",
                   "plain-connect-elsewhere", "protocol-on-GET", "method-with-crlf", "pri")
TOKENS = {"made-up": (), "tcp": (), "connect-udp": (), "connect-ip": (), "h2c": ("h2c",), "h2": ("h2",),
          "HTTP/2.0": ("http/",), "HTTP/1.1": ("http/",), "TLS/1.2": ("tls/",)}
NOT_ROUTED = (NEVER, "law L5: only tokens that the route lists")


def is_one_sound_request(seen):
    """Of what reached the backend: nothing injected, one Host, one key."""
    for request in seen.requests:
        names = [name.lower() for name, _ in fields_of(request)]
        if "x-injected" in names:
            return "a value of the client's is a field of the request to the backend"
        for name in ("host", "sec-websocket-key"):
            if names.count(name) > 1:
                return f"the request to the backend has {name} twice"
    return None


def no_101(seen):
    """RFC 9113 8.6: there is none in HTTP/2."""
    return "the answer over HTTP/2 is 101" if seen.answer is not None and seen.answer.status == 101 else None


def forms(path, names=tuple(FORMS)):
    for name in names:
        ask, right, cite = FORMS[name]
        # What a plain CONNECT gets from the backend, where it is passed on, is a refusal.
        script = (Answer(403),) if name.startswith("plain-connect") else ACCEPTS
        yield Probe(f"{path.name}/form-{name}", path, script, right, cite, ask=ask,
                    checks=(is_one_sound_request, no_101), needs_extended_connect=name not in NEED_NO_CONNECT)


def tokens(path):
    for token, forbidden in TOKENS.items():
        yield Probe(f"{path.name}/protocol-{token.replace('/', '-')}", path, ACCEPTS, EITHER,
                    HOPS_OWN if forbidden else DECLINES, law=NOT_ROUTED, ask=connect(protocol=token.encode()),
                    checks=(no_token_reaches_the_backend(*forbidden), is_one_sound_request))


def streams(path):
    ends = "RFC 9113 8.1, 8.5; RFC 8441 5"
    yield Probe(f"{path.name}/ended-with-the-request", path, (Accept(), ReadToEnd(), SendTunnel(),
                                                              *BACKEND_ENDS_FIRST[1:]), EITHER, ends,
                ask=connect(end=True), mode="ended-at-once", bytes_up=0)
    yield Probe(f"{path.name}/trailers", path, ACCEPTS, EITHER,
                "RFC 9113 8.5: nothing but DATA on the stream of a CONNECT", mode="trailers",
                checks=(no_field_reaches_the_backend("x-trailer"),))
    yield Probe(f"{path.name}/more-than-a-window", path, (Pause(), Accept(), *EXCHANGE), OPENS, "RFC 9113 6.9",
                bytes_up=200000, bytes_down=200000)


STATUS_200 = (b":status", b"200")
CODES = {"NO_ERROR": 0, "PROTOCOL_ERROR": 1, "INTERNAL_ERROR": 2, "FLOW_CONTROL_ERROR": 3, "STREAM_CLOSED": 5,
         "REFUSED_STREAM": 7, "CANCEL": 8, "ENHANCE_YOUR_CALM": 11, "HTTP_1_1_REQUIRED": 13}
NOT_PASSED_ON = "RFC 9113 8.1.1: a malformed answer is not passed on"
MALFORMED = {
    "no-status": ((b"x-a", b"b"),),
    "two-statuses": (STATUS_200, STATUS_200),
    "status-of-letters": ((b":status", b"ok"),),
    "status-20": ((b":status", b"20"),),
    "pseudo-behind-fields": ((b"x-a", b"b"), STATUS_200),
    "request-pseudo": (STATUS_200, (b":path", b"/")),
    "capital-in-a-name": (STATUS_200, (b"X-Capital", b"a")),
    "value-with-crlf": (STATUS_200, (b"x-value", b"a\r\nX-Injected: y")),
    "name-with-crlf": (STATUS_200, (b"x\r\nx-injected", b"a")),
    "connection": (STATUS_200, (b"connection", b"upgrade")),
    "upgrade": (STATUS_200, (b"upgrade", b"websocket")),
    "transfer-encoding": (STATUS_200, (b"transfer-encoding", b"chunked")),
    "status-101": ((b":status", b"101"),),
}


def nothing_injected_to_the_client(seen):
    if seen.answer is not None and seen.answer.values("X-Injected"):
        return "a value of the backend's is a field of the answer to the client"
    return None


def from_h2_backend(path):
    def one(name, script, right, cite, **more):
        return Probe(f"{path.name}/{name}", path, script, right, cite, **more)
    for name, code in CODES.items():
        yield one(f"reset-{name}", (Reset(code),), GATEWAY if not path.is_h2 else NEVER,
                  "RFC 9113 5.4.2, 7: no answer is no acceptance", retried=True)
    for name, code in CODES.items():
        yield one(f"reset-{name}-in-the-tunnel", (Accept(), ReadTunnel(), Reset(code)), OPENS,
                  "RFC 8441 5, RFC 9113 7: the end of one side ends the other", mode="backend-breaks-off")
    for name, fields in MALFORMED.items():
        cite = "RFC 9113 8.6: there is no 101 in HTTP/2" if name == "status-101" else NOT_PASSED_ON
        yield one(f"answer-{name}", (Fields(fields, switches=True), *EXCHANGE), GATEWAY, cite,
                  checks=(nothing_injected_to_the_client,), retried=True)
    yield one("answer-200-with-length", (Fields((STATUS_200, (b"content-length", b"5")), switches=True), *EXCHANGE),
              EITHER, "RFC 9110 9.3.6: a length in a 2xx to CONNECT is ignored")
    yield one("answer-200-ended", (Fields((STATUS_200,), end=True, switches=True), ReadToEnd()),
              opens_or(*range(500, 505), CLOSED), "RFC 8441 5, RFC 9110 9.3.6", mode="backend-breaks-off", bytes_up=0,
              bytes_down=0)
    yield one("not-announced", ACCEPTS, REFUSED, "RFC 8441 3: no :protocol to who has not announced it",
              connect_protocol=False, checks=(no_token_reaches_the_backend("websocket"),))
    yield one("goaway-in-the-tunnel", (Accept(), Goaway(last=0x7FFFFFFF), *EXCHANGE), OPENS,
              "RFC 9113 6.8: streams up to the last one go on")
    yield one("goaway-before-the-answer", (Goaway(last=0x7FFFFFFF), Pause(), Accept(), *EXCHANGE), OPENS,
              "RFC 9113 6.8: streams up to the last one go on")
    yield one("refused-with-70-KiB", (Answer(403, body=b"x" * 70000),), answers(403), "RFC 9113 8.1")


PROBES = [
    *forms(TO_H1),
    *forms(TO_H2, ("no-path", "two-protocols", "connection-upgrade", "upgrade", "value-with-crlf", "path-with-crlf",
                   "protocol-with-crlf", "GET-with-upgrade", "plain-connect", "capital-in-a-name", "te-gzip")),
    *forms(IN_H2C, ("no-path", "connection-upgrade", "upgrade", "value-with-crlf", "path-with-crlf", "GET-with-upgrade",
                    "GET-with-h2c", "plain-connect", "pri")),
    *tokens(TO_H1), *tokens(TO_H2), *tokens(IN_H2C),
    *streams(TO_H1), *streams(TO_H2), *streams(IN_H2C),
    *from_h2_backend(TO_H2), *from_h2_backend(FROM_H1),
]

