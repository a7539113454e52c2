"""Judges what was seen. Every complaint names the law that it rests on.

    judge(seen, own_laws=False) == []                                       # right
    judge(seen, own_laws=False) == [Complaint("RFC 9110 7.8", "...")]       # wrong

Where an RFC leaves a choice there is no complaint: what counts is what reached whom. `own_laws` adds what only Turnout
promises (docs/security.md).
"""
import dataclasses

from backend import LEAKED, websocket_accept
from fronts import KEY
from probe import CLOSED
from script import Reset

DENIED = b"/denied"


@dataclasses.dataclass(frozen=True)
class Complaint:
    cite: str
    what: str


def judge(seen, own_laws):
    if seen.outcome == "not offered":
        return []
    found = []
    for rule in RULES:
        found += [Complaint(cite, what) for cite, what in rule(seen)]
    wanted = [(seen.probe.right, seen.probe.cite)]
    if own_laws and seen.probe.law:
        wanted.append(seen.probe.law)
    for right, cite in wanted:
        what = compare(seen, right)
        if what:
            found.append(Complaint(cite, what))
    if own_laws:
        for rule in OWN_RULES:
            found += [Complaint(cite, what) for cite, what in rule(seen)]
    for check in seen.probe.checks:
        what = check(seen)
        if what:
            found.append(Complaint(seen.probe.cite, what))
    return list(dict.fromkeys(found))


def compare(seen, right):
    """The outcome against what is right for the probe."""
    if seen.outcome in ("hang", "malformed", "unreachable"):
        return None  # rules of their own
    if seen.opened:
        return f"the protocol was switched; right: {right}" if right.opens is False else None
    if right.opens is True:
        return f"{_describe(seen)}; right: {right}"
    if right.statuses is not None and seen.outcome not in right.statuses:
        return f"{_describe(seen)}; right: {right}"
    return None


def _describe(seen):
    return f"closed without an answer ({seen.detail})" if seen.outcome == CLOSED else f"the answer was {seen.outcome}"


def is_reachable(seen):
    if seen.outcome == "unreachable":
        yield "safety: who does nothing wrong is served", f"the request could not even be sent: {seen.detail}"


def never_hangs(seen):
    if seen.outcome == "hang":
        yield "safety: every wait has a limit", f"neither an answer nor an end of the connection: {seen.detail}"
    elif seen.follow_trouble.startswith("hang"):
        yield "safety: every wait has a limit", seen.follow_trouble
    if seen.end_trouble:
        yield "safety: the end of one side ends the other", seen.end_trouble


def answers_are_well_formed(seen):
    if seen.outcome == "malformed":
        yield "RFC 9112 2.1, 6.3", f"the client got what is no message: {seen.detail}"
    elif seen.follow_trouble.startswith("malformed"):
        yield "RFC 9112 2.1, 9.2", f"behind the answer came what is no message: {seen.follow_trouble}"


def nothing_passes_by(seen):
    """The request for /denied, which the server itself has to refuse, is in no backend's hands, except as bytes of a
    tunnel that the client was told of."""
    for record in seen.stage.records:
        if record.h2 is not None:
            # On a stream these can only be bytes of the tunnel; what is asked for is seen in requests.
            outside = b" ".join(request.get(":path", "").encode() for request in record.requests)
        else:
            is_tunnel = seen.opened and record.tunnels
            outside = bytes(record.wire.received[:record.tunnels[0].begin if is_tunnel else None])
            for request in record.requests:
                outside = outside.replace(request.body, b"") if request.body else outside
        if DENIED in outside:
            yield ("RFC 9931 4.1, RFC 9112 11.2: request smuggling",
                   "the request behind the offer reached the backend, past the server's own rules")
    for _, message in seen.followed:
        if LEAKED in message.body:
            yield ("RFC 9931 4.1, RFC 9112 11.2: request smuggling",
                   "the client was served what the server refuses (/denied), by the backend")


def bystanders_get_their_own(seen):
    for wanted, got in seen.canaries:
        if got == wanted or got.startswith(("HTTP/1.1 502", "HTTP/1.1 503", "HTTP/1.1 504")):
            continue
        yield "safety: an answer belongs to who asked", f"a bystander asked for {wanted} and got: {got}"


def answers_after_a_refusal_are_in_order(seen):
    if seen.opened:
        return
    after = [message for when, message in seen.followed if when == "after"]
    asked = 2 + seen.probe.early.count(b"HTTP/1.1\r\n") + _requests_in(seen.probe)
    if len(after) > asked:
        yield "RFC 9112 9.2", f"{len(after)} answers to {asked} requests"
    for message in after:
        if message.status == 101:
            yield "RFC 9110 7.8", "a 101 to a request that offered nothing"
        if message.status == 200 and not message.body.startswith(b"last-") and LEAKED not in message.body and \
                not seen.probe.request.body:
            yield "RFC 9112 9.2", f"an answer to nobody's request: {message.body[:60]!r}"


def _requests_in(probe):
    """A body whose framing was not understood may be read as requests: that is found by who answers them."""
    return getattr(probe.request, "body", b"").count(b"HTTP/1.1\r\n")


def an_acceptance_says_what_it_must(seen):
    if not seen.opened or seen.probe.path.is_h2:
        if seen.opened:
            names = {name for name, _ in seen.answer.fields}
            for name in names & {"connection", "upgrade", "transfer-encoding", "keep-alive"}:
                yield "RFC 9113 8.2.2", f"the answer over HTTP/2 has the field {name}"
        return
    answer = seen.answer
    tokens, offered = answer.members("Upgrade"), _offered(seen)
    if not tokens:
        yield "RFC 9110 15.2.2", "the 101 has no Upgrade field"
    for token in tokens:
        if token not in offered:
            yield "RFC 9110 7.8", f"the 101 switches to {token!r}, which the client did not offer"
    if "upgrade" not in answer.members("Connection"):
        yield "RFC 9110 7.8", "the 101 has Upgrade, but no Connection: upgrade"
    if answer.values("Content-Length"):
        yield "RFC 9110 8.6", "the 101 has Content-Length"
    if answer.values("Transfer-Encoding"):
        yield "RFC 9112 6.1", "the 101 has Transfer-Encoding"
    if seen.probe.path.back == "h2" and answer.values("Sec-WebSocket-Accept") != [websocket_accept(KEY)]:
        yield "RFC 6455 4.2.2", f"the server makes the handshake, and Accept is {answer.values('Sec-WebSocket-Accept')}"


def _offered(seen):
    lines = seen.asked.decode("latin-1").split("\r\n")
    return {member.strip().lower() for line in lines if line.lower().startswith("upgrade:")
            for member in line.split(":", 1)[1].split(",")}


def a_tunnel_was_accepted_by_the_backend(seen):
    if seen.opened and not seen.tunnels:
        yield "RFC 9110 7.8, 15.2.2", "the client was told of a switch that no backend accepted"


def nothing_goes_ahead_of_the_acceptance(seen):
    if seen.probe.path.back == "h2":
        return  # a stream has its own end: RFC 9931 is about HTTP/1.1
    for tunnel in seen.tunnels:
        if tunnel.premature:
            yield ("RFC 9931 4.1, RFC 9110 7.8",
                   f"before its 101 the backend got {tunnel.premature[:60]!r}")


def the_tunnel_is_exact(seen):
    if not seen.opened or not seen.tunnels or seen.probe.right.opens is False:
        return  # a tunnel that must not be is wrong already
    tunnel, mode = seen.tunnels[0], seen.probe.mode
    cite = "RFC 9110 7.8, 15.2.2: behind the 101 both sides speak the new protocol"
    wanted_down = seen.stage.down_in_tunnel
    if any(isinstance(step, Reset) for step in seen.stage.script) and seen.probe.path.token == "websocket":
        # A server that knows the protocol may say so in it (RFC 6455 5.5.1, 7.4): 1001, 1011, 1012 or 1014.
        down_is_exact = seen.got in (wanted_down, *(wanted_down + b"\x88\x02" + code.to_bytes(2, "big")
                                                    for code in (1001, 1011, 1012, 1014)))
    elif mode == "client-ends-first":
        # Whether the other direction goes on is not said by any RFC; what was sent before the end has to arrive.
        down_is_exact = wanted_down.startswith(seen.got)
    else:
        down_is_exact = seen.got == wanted_down
    up_is_exact = tunnel.received == seen.up or mode == "backend-ends-first" and seen.up.startswith(tunnel.received)
    if not up_is_exact and mode != "client-resets":
        yield cite, f"the backend got {_difference(tunnel.received, seen.up)}"
    if not down_is_exact:
        yield cite, f"the client got {_difference(seen.got, wanted_down)}"


def _difference(got, wanted):
    same = next((at for at, (one, other) in enumerate(zip(got, wanted)) if one != other), min(len(got), len(wanted)))
    return f"{len(got)} bytes and not {len(wanted)}; from byte {same}: {got[same:same + 40]!r}, " \
           f"not {wanted[same:same + 40]!r}"


def requests_arrive_well_formed(seen):
    for record in seen.stage.records:
        if record.malformed:
            yield "RFC 9112 2.2, 3, 5", f"the backend got what is no request: {record.malformed}"


def an_offer_has_a_connection_of_its_own(seen):
    for record in seen.stage.records:
        if record.h2 is None and len(record.requests) > 1 and \
                any(request.values("Upgrade") for request in record.requests):
            yield "law L2: private upstream", "the connection of an offer carried another request"


def halves_end_on_their_own(seen):
    if not seen.opened or not seen.tunnels:
        return
    if seen.probe.mode == "client-ends-first" and seen.got != seen.stage.down_in_tunnel:
        yield "promise: half-close", f"the client got {_difference(seen.got, seen.stage.down_in_tunnel)}"
    if seen.probe.mode == "backend-ends-first" and seen.tunnels[0].received != seen.up:
        yield "promise: half-close", f"the backend got {_difference(seen.tunnels[0].received, seen.up)}"


OWN_RULES = (an_offer_has_a_connection_of_its_own, halves_end_on_their_own)
RULES = (is_reachable, never_hangs, answers_are_well_formed, nothing_passes_by, bystanders_get_their_own,
         answers_after_a_refusal_are_in_order, an_acceptance_says_what_it_must, a_tunnel_was_accepted_by_the_backend,
         nothing_goes_ahead_of_the_acceptance, the_tunnel_is_exact, requests_arrive_well_formed)
