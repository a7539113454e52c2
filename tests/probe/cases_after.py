"""Causes in the 101, and behind it."""
import subprocess
import time

from backends import Frames, Scripted, Websockets, any_token, page, websocket_echo
from case import case, right, wrong
from cases_request import websocket_or_page
from cases_way import proxied


@case("P40", by="nginx")
def accept_wrong(stage):
    echo = stage.keep(Websockets())
    fixed = "proxy_set_header Sec-WebSocket-Key dGhlIHNhbXBsZSBub25jZQ==;"
    wrong(stage, stage.nginx(proxied(echo.address, fixed)).url(), exit_code=11)
    right(stage.nginx(proxied(echo.address)).url())


@case("P40", by="a script")
def accept_with_another_guid(stage):
    def script(ask):
        return ask.switch(accept=ask.accept("258EAFA5-E914-47DA-95CA-5BAB11DC85B6")) if ask.wants_websocket else page()
    report = wrong(stage, stage.keep(Scripted(script)).url(), exit_code=11)
    assert "5BAB11DC85B6" in report["findings"][0]["evidence"], report["findings"][0]
    right(stage.keep(Scripted(websocket_or_page)).url())


@case("P41", by="nginx")
def token_not_requested(stage):
    def script(ask):
        return ask.switch(token="other") if ask.wants_websocket else page()
    wrong(stage, stage.nginx(proxied(stage.keep(Scripted(script)).address)).url(), exit_code=11)
    right(stage.nginx(proxied(stage.keep(Scripted(websocket_or_page)).address)).url())


@case("P42", by="a script")
def framing_in_101(stage):
    wrong(stage, stage.keep(Scripted(lambda ask: websocket_echo(ask, "Content-Length: 0") if ask.wants_websocket
                                     else page())).url(), exit_code=11)
    right(stage.keep(Scripted(websocket_or_page)).url())


@case("P43", by="a script")
def two_heads(stage):
    wrong(stage, stage.keep(Scripted(lambda ask: ask.switch() + page() if ask.wants_websocket else page())).url(),
          exit_code=11)
    right(stage.keep(Scripted(websocket_or_page)).url())


@case("P43", by="nghttpx")
def two_heads_nghttpx(stage):
    # A 101 that was not asked for goes through, and then nghttpx gives up with an answer of its own.
    def script(ask):
        return b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n" + page() \
            if ask.token == "tcp" else page()
    wrong(stage, stage.nghttpx(f"127.0.0.1,{stage.keep(Scripted(script)).port}").url(scheme="http"), "--token", "tcp",
          "--send", "x", exit_code=11)
    right(stage.nghttpx(f"127.0.0.1,{stage.keep(Scripted(any_token)).port}").url(scheme="http"), "--token", "tcp",
          "--send", "x")


@case("P44", by="a script")
def success_instead_of_101(stage):
    def script(ask):
        if not ask.wants_websocket:
            return page()
        return page(b"", upgrade="websocket", connection="Upgrade", sec_websocket_accept=ask.accept())
    wrong(stage, stage.keep(Scripted(script)).url(), exit_code=10)
    right(stage.keep(Scripted(websocket_or_page)).url())


@case("P44", by="Caddy")
def success_instead_of_101_caddy(stage):
    # Caddy compares the whole list that was offered with the one protocol of the 101, and swallows the 101.
    backend = stage.keep(Scripted(any_token))
    front = stage.caddy(f"reverse_proxy {backend.address}")
    wrong(stage, front.url(scheme="http"), "--token", "tcp, udp", "--compare", backend.url(scheme="http"), exit_code=10)
    right(front.url(scheme="http"), "--token", "tcp")


@case("P50", by="Caddy")
def early_bytes_lost(stage):
    # The bytes leave in one write with the offer: whoever has that has them too.
    backend = stage.keep(Scripted(websocket_or_page))
    wrong(stage, stage.caddy(f"reverse_proxy {backend.address}").url(), "--early-bytes", exit_code=12)
    right(stage.nginx(proxied(backend.address)).url(), "--early-bytes")


@case("P51", by="nginx")
def idle_timeout(stage):
    echo = stage.keep(Websockets())
    wrong(stage, stage.nginx(proxied(echo.address, "proxy_read_timeout 1s;")).url(), "--hold", "3s", exit_code=12)
    right(stage.nginx(proxied(echo.address, "proxy_read_timeout 1h;")).url(), "--hold", "3s")


@case("P51", by="HAProxy")
def idle_timeout_haproxy(stage):
    echo = stage.keep(Websockets())
    wrong(stage, stage.haproxy("", echo.address, options="    timeout tunnel 1s").url(), "--hold", "3s", exit_code=12)
    right(stage.haproxy("", echo.address).url(), "--hold", "3s")


@case("P52", by="Turnout")
def max_lifetime(stage):
    echo = stage.keep(Websockets())
    def front(more):
        return stage.turnout(f"""@LISTENER@
[[upstream]]
name = "app"
servers = ["http://{echo.address}"]
[[route]]
match = {{ path = "/**" }}
proxy = {{ to = "app" {more} }}
""")
    wrong(stage, front(', lifetime = "1s"').url(), "--hold", "3s", exit_code=12)
    right(front("").url(), "--hold", "3s")


@case("P53", by="Caddy")
def reload_drop(stage):
    opened = []
    def script(ask):
        if not ask.wants_websocket:
            return page()
        opened.append(ask)
        return websocket_echo(ask)
    backend = stage.keep(Scripted(script))
    front = stage.caddy(f"reverse_proxy {backend.address}")
    import threading
    def reload():
        # Over HTTP/1.1 one to look, then the four that are held.
        deadline = time.monotonic() + 15
        while len(opened) < 5 and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.3)  # all of them have to be on their way
        subprocess.run(["caddy", "reload", "--config", "Caddyfile", "--adapter", "caddyfile", "--force", "--address",
                        f"unix/{front.folder}/admin.sock"], cwd=front.folder, capture_output=True, timeout=20, check=True)
    thread = threading.Thread(target=reload)
    thread.start()
    try:
        wrong(stage, front.url(), "--hold", "4s", exit_code=12)
    finally:
        thread.join()
    right(front.url(), "--hold", "2s")


@case("P54", by="python3-websockets")
def message_too_big(stage):
    report = wrong(stage, stage.keep(Websockets(max_size=10_000)).url(), "--message-bytes", 65536, exit_code=12)
    assert "1009" in report["findings"][0]["evidence"], report["findings"][0]
    right(stage.keep(Websockets(max_size=100_000)).url(), "--message-bytes", 65536)


@case("P55", by="a script")
def framing_error(stage):
    wrong(stage, stage.keep(Scripted(lambda ask: websocket_echo(ask, mask=b"abcd") if ask.wants_websocket
                                     else page())).url(), exit_code=12)
    wrong(stage, stage.keep(Scripted(lambda ask: websocket_echo(ask, every_frame=lambda first, payload:
                                                                (first | 0x20, payload)) if ask.wants_websocket
                                     else page())).url(), exit_code=12)
    right(stage.keep(Scripted(websocket_or_page)).url())


def answers_at_the_end(ask):
    """As `docker exec` with a pipe: the answer comes when the question has ended, or after a while."""
    if ask.token != "tcp":
        return page()
    ask.socket.sendall(ask.switch())
    question = ask.unread
    ask.socket.settimeout(0.3)
    try:
        while more := ask.socket.recv(65536):
            question += more
    except TimeoutError:
        pass
    ask.socket.sendall(question)
    return None


@case("P56", by="nginx")
def half_close_unsupported(stage):
    backend = stage.keep(Scripted(answers_at_the_end))
    arguments = ("--token", "tcp", "--send", "question", "--half-close")
    wrong(stage, stage.nginx(proxied(backend.address)).url(scheme="http"), *arguments, exit_code=12)
    right(stage.haproxy("", backend.address).url(scheme="http"), *arguments)


@case("P57", by="a script")
def pings_not_answered(stage):
    wrong(stage, stage.keep(Scripted(lambda ask: websocket_echo(ask, pongs=False) if ask.wants_websocket
                                     else page())).url(), "--timeout", 1, exit_code=12)
    right(stage.keep(Scripted(websocket_or_page)).url(), "--timeout", 1)
