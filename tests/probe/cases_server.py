"""Causes in what the server is, or is set up for."""
import zlib

from backends import Frames, Scripted, Websockets, any_token, page, websocket_echo
from case import case, right, wrong
from cases_request import websocket_or_page
from cases_way import proxied


@case("P05", by="nghttpx")
def alpn_chose_h2(stage):
    echo = stage.keep(Websockets())
    backend = f"127.0.0.1,{echo.port}"
    wrong(stage, stage.nghttpx(backend, "--npn-list=h2", tls=True).url(scheme="wss"))
    right(stage.nghttpx(backend, "--npn-list=h2,http/1.1", tls=True).url(scheme="wss"))


@case("P06", by="Apache")
def no_extended_connect(stage):
    echo = stage.keep(Websockets())
    text = f"Protocols h2 http/1.1\nProxyPass / http://{echo.address}/ upgrade=websocket\n"
    wrong(stage, stage.apache(text, tls=True).url(scheme="wss"), "--http", "2", exit_code=10)
    right(stage.apache(text + "H2WebSockets on\n", tls=True).url(scheme="wss"), "--http", "2")


@case("P07", by="HAProxy")
def extended_connect_advertised_but_broken(stage):
    echo = stage.keep(Websockets())
    rules = "    http-request deny if METH_CONNECT\n    http-request deny if { req.ver 2.0 } { req.hdr(upgrade) -m found }\n"
    wrong(stage, stage.haproxy(rules, echo.address, tls=True).url(scheme="wss"), exit_code=10)
    right(stage.haproxy("", echo.address, tls=True).url(scheme="wss"))


@case("P08", by="Apache")
def token_not_allowed(stage):
    backend = stage.keep(Scripted(any_token))
    wrong(stage, stage.apache(f"ProxyPass / http://{backend.address}/ upgrade=websocket").url(scheme="http"),
          "--token", "tcp", exit_code=10)
    right(stage.apache(f"ProxyPass / http://{backend.address}/ upgrade=tcp").url(scheme="http"), "--token", "tcp")


@case("P09", by="lighttpd")
def upgrade_ignored(stage):
    echo = stage.keep(Websockets())
    wrong(stage, stage.lighttpd("").url(), exit_code=10)
    right(stage.lighttpd(f'proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => {echo.port} )) )\n'
                         'proxy.header = ( "upgrade" => "enable" )', ("proxy",)).url())


@case("P09", by="Caddy")
def upgrade_ignored_caddy(stage):
    echo = stage.keep(Websockets())
    wrong(stage, stage.caddy('respond "a page"').url("/chat"), exit_code=10)
    right(stage.caddy(f"reverse_proxy /chat* {echo.address}").url("/chat"))


@case("P10", by="nginx")
def wrong_path(stage):
    echo = stage.keep(Websockets())
    server = stage.nginx("location / { return 404; }\n" + proxied(echo.address).replace("location /", "location /chat", 1))
    wrong(stage, server.url("/caht"), exit_code=10)
    right(server.url("/chat"))


@case("P10", by="Apache")
def wrong_host(stage):
    echo = stage.keep(Websockets())
    proxy = f"ProxyPass / http://{echo.address}/ upgrade=websocket\n"
    wrong(stage, stage.apache('Redirect 421 /', modules=("alias",)).url(), exit_code=10)
    right(stage.apache(proxy).url())


@case("P11", by="nginx")
def redirect(stage):
    echo = stage.keep(Websockets())
    wrong(stage, stage.nginx("location / { return 301 https://$host$request_uri; }").url("/chat"), exit_code=10)
    right(stage.nginx(proxied(echo.address)).url("/chat"))


@case("P11", by="Caddy")
def redirect_caddy(stage):
    echo = stage.keep(Websockets())
    wrong(stage, stage.caddy(f"redir /chat /chat/\nreverse_proxy /chat/ {echo.address}").url("/chat"), exit_code=10)
    right(stage.caddy(f"reverse_proxy /chat {echo.address}").url("/chat"))


@case("P12", by="nginx")
def auth_required(stage):
    echo = stage.keep(Websockets())
    user_file = stage.folder / "users"
    user_file.write_text("someone:{PLAIN}something\n")
    server = stage.nginx(proxied(echo.address, f'auth_basic "chat"; auth_basic_user_file {user_file};'))
    user_file.chmod(0o644)
    wrong(stage, server.url(), exit_code=10)
    right(server.url(), "-H", "Authorization: Basic c29tZW9uZTpzb21ldGhpbmc=")


@case("P21", by="Turnout")
def upgrade_required(stage):
    config = '@LISTENER@\n[[route]]\nmatch = { path = "/**" }\necho = {}\n'
    wrong(stage, stage.turnout(config + "require_tls = true\n").url(), exit_code=10)
    right(stage.turnout(config).url())


@case("P21", by="Apache")
def upgrade_required_and_stripped(stage):
    # Apache takes Upgrade out of the backend's 426.
    wants = page(status="426 Upgrade Required", upgrade="tcp", connection="Upgrade")
    backend = stage.keep(Scripted(lambda ask: any_token(ask) if ask.token == "tcp" else wants))
    wrong(stage, stage.apache(f"ProxyPass / http://{backend.address}/ upgrade=websocket").url(), exit_code=10)
    right(stage.apache(f"ProxyPass / http://{backend.address}/ upgrade=ANY").url(scheme="http"), "--token", "tcp")


@case("P25", by="nghttpx")
def upstream_h2_only(stage):
    echo = stage.keep(Websockets())
    # A backend that speaks HTTP/2 without extended CONNECT, and one that speaks HTTP/1.1.
    h2_only = stage.h2o('        file.dir: "@HTML@"\n')
    wrong(stage, stage.nghttpx(f"127.0.0.1,{h2_only.port};;proto=h2").url(), "--timeout", 2)
    right(stage.nghttpx(f"127.0.0.1,{echo.port};;proto=http/1.1").url(), "--timeout", 2)


IIS = {"server": "Microsoft-IIS/10.0"}


@case("P28", by="a script")
def iis_module_conflict(stage):
    wrong(stage, stage.keep(Scripted(lambda ask: page(status="400 Bad Request", **IIS) if ask.token else page(**IIS))).url(),
          exit_code=10)
    right(stage.keep(Scripted(lambda ask: websocket_echo(ask, "Server: Microsoft-IIS/10.0") if ask.wants_websocket
                              else page(**IIS))).url())


@case("P29", by="a script")
def iis_feature_missing(stage):
    wrong(stage, stage.keep(Scripted(lambda _: page(**IIS))).url(), exit_code=10)
    right(stage.keep(Scripted(lambda ask: websocket_echo(ask, "Server: Microsoft-IIS/10.0") if ask.wants_websocket
                              else page(**IIS))).url())


def broken_compression(ask, server):
    """permessage-deflate is agreed on, and what comes back is no deflate."""
    if not ask.wants_websocket:
        return page(server=server)
    if not ask.get("sec-websocket-extensions"):
        return websocket_echo(ask, f"Server: {server}")
    return websocket_echo(ask, f"Server: {server}", "Sec-WebSocket-Extensions: permessage-deflate; "
                          "server_no_context_takeover; client_no_context_takeover",
                          every_frame=lambda first, payload: (first | 0x40, b"\xff" * 20))


def sound_compression(ask):
    if not ask.wants_websocket:
        return page(server="Microsoft-IIS/10.0")
    return websocket_echo(ask, "Server: Microsoft-IIS/10.0", "Sec-WebSocket-Extensions: permessage-deflate; "
                          "server_no_context_takeover; client_no_context_takeover")


@case("P30", by="a script")
def arr_compression(stage):
    wrong(stage, stage.keep(Scripted(lambda ask: broken_compression(ask, "Microsoft-IIS/10.0"))).url(), exit_code=12)
    right(stage.keep(Scripted(sound_compression)).url())


@case("P58", by="a script")
def compression_desync(stage):
    wrong(stage, stage.keep(Scripted(lambda ask: broken_compression(ask, "app/1.0"))).url(), exit_code=12)
    right(stage.keep(Websockets()).url())


@case("P31", by="nginx")
def too_many_connections(stage):
    echo = stage.keep(Websockets())
    http = "limit_req_zone $binary_remote_addr zone=clients:1m rate={}; limit_req_status 429;"
    wrong(stage, stage.nginx(proxied(echo.address, "limit_req zone=clients;"), http=http.format("1r/m")).url(),
          exit_code=10)
    right(stage.nginx(proxied(echo.address, "limit_req zone=clients burst=100 nodelay;"), http=http.format("1000r/s")).url())


@case("P31", by="HAProxy")
def too_many_connections_haproxy(stage):
    echo = stage.keep(Websockets())
    def rules(most):
        return "    stick-table type ip size 1k expire 1m store http_req_rate(1m)\n    http-request track-sc0 src\n" \
               f"    http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt {most} }}\n"
    wrong(stage, stage.haproxy(rules(1), echo.address).url(), exit_code=10)
    right(stage.haproxy(rules(1000), echo.address).url())
