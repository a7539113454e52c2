"""Causes on the way: what proxies do to the offer, to the answer, or instead of passing either on."""
from backends import Scripted, Websockets, any_token, nobody, page, tls_context, websocket_echo
from case import case, right, wrong

NGINX_UPGRADE = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; " \
                "proxy_set_header Connection $connection_upgrade;"


def proxied(backend, more="", upgrade=NGINX_UPGRADE, scheme="http"):
    return f"location / {{ proxy_pass {scheme}://{backend}; {upgrade} {more} }}"


TURNOUT_ECHO = """@LISTENER@
[[route]]
match = { path = "/**" }
echo = {}
"""


@case("P01", by="nginx")
def hop_headers_stripped(stage):
    echo = stage.keep(Websockets())
    wrong(stage, stage.nginx(proxied(echo.address, upgrade="proxy_http_version 1.1;")).url(), exit_code=10)
    right(stage.nginx(proxied(echo.address)).url())


@case("P01", by="Apache")
def hop_headers_stripped_apache(stage):
    echo = stage.keep(Websockets())
    wrong(stage, stage.apache(f"ProxyPass / http://{echo.address}/").url(), exit_code=10)
    right(stage.apache(f"ProxyPass / http://{echo.address}/ upgrade=websocket").url())


@case("P01", by="h2o")
def hop_headers_stripped_h2o(stage):
    echo = stage.keep(Websockets())
    path = f'        proxy.reverse.url: "http://{echo.address}/"\n'
    wrong(stage, stage.h2o(path).url(), exit_code=10)
    right(stage.h2o(path + "        proxy.websocket: ON\n        proxy.websocket.timeout: 300000\n").url())


@case("P01", by="lighttpd")
def hop_headers_stripped_lighttpd(stage):
    echo = stage.keep(Websockets())
    text = f'proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => {echo.port} )) )\n'
    wrong(stage, stage.lighttpd(text, ("proxy",)).url(), exit_code=10)
    right(stage.lighttpd(text + 'proxy.header = ( "upgrade" => "enable" )', ("proxy",)).url())


@case("P02", by="nginx")
def connection_token_missing(stage):
    echo = stage.turnout(TURNOUT_ECHO)
    wrong(stage, stage.nginx(proxied(echo.address, upgrade="proxy_http_version 1.1; proxy_set_header Host $http_host; "
                                                           "proxy_set_header Upgrade $http_upgrade;")).url(),
          exit_code=10)
    right(stage.nginx(proxied(echo.address, "proxy_set_header Host $http_host;")).url())


@case("P03", by="nginx")
def upgrade_header_lost_in_response(stage):
    echo = stage.keep(Websockets())
    wrong(stage, stage.nginx(proxied(echo.address, "proxy_hide_header Upgrade;")).url(), exit_code=11)
    right(stage.nginx(proxied(echo.address)).url())


@case("P04", by="nginx")
def http10_hop(stage):
    echo = stage.keep(Websockets())
    upgrade = "proxy_http_version 1.0; proxy_set_header Upgrade $http_upgrade; " \
              "proxy_set_header Connection $connection_upgrade;"
    wrong(stage, stage.nginx(proxied(echo.address, upgrade=upgrade)).url(), exit_code=10)
    right(stage.nginx(proxied(echo.address)).url())


@case("P04", by="Apache")
def http10_hop_apache(stage):
    echo = stage.keep(Websockets())
    proxy = f"ProxyPass / http://{echo.address}/ upgrade=websocket\n"
    wrong(stage, stage.apache(f"ProxyPass / http://{echo.address}/\nSetEnv downgrade-1.0 1\nSetEnv force-response-1.0 1\n").url(), exit_code=10)
    right(stage.apache(proxy).url())


@case("P13", by="nginx")
def forward_auth_broken(stage):
    echo = stage.keep(Websockets())
    auth = stage.keep(Scripted(lambda ask: page(status="400 Bad Request") if ask.token else page(b"")))
    def front(more):
        return stage.nginx(f"location = /auth {{ internal; proxy_pass http://{auth.address}; {more} }}\n" +
                           proxied(echo.address, "auth_request /auth;"), server=NGINX_UPGRADE)
    wrong(stage, front("").url(), exit_code=10)
    right(front('proxy_http_version 1.1; proxy_set_header Upgrade ""; proxy_set_header Connection "";').url())


@case("P22", by="HAProxy")
def error_rewritten(stage):
    def script(ask, is_valid):
        if not ask.wants_websocket:
            return page()
        return websocket_echo(ask) if is_valid else b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
    broken = stage.keep(Scripted(lambda ask: script(ask, False)))
    sound = stage.keep(Scripted(lambda ask: script(ask, True)))
    wrong(stage, stage.haproxy("", broken.address).url(), exit_code=10)
    right(stage.haproxy("", sound.address).url())


@case("P23", by="nginx")
def no_healthy_upstream(stage):
    echo = stage.keep(Websockets())
    wrong(stage, stage.nginx(proxied(f"127.0.0.1:{nobody()}")).url(), exit_code=10)
    right(stage.nginx(proxied(echo.address)).url())


@case("P23", by="HAProxy")
def no_healthy_upstream_haproxy(stage):
    echo = stage.keep(Websockets())
    wrong(stage, stage.haproxy("", f"127.0.0.1:{nobody()}").url(), exit_code=10)
    right(stage.haproxy("", echo.address).url())


@case("P24", by="nginx")
def upstream_tls_mismatch(stage):
    echo = stage.keep(Websockets())
    secure = stage.nginx(proxied(echo.address), tls=True)
    wrong(stage, stage.nginx(proxied(f"127.0.0.1:{secure.tls_port}")).url(), exit_code=10)
    right(stage.nginx(proxied(f"127.0.0.1:{secure.tls_port}", scheme="https")).url())


@case("P24", by="Apache")
def upstream_tls_mismatch_apache(stage):
    echo = stage.keep(Websockets())
    secure = stage.apache(f"ProxyPass / http://{echo.address}/ upgrade=websocket", tls=True)
    wrong(stage, stage.nginx(proxied(f"127.0.0.1:{secure.tls_port}")).url(), exit_code=10)
    right(stage.nginx(proxied(f"127.0.0.1:{secure.tls_port}", scheme="https")).url())


@case("P26", by="lighttpd")
def held_back(stage):
    # lighttpd waits for the rest of an answer whose 101 does not say what to.
    def front(backend):
        return stage.lighttpd(f'proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => {backend.port} )) )\n'
                              'proxy.header = ( "upgrade" => "enable" )', ("proxy",))
    def silent(ask):
        if not ask.wants_websocket:
            return page()
        ask.socket.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        ask.socket.recv(65536)
        return None
    wrong(stage, front(stage.keep(Scripted(silent))).url(), "--timeout", 1, exit_code=13)
    right(front(stage.keep(Websockets())).url(), "--timeout", 1)


@case("P27", by="a script")
def proxy_of_somebody_else(stage):
    denied = page(status="403 Forbidden", server="squid/5.7", via="1.1 gateway.example (squid/5.7)",
                  x_squid_error="ERR_ACCESS_DENIED 0")
    wrong(stage, stage.keep(Scripted(lambda ask: denied if ask.token else page())).url(), exit_code=10)
    wrong(stage, stage.keep(Scripted(lambda _: page(status="407 Proxy Authentication Required",
                                                    proxy_authenticate="Basic"))).url(), exit_code=10)
    right(stage.keep(Scripted(lambda ask: websocket_echo(ask, "Via: 1.1 gateway.example (squid/5.7)")
                              if ask.wants_websocket else page())).url())
