"""Causes that the server finds in the request."""
from backends import Frames, Scripted, Websockets, any_token, page, websocket_echo
from case import case, right, wrong
from cases_way import TURNOUT_ECHO, proxied


def websocket_or_page(ask):
    return websocket_echo(ask) if ask.wants_websocket else page()


@case("P14", by="nginx")
def origin_rejected(stage):
    # The backend compares Origin with a Host that nginx has put in its place.
    echo = stage.turnout(TURNOUT_ECHO)
    wrong(stage, stage.nginx(proxied(echo.address, "proxy_set_header Host backend.internal;")).url(), exit_code=10)
    right(stage.nginx(proxied(echo.address, "proxy_set_header Host $http_host;")).url())


@case("P14", by="python3-websockets")
def origin_rejected_by_a_list(stage):
    wrong(stage, stage.keep(Websockets(origins=[None, "https://app.example"])).url(), exit_code=10)
    right(stage.keep(Websockets(origins=[None, "https://app.example"])).url(), "--origin", "https://app.example")


@case("P15", by="nginx")
def websocket_version(stage):
    echo = stage.keep(Websockets())
    wrong(stage, stage.nginx(proxied(echo.address, "proxy_set_header Sec-WebSocket-Version 8;")).url(), exit_code=10)
    right(stage.nginx(proxied(echo.address)).url())


@case("P16", by="nginx")
def bad_key(stage):
    echo = stage.keep(Websockets())
    wrong(stage, stage.nginx(proxied(echo.address, "proxy_set_header Sec-WebSocket-Key short;")).url(), exit_code=10)
    right(stage.nginx(proxied(echo.address)).url())


@case("P17", by="nginx")
def subprotocol_mismatch(stage):
    echo = stage.keep(Websockets(subprotocols=["chat", "mqtt"]))
    wrong(stage, stage.nginx(proxied(echo.address, "proxy_set_header Sec-WebSocket-Protocol mqtt;")).url(),
          "--subprotocol", "chat", exit_code=11)
    wrong(stage, stage.nginx(proxied(echo.address, "proxy_hide_header Sec-WebSocket-Protocol;")).url(),
          "--subprotocol", "chat", exit_code=12)
    right(stage.nginx(proxied(echo.address)).url(), "--subprotocol", "chat")


@case("P18", by="nginx")
def extension_mangled(stage):
    echo = stage.keep(Websockets(compression=None))
    added = 'add_header Sec-WebSocket-Extensions "permessage-deflate; server_max_window_bits=20" always;'
    wrong(stage, stage.nginx(proxied(echo.address, added)).url(), exit_code=11)
    right(stage.nginx(proxied(echo.address)).url())


@case("P19", by="HAProxy")
def body_with_upgrade(stage):
    backend = stage.keep(Scripted(any_token))
    wrong(stage, stage.haproxy("", backend.address).url(scheme="http"), "--token", "tcp", "-d", "{}", exit_code=10)
    right(stage.nginx(proxied(backend.address)).url(scheme="http"), "--token", "tcp", "-d", "{}")
    right(stage.haproxy("", backend.address).url(scheme="http"), "--token", "tcp")


@case("P20", by="nginx")
def method_wrong(stage):
    echo = stage.turnout(TURNOUT_ECHO)
    more = "proxy_set_header Host $http_host;"
    wrong(stage, stage.nginx(proxied(echo.address, more + " proxy_method PUT;")).url(), exit_code=10)
    right(stage.nginx(proxied(echo.address, more)).url())


@case("P20", by="Turnout")
def method_of_the_client(stage):
    echo = stage.turnout(TURNOUT_ECHO)
    wrong(stage, echo.url(), "--method", "PUT", exit_code=10)
    right(echo.url())


@case("P32", by="nginx")
def header_too_large(stage):
    echo = stage.keep(Websockets())
    cookie = "Cookie: " + "c" * 3000
    wrong(stage, stage.nginx(proxied(echo.address), http="large_client_header_buffers 4 1k;").url(), "-H", cookie,
          exit_code=10)
    right(stage.nginx(proxied(echo.address)).url(), "-H", cookie)


@case("P32", by="Apache")
def header_too_large_apache(stage):
    echo = stage.keep(Websockets())
    text = f"ProxyPass / http://{echo.address}/ upgrade=websocket\n"
    cookie = "Cookie: " + "c" * 3000
    wrong(stage, stage.apache(text + "LimitRequestFieldSize 1000\n").url(), "-H", cookie, exit_code=10)
    right(stage.apache(text).url(), "-H", cookie)


@case("P33", by="a script")
def expect_100(stage):
    def right_order(ask):
        if ask.get("expect"):
            ask.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            ask.socket.recv(65536)
        return any_token(ask)
    arguments = ("--token", "tcp", "-d", "{}", "-H", "Expect: 100-continue", "--timeout", 1)
    wrong(stage, stage.keep(Scripted(any_token)).url(scheme="http"), *arguments, exit_code=11)
    wrong(stage, stage.keep(Scripted(lambda ask: page(status="417 Expectation Failed") if ask.get("expect") else
                                     any_token(ask))).url(scheme="http"), *arguments, exit_code=10)
    right(stage.keep(Scripted(right_order)).url(scheme="http"), *arguments)


@case("P34", by="lighttpd")
def h2c_settings_invalid(stage):
    server = stage.lighttpd("")
    wrong(stage, server.url(scheme="http"), "--token", "h2c", "-H", "HTTP2-Settings: %%%", exit_code=10)
    right(server.url(scheme="http"), "--token", "h2c")


@case("P34", by="nginx")
def h2c_settings_not_named(stage):
    # Its documented configuration for WebSocket leaves HTTP2-Settings out of Connection.
    server = stage.lighttpd("")
    wrong(stage, stage.nginx(proxied(server.address)).url(scheme="http"), "--token", "h2c", "--compare",
          server.url(scheme="http"), exit_code=10)
    named = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection;"
    right(stage.nginx(proxied(server.address, upgrade=named)).url(scheme="http"), "--token", "h2c")


@case("P35", by="nginx")
def h2c_on_tls(stage):
    echo = stage.keep(Websockets())
    server = stage.nginx(proxied(echo.address, "", upgrade="proxy_http_version 1.1; proxy_set_header Upgrade $websocket; "
                                                           "proxy_set_header Connection $connection_upgrade;"),
                         http="map $http_upgrade $websocket { websocket websocket; default ''; }", tls=True)
    wrong(stage, server.url(scheme="https"), "--token", "h2c", exit_code=10)
    right(server.url(scheme="wss"))


@case("P36", by="lighttpd")
def h2_token(stage):
    server = stage.lighttpd("")
    wrong(stage, server.url(scheme="http"), "--token", "h2", exit_code=10)
    right(server.url(scheme="http"), "--token", "h2c")


@case("P37", by="Turnout")
def http10_client(stage):
    echo = stage.turnout(TURNOUT_ECHO)
    wrong(stage, echo.url(), "--http", "1.0", exit_code=10)
    right(echo.url(), "--http", "1.1")
