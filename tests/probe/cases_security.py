"""What --security looks for. Where one server has several holes, the others are closed on it."""
from backends import Scripted, Websockets, any_token, page, websocket_echo
from case import case, right, wrong
from cases_request import websocket_or_page
from cases_way import proxied

ONLY_WEBSOCKET = "map $http_upgrade $websocket { websocket websocket; default ''; }"
UPGRADE_WEBSOCKET = "proxy_http_version 1.1; proxy_set_header Upgrade $websocket; " \
                    "proxy_set_header Connection $connection_upgrade;"
OWN_PAGES = 'if ($http_origin ~ invalid) { return 403; }'
CLOSES = "keepalive_timeout 0;"  # no second request on a connection


@case("P60", by="nginx")
def any_token_tunnel(stage):
    backend = stage.keep(Scripted(any_token))
    wrong(stage, stage.nginx(proxied(backend.address, OWN_PAGES), server=CLOSES).url(), "--security", exit_code=14)
    right(stage.nginx(proxied(backend.address, OWN_PAGES, upgrade=UPGRADE_WEBSOCKET), http=ONLY_WEBSOCKET,
                      server=CLOSES).url(), "--security")


@case("P61", by="nginx")
def h2c_smuggle(stage):
    origin = stage.lighttpd("")
    passed_on = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; " \
                "proxy_set_header Connection $http_connection;"
    wrong(stage, stage.nginx(proxied(origin.address, upgrade=passed_on), server=CLOSES).url(scheme="http"), "--token",
          "h2c", "--security", exit_code=14)
    right(stage.nginx(proxied(stage.keep(Websockets()).address, OWN_PAGES, upgrade=UPGRADE_WEBSOCKET),
                      http=ONLY_WEBSOCKET, server=CLOSES).url(), "--security")


@case("P61", by="HAProxy")
def h2c_smuggle_in_tls(stage):
    # HAProxy passes any offer on, h2c included, also out of TLS.
    origin = stage.lighttpd("")
    wrong(stage, stage.haproxy("", origin.address, tls=True, options="    option httpclose").url(scheme="https"),
          "--security", exit_code=14)
    sound = stage.haproxy("    http-request del-header Upgrade unless { req.hdr(Upgrade) -i websocket }\n"
                          "    http-request deny if { req.hdr(Origin) -m sub invalid }\n",
                          stage.keep(Websockets()).address, tls=True, options="    option httpclose")
    right(sound.url(scheme="wss"), "--security")


def refuses_versions(ask):
    """A backend's own answer, which a proxy has to pass on and then go on in HTTP."""
    if ask.method == "CONNECT":
        return page(status="405 Method Not Allowed", server="origin/1.0")
    if not ask.wants_websocket:
        return page(server="origin/1.0")
    if ask.get("sec-websocket-version") != "13":
        return page(status="426 Upgrade Required", upgrade="websocket", sec_websocket_version="13", server="origin/1.0")
    if "invalid" in ask.get("origin"):
        return page(status="403 Forbidden", server="origin/1.0")
    return websocket_echo(ask, "Server: origin/1.0")


@case("P62", by="a script")
def tunnel_without_101(stage):
    def front(is_fooled):
        # A proxy that blocks "/" from outside, and after any offer of WebSocket opens a tunnel, whatever the answer.
        def script(ask):
            if ask.wants_websocket and (is_fooled or ask.get("sec-websocket-version") == "13"):
                state["tunnel"] = True
                return refuses_versions(ask)
            blocked = page(status="403 Forbidden", server="front/1.0", connection="close")
            if ask.method == "CONNECT" or ask.token or ask.target != "/":
                return blocked
            return refuses_versions(ask) if state.pop("tunnel", False) else blocked
        state = {}
        return stage.keep(Scripted(script))
    wrong(stage, front(True).url("/"), "--security", exit_code=14)
    right(front(False).url("/"), "--security")


@case("P63", by="python3-websockets")
def foreign_origin(stage):
    wrong(stage, stage.keep(Websockets()).url(), "--security", exit_code=14)
    right(stage.keep(Websockets(origins=[None, "https://app.example"])).url(), "--origin", "https://app.example",
          "--security")


@case("P64", by="HAProxy")
def connect_kept_open(stage):
    backend = stage.keep(Scripted(refuses_versions))
    wrong(stage, stage.haproxy("", backend.address).url(), "--security", exit_code=14)
    right(stage.haproxy("    http-request reject if METH_CONNECT\n", backend.address,
                        options="    option httpclose").url(), "--security")


@case("P65", by="nginx")
def optimistic_accepted(stage):
    backend = stage.keep(Scripted(refuses_versions))
    def front(server):
        return stage.nginx(proxied(backend.address, upgrade=UPGRADE_WEBSOCKET), http=ONLY_WEBSOCKET, server=server)
    wrong(stage, front("").url(), "--security", exit_code=14)
    right(front(CLOSES).url(), "--security")
