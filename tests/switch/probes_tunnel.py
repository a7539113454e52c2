"""The backend accepts: what is sent arrives, once and in order, however it is cut; the end of a side arrives too."""
from fronts import PATHS
from probe import CLOSED, OPENS, SMUGGLED, Probe, opens_or, tunnel_bytes
from script import (BACKEND_ENDS_FIRST, CLIENT_ENDS_FIRST, EXCHANGE, RIGHT_101, Accept, Dribble, EndSending,
                    Interim, Pause, Raw, ReadToEnd, ReadTunnel, Reset, SendTunnel)

TUNNEL = "RFC 9110 7.8, 15.2.2: behind the 101 both sides speak the new protocol"
STREAM = "RFC 8441 5, RFC 9110 9.3.6: DATA of the stream is the tunnel"
INTERIM = "RFC 9110 15.2: 1xx come before the answer, which is still due"
ENDS = "RFC 9110 9.3.6, RFC 8441 5: what was sent before the end of a side arrives"
FRAMING = "RFC 9112 2.2: a message is what its bytes say, however they arrive"
SECOND_101 = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"

# Behind which part of the 101 it is cut in two.
CUTS = {"version": b"HTTP/1.1", "status": b"HTTP/1.1 101", "status-line": b"Protocols\r", "upgrade": b"{token}\r\n",
        "connection": b"Connection: Up", "fields": b"{accept}", "last-cr": b"{accept}\r"}


def cut(mark):
    at = RIGHT_101.index(mark) + len(mark)
    return (Raw(RIGHT_101[:at], switches=False), Pause(), Raw(RIGHT_101[at:]))


def hop_field_is_gone(seen):
    """RFC 9110 7.6.1: what the backend's Connection names ends at the server."""
    if seen.answer is not None and seen.answer.values("X-Hop"):
        return "the field X-Hop, which the backend's Connection names, came through"
    return None


def on(path):
    law = STREAM if path.is_h2 else TUNNEL
    glue = tunnel_bytes(path.token, 300, "glued")

    def one(name, script, cite=law, **more):
        if path.is_h2 and "early" in more:
            # DATA ahead of the answer is no mistake in HTTP/2, and no RFC says that it has to be borne.
            return Probe(f"{path.name}/{name}", path, script, opens_or(*range(400, 600), CLOSED), cite,
                         law=(OPENS, "law L1: held until accepted, then delivered"), **more)
        return Probe(f"{path.name}/{name}", path, script, OPENS, cite, **more)

    yield one("accepted", (Accept(), *EXCHANGE))
    yield one("accepted-early", (Accept(), *EXCHANGE), early=tunnel_bytes(path.token, 200, "client"))
    yield one("slow", (Pause(), Accept(), *EXCHANGE))
    yield one("slow-early", (Pause(), Accept(), *EXCHANGE), early=SMUGGLED)
    yield one("slow-early-10KiB", (Pause(), Accept(), *EXCHANGE), early=tunnel_bytes(path.token, 10000, "client"))
    yield one("slow-early-100KiB", (Pause(), Accept(), *EXCHANGE), early=tunnel_bytes(path.token, 100000, "client")
              if not path.is_h2 else tunnel_bytes(path.token, 60000, "client"))
    yield one("glued", (Accept(more=glue), *EXCHANGE))
    yield one("glued-slow-early", (Pause(), Accept(more=glue), *EXCHANGE), early=SMUGGLED)
    yield one("large", (Accept(), *EXCHANGE), bytes_up=400000, bytes_down=500000)
    yield one("nothing-sent", (Accept(), *EXCHANGE), bytes_up=0, bytes_down=0)
    yield one("103-first", (Interim(103, ("Link: </a>",)), Accept(), *EXCHANGE), INTERIM)
    yield one("103-early", (Interim(103), Pause(), Accept(), *EXCHANGE), INTERIM)
    yield one("two-103-first", (Interim(103), Interim(103), Accept(), *EXCHANGE), INTERIM)
    yield one("second-101", (Accept(more=SECOND_101), *EXCHANGE))
    yield one("backend-ends-first", (Accept(), *BACKEND_ENDS_FIRST), ENDS, mode="backend-ends-first",
              bytes_down=100000)
    yield one("backend-breaks-off", (Accept(), ReadTunnel(), SendTunnel(), EndSending(), ReadToEnd()), ENDS,
              mode="backend-breaks-off")
    yield one("backend-resets", (Accept(), ReadTunnel(), Reset()), ENDS, mode="backend-breaks-off")
    yield one("client-resets", (Accept(), *EXCHANGE), "safety: the end of one side ends the other",
              mode="client-resets")
    if path.scheme == "http":
        yield one("client-ends-first", (Accept(), *CLIENT_ENDS_FIRST), ENDS, mode="client-ends-first",
                  bytes_down=100000)
    if path.back == "h1":
        yield one("100-first", (Interim(100), Accept(), *EXCHANGE), INTERIM)
        yield one("100-early", (Interim(100), Pause(), Accept(), *EXCHANGE), INTERIM)
        yield one("dribbled", (Dribble(), *EXCHANGE), FRAMING)
        yield one("hop-by-hop-on-101", (Raw(RIGHT_101.replace(b"Connection: Upgrade", b"Connection: Upgrade, X-Hop\r\n"
                                                              b"X-Hop: secret\r\nKeep-Alive: timeout=5")), *EXCHANGE),
                  "RFC 9110 7.6.1", checks=(hop_field_is_gone,))
        for where, mark in CUTS.items():
            yield one(f"cut-behind-{where}", (*cut(mark), *EXCHANGE), FRAMING)


PROBES = [probe for path in PATHS.values() for probe in on(path)]
