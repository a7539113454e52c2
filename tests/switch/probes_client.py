"""What clients do in HTTP/1.1, towards a backend that takes up any offer it sees: so whatever should have been
declined, and was passed on, becomes a tunnel that can be seen."""
from fronts import PATHS, Ask, Path, offer
from probe import (CLOSED, EITHER, NEVER, OPENS, REFUSED, SMUGGLED, Probe, answers, no_field_reaches_the_backend,
                   no_token_reaches_the_backend)
from script import EXCHANGE, Accept, Answer, EndSending, ReadToEnd, SendTunnel

WS, TCP, HTTPS = PATHS["h1-ws"], PATHS["h1-tcp"], PATHS["https-ws"]
TLS_PORT = Path("h1-tls-port", "h1-tls-port", "tcp", "h1", "HTTP/1.1 where TLS by Upgrade is offered")
ACCEPTS = (Accept(), *EXCHANGE)
UPGRADE, CONNECTION, VERSION, KEY_LINE = WEBSOCKET = offer("websocket")
DENIED_BODY = b"GET /denied HTTP/1.1\r\nHost: a\r\n\r\n"


def ws(*changed, without=(), method="GET", **more):
    """The right handshake but for some lines."""
    return Ask((*(line for line in WEBSOCKET if line not in without), *changed), method=method, **more)


IGNORED = "RFC 9110 7.6.1, 7.8: Upgrade without its connection option is no offer; a hop before would not know of it"
NOTHING_OFFERED = "RFC 9110 7.8: nothing was offered"
LISTS = "RFC 9110 5.3, 5.6.1, 7.6.1"
MAY_DECLINE = "RFC 9110 7.8: an offer may be declined; what is said and sent has to agree"
OLD = "RFC 9110 7.8: Upgrade in HTTP/1.0 is ignored"
ENDPOINT = "RFC 6455 4.2.1: for the endpoint to judge; what is said and sent has to agree"
BODY = "RFC 9112 6.3, RFC 9110 7.8: the request ends where its body does"
GET_ONLY = (NEVER, "law L4: websocket is a GET without a body")
ROUTES = (NEVER, "law L5: only tokens that the route lists")
MUST_REJECT = "RFC 9112 3.2, 5.1, 6.3: a 400"

# name: (request, right, citation[, law])
AGREEMENT = {
    "no-connection": (ws(without=(CONNECTION,)), NEVER, IGNORED),
    "connection-keep-alive": (ws("Connection: keep-alive", without=(CONNECTION,)), NEVER, IGNORED),
    "connection-close": (ws("Connection: close", without=(CONNECTION,)), NEVER, IGNORED),
    "connection-of-another-field": (ws("Connection: X-Upgrade", without=(CONNECTION,)), NEVER, IGNORED),
    "connection-upgrades": (ws("Connection: upgrades", without=(CONNECTION,)), NEVER, IGNORED),
    "connection-quoted": (ws('Connection: "Upgrade"', without=(CONNECTION,)), NEVER, IGNORED),
    "proxy-connection-only": (ws("Proxy-Connection: Upgrade", without=(CONNECTION,)), NEVER, IGNORED),
    "no-upgrade": (ws(without=(UPGRADE,)), NEVER, NOTHING_OFFERED),
    "empty-upgrade": (ws("Upgrade:", without=(UPGRADE,)), NEVER, NOTHING_OFFERED),
    "upgrade-of-commas": (ws("Upgrade: ,,", without=(UPGRADE,)), NEVER, NOTHING_OFFERED),
    "neither": (ws(without=(UPGRADE, CONNECTION)), NEVER, NOTHING_OFFERED),
    "case-of-connection": (ws("cONNECTION: uPGRADE", without=(CONNECTION,)), OPENS, "RFC 9110 5.1, 7.6.1"),
    "case-of-token": (ws("UPGRADE: WebSocket", without=(UPGRADE,)), OPENS, "RFC 9110 7.8, RFC 6455 4.2.1"),
    "keep-alive-and-upgrade": (ws("Connection: keep-alive, Upgrade", without=(CONNECTION,)), OPENS, LISTS),
    "upgrade-and-close": (ws("Connection: Upgrade, close", without=(CONNECTION,)), EITHER, MAY_DECLINE),
    "two-connections": (ws("Connection: keep-alive"), OPENS, LISTS),
    "doubled-connection": (ws("Connection: Upgrade"), EITHER, MAY_DECLINE),
    "doubled-upgrade": (ws("Upgrade: websocket"), EITHER, MAY_DECLINE),
    "empty-members": (ws("Connection: ,Upgrade,,", "Upgrade: , websocket,", without=(CONNECTION, UPGRADE)), EITHER,
                      MAY_DECLINE),
    "list-websocket-first": (ws("Upgrade: websocket, made-up", without=(UPGRADE,)), EITHER, MAY_DECLINE),
    "list-websocket-last": (ws("Upgrade: made-up, websocket", without=(UPGRADE,)), EITHER, MAY_DECLINE),
    "two-upgrades": (ws("Upgrade: made-up"), EITHER, MAY_DECLINE),
    "versioned-token": (ws("Upgrade: websocket/13", without=(UPGRADE,)), EITHER, MAY_DECLINE),
    "quoted-token": (ws('Upgrade: "websocket"', without=(UPGRADE,)), EITHER, MAY_DECLINE),
    "token-of-8-KiB": (ws(f"Upgrade: {'x' * 7000}", without=(UPGRADE,)), EITHER, MAY_DECLINE, ROUTES),
    "100-tokens": (ws(f"Upgrade: {', '.join(f't{n}' for n in range(100))}", without=(UPGRADE,)), EITHER, MAY_DECLINE,
                   ROUTES),
    "token-made-up": (Ask(offer("made-up/1.0")), EITHER, MAY_DECLINE, ROUTES),
    "token-of-another-route": (Ask(offer("tcp")), EITHER, MAY_DECLINE, ROUTES),
    "token-connect-udp": (Ask(offer("connect-udp")), EITHER, MAY_DECLINE, ROUTES),
    "space-before-colon": (ws("Upgrade : websocket", without=(UPGRADE,)), answers(400, CLOSED), MUST_REJECT),
}
OLD_VERSIONS = {
    "http-1.0": (ws(version="HTTP/1.0"), NEVER, OLD),
    "http-1.0-keep-alive": (ws("Connection: keep-alive", version="HTTP/1.0"), NEVER, OLD),
    "http-1.0-without-host": (ws(version="HTTP/1.0", host=()), NEVER, OLD),
    "http-1.2": (ws(version="HTTP/1.2"), EITHER, "RFC 9110 2.5"),
    "http-2.0-in-the-line": (ws(version="HTTP/2.0"), EITHER, "RFC 9110 2.5, 15.6.6",
                             (NEVER, "RFC 9110 2.5: another major version is another protocol")),
}
METHODS = {
    f"method-{method}": (ws(method=method), EITHER, ENDPOINT, GET_ONLY)
    for method in ("POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "get", "MADE-UP")
}
HANDSHAKE = {
    **{f"version-{number}": (ws(f"Sec-WebSocket-Version: {number}", without=(VERSION,)), EITHER, ENDPOINT)
       for number in ("7", "8", "14", "013", "13, 8", "x")},
    "version-missing": (ws(without=(VERSION,)), EITHER, ENDPOINT),
    "version-doubled": (ws(VERSION), EITHER, ENDPOINT),
    "key-missing": (ws(without=(KEY_LINE,)), EITHER, ENDPOINT),
    "key-empty": (ws("Sec-WebSocket-Key:", without=(KEY_LINE,)), EITHER, ENDPOINT),
    "key-short": (ws("Sec-WebSocket-Key: dGhl", without=(KEY_LINE,)), EITHER, ENDPOINT),
    "key-long": (ws(f"Sec-WebSocket-Key: {'QUJD' * 12}", without=(KEY_LINE,)), EITHER, ENDPOINT),
    "key-no-base64": (ws("Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==", without=(KEY_LINE,)), EITHER, ENDPOINT),
    "key-doubled": (ws(f"Sec-WebSocket-Key: {'QUJD' * 5}QQ==", without=()), EITHER, ENDPOINT),
    "accept-from-the-client": (ws("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), EITHER, ENDPOINT),
}
BODIES = {
    "body-length-0": (ws("Content-Length: 0"), EITHER, BODY),
    "body-of-a-request": (ws(f"Content-Length: {len(DENIED_BODY)}", body=DENIED_BODY), EITHER, BODY, GET_ONLY),
    "body-chunked": (ws("Transfer-Encoding: chunked", body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(DENIED_BODY), DENIED_BODY)),
                     EITHER, BODY, GET_ONLY),
    "body-chunked-empty": (ws("Transfer-Encoding: chunked", body=b"0\r\n\r\n"), EITHER, BODY, GET_ONLY),
    "body-length-and-chunked": (ws("Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED),
                                EITHER, "RFC 9112 6.1, 6.3", GET_ONLY),
    "body-two-lengths": (ws("Content-Length: 0", f"Content-Length: {len(DENIED_BODY)}", body=DENIED_BODY),
                         answers(400, CLOSED), MUST_REJECT),
    "body-length-negative": (ws("Content-Length: -1"), answers(400, CLOSED), MUST_REJECT),
    "body-length-of-words": (ws("Content-Length: five"), answers(400, CLOSED), MUST_REJECT),
    "body-not-chunked-last": (ws("Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n" + SMUGGLED),
                              answers(400, 501, CLOSED), MUST_REJECT),
    "body-length-nominated": (ws("Connection: Content-Length", f"Content-Length: {len(DENIED_BODY)}",
                                 body=DENIED_BODY), EITHER, BODY, GET_ONLY),
    "body-chunked-nominated": (ws("Connection: Transfer-Encoding", "Transfer-Encoding: chunked",
                                  body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(DENIED_BODY), DENIED_BODY)), EITHER, BODY,
                               GET_ONLY),
}
GENERATED = "RFC 9110 5.5, RFC 9112 2.2, 3.2: what is sent on has to be well-formed"
TARGETS = {
    "target-with-crlf-encoded": (ws(target="/ws%0d%0aX-Injected:%20y"), EITHER, GENERATED),
    "target-with-a-version-encoded": (ws(target="/ws%20HTTP/1.1%0d%0aX-Injected:%20y%0d%0aA:"), EITHER, GENERATED),
    "target-with-nul-encoded": (ws(target="/ws%00"), EITHER, GENERATED),
    "target-with-tab": (ws(target="/ws\tx"), EITHER, GENERATED),
    "target-with-space": (ws(target="/ws x"), EITHER, GENERATED),
    "target-with-cr": (ws(target="/ws\rX-Injected: y"), EITHER, GENERATED),
    "target-with-fragment": (ws(target="/ws#part"), EITHER, GENERATED),
    "target-absolute": (ws(target="http://{host}/ws"), OPENS, "RFC 9112 3.2.2"),
    "value-with-cr": (ws("X-Value: a\rX-Injected: y"), EITHER, GENERATED),
    "value-with-nul": (ws("X-Value: a\0b"), EITHER, GENERATED),
    "value-with-lf": (ws("X-Value: a\nX-Injected2: y"), EITHER, GENERATED),
    "folded": (ws("X-Value: a\r\n b"), EITHER, "RFC 9112 5.2"),
    "token-with-tab": (ws("Upgrade: web\tsocket", without=(UPGRADE,)), EITHER, GENERATED),
    "token-with-cr": (ws("Upgrade: websocket\rX-Injected: y", without=(UPGRADE,)), EITHER, GENERATED),
    "host-missing": (ws(host=()), REFUSED, MUST_REJECT, (answers(400), MUST_REJECT)),
    "host-doubled": (ws("Host: other.example"), answers(400, CLOSED), MUST_REJECT),
    "host-with-space": (ws(host=("Host: {host} x",)), REFUSED, MUST_REJECT, (answers(400), MUST_REJECT)),
}


def injects_nothing(seen):
    for request in seen.requests:
        if any(name.lower() == "x-injected" for name, _ in request.fields):
            return "what the client put into its target or a value is a field of the request to the backend"
    return None


def has_one_host(seen):
    for request in seen.requests:
        if len(request.values("Host")) != 1:
            return f"the request to the backend has {len(request.values('Host'))} Host fields"
    return None


def its_body_arrives_as_such(seen):
    """With the framing that came, or not at all: otherwise it would be somebody's request."""
    wanted = {b"", DENIED_BODY}
    for request in seen.requests:
        if request.body not in wanted:
            return f"the backend got the body {request.body[:60]!r}"
    return None


def by_table(path, table, script=ACCEPTS, checks=(injects_nothing, has_one_host), **more):
    for name, (ask, right, cite, *law) in table.items():
        yield Probe(f"{path.name}/{name}", path, script, right, cite, law=law[0] if law else None, ask=ask,
                    checks=checks, **more)


NOMINATED = "RFC 9110 7.6.1: a proxy removes what Connection names"


def nominated(path, name, fields, field, right=EITHER):
    return Probe(f"{path.name}/nominated-{name}", path, ACCEPTS, right, NOMINATED, ask=ws(*fields),
                 checks=(no_field_reaches_the_backend(field),) if field else (has_one_host,))


HOPS_OWN = "RFC 9110 7.8, RFC 9113 3.1: a matter between two neighbours; inside it no rule of the server's holds"
SETTINGS = "HTTP2-Settings: AAQAAP__"
NEIGHBOURS = {
    "h2c": Ask(("Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", SETTINGS)),
    "h2c-settings-not-nominated": Ask(("Upgrade: h2c", "Connection: Upgrade", SETTINGS)),
    "h2c-without-settings": Ask(("Upgrade: h2c", "Connection: Upgrade")),
    "h2c-settings-twice": Ask(("Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", SETTINGS, SETTINGS)),
    "h2c-in-capitals": Ask(("Upgrade: H2C", "Connection: Upgrade, HTTP2-Settings", SETTINGS)),
    "h2c-without-connection": Ask(("Upgrade: h2c", SETTINGS)),
    "h2c-after-websocket": ws("Upgrade: websocket, h2c", "Connection: HTTP2-Settings", SETTINGS, without=(UPGRADE,)),
    "h2c-before-websocket": ws("Upgrade: h2c, websocket", "Connection: HTTP2-Settings", SETTINGS, without=(UPGRADE,)),
    "h2c-second-field": ws("Upgrade: h2c", "Connection: HTTP2-Settings", SETTINGS),
    "h2c-passed-on": Ask(("Via: 1.1 front", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", SETTINGS)),
    "h2c-by-POST": Ask(("Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", SETTINGS, "Content-Length: 5"),
                       method="POST", body=b"hello"),
    "h2": Ask(offer("h2")),
    "http-2.0": Ask(offer("HTTP/2.0")),
    "http-2.0-without-connection": Ask(("Upgrade: HTTP/2.0",)),
    "http-3": Ask(offer("HTTP/3")),
    "tls": Ask(offer("TLS/1.2")),
    "tls-list": Ask(offer("TLS/1.0, HTTP/1.1")),
    "tls-options": Ask(offer("TLS/1.2"), method="OPTIONS", target="*"),
}


def neighbour(path, name, ask):
    tokens = no_token_reaches_the_backend("h2c", "h2", "http/", "tls/")
    return Probe(f"{path.name}/hop-{name}", path, ACCEPTS, EITHER, HOPS_OWN, ask=ask, mode="terminated",
                 checks=(tokens, no_field_reaches_the_backend("HTTP2-Settings")), late="tls" not in name)


CLOSES = "RFC 9931 8: a refused CONNECT closes, and nothing behind it is processed"
PORT = "RFC 9110 9.3.6, RFC 9931 8: an invalid port is refused, and what is refused closes"


def closes(seen):
    behind = [message for when, message in seen.followed if when == "after"]
    return f"behind the refused CONNECT, {behind[0].start!r} was served" if behind else None


def connect(path, name, target, early=b"", script=(Answer(403),), right=REFUSED, cite=CLOSES, fields=(), **more):
    return Probe(f"{path.name}/connect-{name}", path, script, right, cite, early=early,
                 ask=Ask(fields, method="CONNECT", target=target, **more), checks=(closes,))


def connects(path):
    yield connect(path, "refused", "{host}:80")
    yield connect(path, "refused-early", "{host}:80", early=SMUGGLED)
    yield connect(path, "refused-407", "{host}:80", script=(Answer(407, ("Proxy-Authenticate: Basic realm=a",)),),
                  early=SMUGGLED)
    yield connect(path, "elsewhere", "169.254.169.254:80", early=SMUGGLED)
    yield connect(path, "with-upgrade", "{host}:80", fields=WEBSOCKET, early=SMUGGLED)
    yield connect(path, "http-1.0", "{host}:80", version="HTTP/1.0", early=SMUGGLED)
    for name, target in (("without-port", "{host}"), ("empty-port", "{host}:"), ("port-65536", "{host}:65536"),
                         ("port-0", "{host}:0"), ("of-a-path", "/ws"), ("userinfo", "a@{host}:80")):
        yield connect(path, name, target, cite=PORT)


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NO_REQUEST = "RFC 9113 3.4: PRI is no method of any request"


def no_preface(seen):
    for record in seen.stage.records:
        if b"PRI *" in record.wire.received:
            return "the preface of HTTP/2 was passed on as a request"
    return None


def pipelined(path):
    canary = b"GET /canary/before HTTP/1.1\r\nHost: {host}\r\n\r\n"
    posted = b"POST /canary/before HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n"
    order = "RFC 9112 9.3.2, RFC 9110 7.8: answers come in order, the 101 last"
    for name, before in (("behind-a-request", canary), ("behind-a-post", posted), ("behind-four-requests", canary * 4)):
        yield Probe(f"{path.name}/{name}", path, ACCEPTS, EITHER, order, ask=ws(before=before))
        yield Probe(f"{path.name}/{name}-early", path, ACCEPTS, EITHER, order, ask=ws(before=before), early=SMUGGLED)
        yield Probe(f"{path.name}/{name}-refused", path, (Answer(403),), answers(403, CLOSED), order,
                    ask=ws(before=before), early=SMUGGLED)
    for count in (1, 4):
        yield Probe(f"{path.name}/request-{count + 1}-of-a-connection", path, ACCEPTS, OPENS, order,
                    requests_before=count)
        yield Probe(f"{path.name}/request-{count + 1}-of-a-connection-refused", path, (Answer(403),), answers(403),
                    order, requests_before=count, early=SMUGGLED)
    again = ws().render("{host}")
    yield Probe(f"{path.name}/two-offers", path, ACCEPTS, EITHER, order, early=again)
    yield Probe(f"{path.name}/two-offers-refused", path, (Answer(403),), answers(403), order, early=again,
                checks=())
    yield Probe(f"{path.name}/preface-behind-a-refusal", path, (Answer(403),), answers(403), NO_REQUEST,
                early=PREFACE, checks=(no_preface,), late=False)
    yield Probe(f"{path.name}/preface-behind-an-answer", path, (Answer(200),), answers(200), NO_REQUEST,
                ask=Ask(()), early=PREFACE, checks=(no_preface,), late=False)
    yield Probe(f"{path.name}/pri-with-fields", path, ACCEPTS, NEVER, NO_REQUEST, checks=(no_preface,),
                ask=Ask(WEBSOCKET, method="PRI", target="*"))


def ended_with_the_request(path):
    """The client ends its direction at once. Whether that takes the request back is for the server to say."""
    cite = "RFC 9112 9.6, RFC 9110 7.8: what is sent arrives"
    yield Probe(f"{path.name}/ended-with-the-request", path, (Accept(), ReadToEnd(), SendTunnel(), EndSending()),
                EITHER, cite, mode="ended-at-once", bytes_up=0, late=False)
    yield Probe(f"{path.name}/ended-with-the-request-refused", path, (Answer(403),), NEVER, cite, late=False,
                mode="ended-at-once", early=SMUGGLED)


def version_7777(path):
    """The offer that a backend refuses, and a server takes for accepted because it looked only at the request."""
    refusal = (Answer(426, ("Sec-WebSocket-Version: 13", "Upgrade: websocket", "Connection: Upgrade")),)
    return Probe(f"{path.name}/version-7777-refused", path, refusal, answers(400, 426),
                 "RFC 9110 7.8, 15.2.2: only a 101 switches", early=SMUGGLED,
                 ask=ws("Sec-WebSocket-Version: 7777", without=(VERSION,)))


RAW_BODY = b"{\"Detach\":false,\"Tty\":true}"
FINISHED = (OPENS, "law L4: a finished request may switch, with GET or POST and a body within 64 KiB")


def body_of(wanted):
    def check(seen):
        for request in seen.requests:
            if request.body != wanted:
                return f"the backend got {len(request.body)} bytes of body and not {len(wanted)}"
        return None
    return check


def raw(path):
    tcp, length = offer("tcp"), f"Content-Length: {len(RAW_BODY)}"
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(RAW_BODY), RAW_BODY)

    def one(name, ask, law=FINISHED, body=RAW_BODY, right=EITHER, script=ACCEPTS, **more):
        return Probe(f"{path.name}/{name}", path, script, right, BODY, law=law, ask=ask, checks=(body_of(body),),
                     **more)
    yield one("post-with-body", Ask((*tcp, length), method="POST", body=RAW_BODY))
    yield one("post-with-body-early", Ask((*tcp, length), method="POST", body=RAW_BODY), early=SMUGGLED)
    yield one("post-chunked", Ask((*tcp, "Transfer-Encoding: chunked"), method="POST", body=chunked))
    yield one("post-chunked-early", Ask((*tcp, "Transfer-Encoding: chunked"), method="POST", body=chunked),
              early=SMUGGLED)
    yield one("post-without-body", Ask(tcp, method="POST"), body=b"")
    yield one("post-length-0", Ask((*tcp, "Content-Length: 0"), method="POST"), body=b"")
    yield one("post-spdy", Ask(offer("SPDY/3.1"), method="POST"), body=b"")
    yield one("post-60-KiB", Ask((*tcp, "Content-Length: 60000"), method="POST", body=b"x" * 60000), body=b"x" * 60000)
    yield one("post-100-KiB", Ask((*tcp, "Content-Length: 100000"), method="POST", body=b"x" * 100000),
              body=b"x" * 100000, law=(NEVER, "law L4: a longer body declines the offer"))
    yield one("post-refused", Ask((*tcp, length), method="POST", body=RAW_BODY), right=answers(403), law=None,
              script=(Answer(403),), early=SMUGGLED)
    yield one("put-with-body", Ask((*tcp, length), method="PUT", body=RAW_BODY),
              law=(NEVER, "law L4: raw tokens take GET or POST"))
    yield Probe(f"{path.name}/post-expects-100", path, ACCEPTS, EITHER,
                "RFC 9110 7.8, 10.1.1: a 100 before the 101", law=FINISHED, waits_for_100=True,
                ask=Ask((*tcp, length, "Expect: 100-continue"), method="POST", body=RAW_BODY),
                checks=(body_of(RAW_BODY), lambda seen: "the 101 came without a 100 before it"
                        if seen.opened and 100 not in seen.answer.interim else None))
    yield Probe(f"{path.name}/token-made-up", path, ACCEPTS, EITHER, MAY_DECLINE, law=ROUTES, ask=Ask(offer("made-up")))


PLAINTEXT = "RFC 2817 3, RFC 9931 6.1; CVE-2011-0411: what came before the handshake is not inside TLS"


def ahead_of_tls(path):
    for name, early in (("a-request", SMUGGLED), ("a-byte", b"G"), ("a-client-hello", b"\x16\x03\x01\0\x05\1\0\0\1\0")):
        for method, target in (("OPTIONS", "*"), ("GET", "/ws")):
            yield Probe(f"{path.name}/{method}-and-{name}", path, (Answer(200),), NEVER, PLAINTEXT, early=early,
                        law=(answers(400), "law L6: plaintext before the 101 is a 400 and a close"), late=False,
                        ask=Ask(offer("TLS/1.2"), method=method, target=target),
                        checks=(no_token_reaches_the_backend("tls/"),))


PROBES = [
    *(probe for table in (AGREEMENT, OLD_VERSIONS, METHODS, HANDSHAKE, TARGETS) for probe in by_table(WS, table)),
    *by_table(WS, BODIES, checks=(its_body_arrives_as_such,)),
    *by_table(HTTPS, {name: AGREEMENT[name] for name in (
        "no-connection", "no-upgrade", "case-of-token", "keep-alive-and-upgrade", "token-made-up")}),
    *by_table(HTTPS, {"http-1.0": OLD_VERSIONS["http-1.0"], "body-of-a-request": BODIES["body-of-a-request"]}),
    nominated(WS, "field", ("Connection: X-Private", "X-Private: secret"), "X-Private", OPENS),
    nominated(WS, "host", ("Connection: Host",), None),
    nominated(WS, "key", ("Connection: Sec-WebSocket-Key",), None),
    nominated(WS, "http2-settings", ("Connection: HTTP2-Settings", SETTINGS), "HTTP2-Settings"),
    nominated(WS, "close-and-field", ("Connection: close, X-Private", "X-Private: secret"), "X-Private"),
    nominated(HTTPS, "field", ("Connection: X-Private", "X-Private: secret"), "X-Private", OPENS),
    *(neighbour(WS, name, ask) for name, ask in NEIGHBOURS.items()),
    *(neighbour(HTTPS, name, NEIGHBOURS[name]) for name in ("h2c", "http-2.0", "tls")),
    *connects(WS), connect(HTTPS, "refused-early", "{host}:80", early=SMUGGLED),
    *pipelined(WS), *ended_with_the_request(WS), *ended_with_the_request(TCP), version_7777(WS), version_7777(HTTPS),
    *raw(TCP), *ahead_of_tls(TLS_PORT),
    Probe("h1-ws/expects-100", WS, ACCEPTS, EITHER, "RFC 9110 7.8, 10.1.1", ask=ws("Expect: 100-continue")),
    Probe("h1-ws/plain-request-early", WS, (Answer(200),), answers(200), "RFC 9112 9.3", ask=Ask(()), early=SMUGGLED),
]
