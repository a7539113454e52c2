"""The program itself: what it prints, how it ends, what it does to a terminal, and that Turnout is sound."""
import json
import os
import pathlib
import pty
import re
import select
import subprocess
import time

import schema
from backends import Frames, Scripted, Websockets, any_token, nobody, page, tls_context, websocket_echo
from case import case, probe, run
from cases_request import websocket_or_page
from cases_way import TURNOUT_ECHO

ROOT = pathlib.Path(__file__).resolve().parents[2]


def check(condition, *seen):
    if not condition:
        raise AssertionError("\n".join(map(str, seen)))


def one_line(done, exit_code):
    check(done.returncode == exit_code and not done.stdout and done.stderr.count("\n") == 1, done)


@case(None, by="Turnout")
def turnout_is_sound(stage):
    certificate, key = stage.certificate()
    server = stage.turnout(TURNOUT_ECHO.replace("@LISTENER@", f"""@LISTENER@
tls_upgrade = "compatible"
tls = [{{ certificate = "{certificate}", key = "{key}" }}]
"""))
    began = time.monotonic()
    for scheme in ("http", "ws"):
        report = probe(server.url("/", scheme))
        check(report["exit_code"] == 0 and not report["findings"], report["verdict"])
        rows = {(one["token"], one["over"]): one["result"] for one in report["rows"]}
        check(set(rows.values()) == {"sound"}, rows)
        check(rows.keys() == {("websocket", "HTTP/1.1"), ("h2c", "HTTP/1.1"), ("HTTP/2.0", "HTTP/1.1"),
                              ("TLS", "HTTP/1.1"), ("h2", "prior knowledge"), ("websocket", "HTTP/2")}, rows)
    check(time.monotonic() - began < 4, "over 2 s each")
    report = probe(server.url(), "--security")
    check(report["exit_code"] == 0, report["findings"])


@case(None, by="Turnout")
def turnout_is_sound_in_tls(stage):
    certificate, key = stage.certificate()
    server = stage.turnout(TURNOUT_ECHO.replace("@LISTENER@", f"""@LISTENER@
tls = [{{ certificate = "{certificate}", key = "{key}" }}]
"""))
    report = probe(f"wss://127.0.0.1:{server.port}/")
    rows = {(one["token"], one["over"]): one["result"] for one in report["rows"]}
    check(rows == {("websocket", "HTTP/1.1"): "sound", ("h2", "ALPN"): "sound", ("websocket", "HTTP/2"): "sound"}, rows)
    one_line(run("probe", f"wss://127.0.0.1:{server.port}/"), 13)  # nobody vouches for the certificate


@case(None, by="Turnout")
def faults_are_one_line(stage):
    one_line(run("probe", "ftp://example.com/"), 2)
    one_line(run("probe", "http://user:secret@example.com/"), 2)
    one_line(run("probe", "ws://127.0.0.1/", "--token", "a b"), 2)
    one_line(run("probe", "ws://127.0.0.1/", "--hold", "soon"), 2)
    one_line(run("probe", "ws://127.0.0.1/", "-H", "no field"), 2)
    one_line(run("probe", "ws://127.0.0.1/", "-H", "X: a\r\nY: b"), 2)
    one_line(run("probe", f"ws://127.0.0.1:{nobody()}/"), 13)
    one_line(run("probe", "ws://nothing.invalid/"), 13)
    silent = stage.keep(Scripted(lambda ask: time.sleep(3)))
    one_line(run("probe", silent.url(), "--timeout", "0.2"), 13)
    plain = stage.keep(Scripted(websocket_or_page))
    one_line(run("probe", plain.url(scheme="wss"), "--timeout", "2"), 13)
    check(run("probe").returncode == 2, "no URL")


@case(None, by="a script")
def nothing_steers_the_terminal(stage):
    nasty = "\x1b]0;owned\x07\x1b[2J\x9b31m"
    head = f"HTTP/1.1 404 {nasty}\r\nServer: {nasty}\r\nVia: {nasty}\r\nContent-Length: 8\r\n\r\n".encode("latin-1")
    server = stage.keep(Scripted(lambda ask: head + b"\x1b[2Jabcd"))
    for extra in ((), ("-v",), ("--json",)):
        done = run("probe", server.url(), *extra)
        check(done.returncode == 10, done.returncode, done.stdout, done.stderr)
        check(not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f�]", done.stdout + done.stderr), repr(done.stdout))


def on_a_terminal(arguments, environment, typed=b"", until=None):
    """What the program writes where standard output and error are a terminal."""
    parent, child = pty.openpty()
    program = subprocess.Popen([os.environ["TURNOUT_PROGRAM"], *arguments], stdin=child if typed else subprocess.DEVNULL,
                               stdout=child, stderr=child, env={**os.environ, "TERM": "xterm", **environment})
    os.close(child)
    seen = b""
    deadline = time.monotonic() + 20
    if typed:
        os.write(parent, typed)
    try:
        while time.monotonic() < deadline:
            if not select.select([parent], [], [], 0.2)[0]:
                if program.poll() is not None:
                    break
                continue
            try:
                more = os.read(parent, 65536)
            except OSError:  # the other side is gone
                break
            seen += more
            if until and until in seen:
                until = None
                os.write(parent, b"\x04")  # the end of what is typed
        program.wait(5)
    finally:
        if program.poll() is None:
            program.kill()
            program.wait()
        os.close(parent)
    return seen.decode(errors="replace"), program.returncode


@case(None, by="Turnout")
def colours_are_for_terminals(stage):
    url = stage.turnout(TURNOUT_ECHO).url()
    plain, _ = on_a_terminal(["probe", url], {"NO_COLOR": "1"})
    coloured, _ = on_a_terminal(["probe", url], {"NO_COLOR": ""})
    colour = "\x1b[1;32msound"
    check(colour in coloured and colour not in plain and "sound: websocket" in plain, plain, coloured)
    check("\r\x1b[K" in coloured, "no progress line")
    check("\x1b" not in run("probe", url).stdout, "colours in a pipe")


@case(None, by="python3-websockets")
def connect_speaks_websocket(stage):
    echo = stage.keep(Websockets())
    done = run("connect", echo.url(), input="one\nzwei ä\nlast")
    check(done.returncode == 0 and done.stdout == "one\nzwei ä\nlast\n" and "close 1000" in done.stderr, done)
    data = "".join(chr(each) for each in range(128) if each != 13) * 1000
    done = run("connect", echo.url(), "--binary", input=data)
    check(done.returncode == 0 and done.stdout == data, len(done.stdout), done.stderr)
    check(run("connect", stage.keep(Scripted(lambda _: page())).url()).returncode == 10)
    closing = stage.keep(Scripted(lambda ask: _close(ask)))
    done = run("connect", closing.url())
    check(done.returncode == 12 and "close 1008 not today" in done.stderr and "ping" in done.stderr, done)


def _close(ask):
    ask.socket.sendall(ask.switch())
    frames = Frames(ask)
    frames.send(0x89, b"")
    frames.send(0x88, (1008).to_bytes(2, "big") + b"not today")
    frames.read()


@case(None, by="a script")
def connect_passes_any_protocol_through(stage):
    done = run("connect", stage.keep(Scripted(any_token)).url(scheme="http"), "--token", "tcp", input="what comes back")
    check(done.returncode == 0 and done.stdout == "what comes back" and "has ended" in done.stderr, done)


@case(None, by="python3-websockets")
def connect_on_a_terminal(stage):
    echo = stage.keep(Websockets())
    seen, code = on_a_terminal(["connect", echo.url()], {}, typed="grüße\n".encode(), until="grüße\r\ngrüße".encode())
    check(code == 0 and "close 1000" in seen, repr(seen), code)
    nasty = stage.keep(Scripted(lambda ask: _say(ask, "ä\x1b[2J\u202eb".encode())))
    seen, code = on_a_terminal(["connect", nasty.url()], {}, typed=b"x\n")
    check("ä\\x1b[2J\\xe2\\x80\\xaeb" in seen and "\x1b" not in seen, repr(seen))


def _say(ask, text):
    ask.socket.sendall(ask.switch())
    frames = Frames(ask)
    frames.send(0x81, text)
    frames.send(0x88, (1000).to_bytes(2, "big"))
    frames.read()


@case(None, by="Turnout")
def explain_knows_causes_and_statuses(stage):
    everything = run("explain").stdout
    check(len(everything.splitlines()) >= 45, everything)
    for name in ("P06", "p06", "no-extended-connect"):
        check("RFC 8441" in run("explain", name).stdout, name)
    check("P21" in run("explain", "426").stdout and "P54" in run("explain", "1009").stdout)
    one_line(run("explain", "P99"), 2)


@case(None, by="Turnout")
def json_is_as_its_schema_says(stage):
    described = json.loads((ROOT / "docs" / "probe.schema.json").read_text())
    sound = probe(stage.turnout(TURNOUT_ECHO).url(), "--hold", "200ms", "--security", "--message-bytes", 1000)
    declined = probe(stage.keep(Scripted(lambda _: page())).url())
    refused = json.loads(run("probe", f"ws://127.0.0.1:{nobody()}/", "--json").stdout)
    for report in (sound, declined, refused):
        check(next(iter(report)) == "version", "version is not the first")
        faults = list(schema.faults(report, described))
        check(not faults, *faults)
    check(list(schema.faults({"version": "1"}, described)), "the schema takes anything")


@case(None, by="nginx")
def compare_names_the_hop(stage):
    echo = stage.keep(Websockets())
    front = stage.nginx(f"location / {{ proxy_pass http://{echo.address}; proxy_http_version 1.1; }}")
    done = run("probe", front.url(), "--compare", echo.url())
    check(done.returncode == 10 and "P01" in done.stdout and "nginx" in done.stdout and "map $http_upgrade" in done.stdout,
          done.stdout)
    check(f"{echo.address}" in done.stdout, done.stdout)


@case(None, by="Turnout")
def snippets_for_turnout_are_valid(stage):
    upstream = '[[upstream]]\nname = "backend"\nservers = ["http://127.0.0.1:9000"]\n'
    listener = '[[listener]]\naddress = "127.0.0.1:0"\n'
    checked = 0
    for cause in json.loads(run("explain", "--json").stdout):
        for fix in cause["fixes"]:
            text = fix["text"]
            if fix["product"] != "Turnout" or text.startswith("#"):
                continue
            if text.startswith("[[upstream]]"):
                config = listener + text
            elif text.startswith("[[route]]"):
                config = listener + upstream + text + ("" if "proxy" in text else "\necho = {}")
            elif text.startswith("["):
                config = listener + text
            elif text.startswith("proxy"):
                config = listener + upstream + '[[route]]\nmatch = { path = "/**" }\n' + text
            elif text.startswith("limit"):
                config = listener + '[[route]]\nmatch = { path = "/**" }\necho = {}\n' + text
            else:
                config = text + "\n" + listener
            file = stage.folder / f"{cause['id']}.toml"
            file.write_text(config + "\n")
            done = run("check", file)
            check(done.returncode == 0, cause["id"], config, done.stderr)
            checked += 1
    check(checked >= 8, checked)
