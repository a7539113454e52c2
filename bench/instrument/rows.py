"""The rows of the table: what is measured, on whom, and what Turnout has to reach."""

import dataclasses
import json
import re
import subprocess

from instrument.servers import LOAD_CORE, cpu_ns, user_memory_bytes


@dataclasses.dataclass(frozen=True)
class Target:
    """`ratio` is peer's value / Turnout's: at least so much. None: ahead or level. Several peers: each of them."""
    peers: tuple
    ratio: float | None = None
    ahead: bool = False

    def text(self):
        return "ahead" if self.ahead else "ahead or level" if self.ratio is None else f"{self.ratio:g}"


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    title: str
    unit: str
    servers: tuple
    measure: object                  # (bench, server, options) -> Sample
    targets: tuple = ()
    needs_backend: bool = False
    group: str = ""
    fixture: str = ""                # "delay": the backend is 20 ms away; "capacity": see latency_row; "spread": the
                                     # backend has all of 127/8
    fresh: bool = False              # each server is started anew for each round: memory that was used stays with it


@dataclasses.dataclass
class Sample:
    value: float
    more: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Options:
    seconds: float
    warm_up: float


class LoadFailed(Exception):
    pass


def run_load(bench, arguments, options, namespace=None):
    command = ["taskset", "-c", LOAD_CORE, *(["ip", "netns", "exec", namespace] if namespace else []),
               str(bench.tool("load")), *map(str, arguments),
               "--seconds", str(options.seconds), "--warm-up", str(options.warm_up)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    try:
        report = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise LoadFailed(f"load {arguments[0]}: {done.stdout[-300:]} {done.stderr[-600:]}") from None
    if done.returncode or report["errors"]:
        raise LoadFailed(f"load {arguments[0]}: {report['errors']} errors, the first: {report.get('first_error')}")
    return report


def cost(report, server, per=1000.0):
    """CPU of the server for each operation: µs (per=1000) or ns (per=1)."""
    spent = report["server_cpu_ns"][str(server.pid)]
    seconds = report["seconds"]
    return Sample(spent / report["operations"] / per,
                  {"throughput": report["operations"] / seconds, "latency_us": report["latency_us"],
                   "server_busy": spent / seconds / 1e9, "load_busy": report["load_cpu_ns"] / seconds / 1e9})


def load_row(mode, *arguments, port="port", per=1000.0):
    """A row whose value is the server's CPU for each operation of bench/load."""
    def measure(bench, server, options):
        report = run_load(bench, [mode, "--to", f"127.0.0.1:{getattr(server, port)}", "--cpu-of", server.pid, *arguments],
                          options)
        return cost(report, server, per)
    return measure


def h2load_row(connections, tls):
    def measure(bench, server, options):
        url = f"https://127.0.0.1:{server.https}/hello.txt" if tls else f"http://127.0.0.1:{server.http2}/hello.txt"
        # h2load's own window (-D) leaves out its connecting; what it spends before is a few of many thousand requests.
        command = ["taskset", "-c", LOAD_CORE, "h2load", "-c", str(connections), "-m", "32", "-D",
                   str(max(1, round(options.seconds))), url]
        before = cpu_ns(server.pid)
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        spent = cpu_ns(server.pid) - before
        counts = re.search(r"requests: (\d+) total, .* (\d+) succeeded, (\d+) failed", done.stdout)
        seconds = re.search(r"finished in ([0-9.]+)s", done.stdout)
        if not counts or not seconds or int(counts[2]) == 0 or int(counts[3]) > int(counts[2]) // 1000:
            raise LoadFailed(f"h2load: {done.stdout[-500:]} {done.stderr[-300:]}")
        operations = int(counts[2])
        return Sample(spent / operations / 1000, {"throughput": operations / float(seconds[1])})
    return measure


def latency_row(share, percentile):
    """Open loop: the same rate for every server, a share of what the slowest of them can do."""
    def measure(bench, server, options):
        report = run_load(bench, ["requests", "--to", f"127.0.0.1:{server.port}", "--connections", 64, "--path",
                                  "/proxied/hello", "--rate", int(bench.capacity * share), "--cpu-of", server.pid], options)
        return Sample(report["latency_us"][percentile], {"latency_us": report["latency_us"], "rate": int(bench.capacity * share)})
    return measure


def slab_bytes():
    with open("/proc/meminfo", encoding="ascii") as meminfo:
        return sum(int(line.split()[1]) * 1024 for line in meminfo if line.startswith("Slab:"))


OPENING_AT_ONCE = 128  # as in bench/load/run.cpp


def memory_row(kind, port, path="/hello.txt", count=4000):
    """Growth of resident memory for each idle connection. As many as are opened at the same time are opened and closed
    before, so that neither what the first of its kind loads nor what opening needs for a moment is counted."""
    def measure(bench, server, options):
        def hold(connections):
            return subprocess.Popen(
                ["taskset", "-c", LOAD_CORE, str(bench.tool("load")), "idle", "--kind", kind, "--connections", str(connections),
                 "--to", f"127.0.0.1:{getattr(server, port)}", "--path", path,
                 *(["--protocol", "tcp"] if kind == "tunnel" else [])],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        def opened(holder, connections):
            line = holder.stdout.readline()
            if not line or json.loads(line).get("opened") != connections:
                holder.kill()
                raise LoadFailed(f"{kind} on {server.name}: {line} {holder.stderr.read()[-500:]}")

        def close(holder):
            holder.stdin.close()
            holder.stdout.read()
            holder.wait(60)

        first = hold(OPENING_AT_ONCE)
        opened(first, OPENING_AT_ONCE)
        close(first)
        before, slab = user_memory_bytes(server.pid), slab_bytes()
        holder = hold(count)
        opened(holder, count)
        after, slab_after = user_memory_bytes(server.pid), slab_bytes()
        close(holder)
        return Sample((after - before) / count / 1024,
                      {"resident_mib": after / 2**20, "resident_before_mib": before / 2**20,
                       "slab_kib_per_connection": (slab_after - slab) / count / 1024})
    return measure


def switch_time_row():
    def measure(bench, server, options):
        report = run_load(bench, ["switches", "--protocol", "websocket", "--to", f"127.0.0.1:{server.port}", "--connections", 8,
                                  "--path", "/proxied/echo", "--rate", 100, "--cpu-of", server.pid], options, namespace=bench.namespace)
        return Sample(report["latency_us"]["p50"] / 1000, {"latency_us": report["latency_us"]})
    return measure


def growth_row(few, many, mode, *arguments):
    """How much more an operation costs with `many` connections than with `few`."""
    def measure(bench, server, options):
        def one(connections):
            report = run_load(bench, [mode, "--to", f"127.0.0.1:{server.port}", "--connections", connections, "--cpu-of", server.pid,
                                      *arguments], options)
            return cost(report, server).value
        least, most = one(few), one(many)
        return Sample(most / least, {"few_us": least, "many_us": most})
    return measure


PEERS3 = ("turnout", "nginx", "haproxy")
RELAYS = ("turnout", "nginx", "haproxy", "floor, relay")
BULK = ("turnout", "nginx", "nginx, 64k buffers", "haproxy", "floor, relay")
ECHO = ("turnout", "ws", "floor, websocket")
LEVEL3 = (Target(("nginx", "haproxy")),)


def tunnels(connections, *more):
    return load_row("tunnels", "--protocol", "websocket", "--path", "/proxied/echo", "--connections", connections, *more)


def echo(message_bytes, *more):
    return load_row("tunnels", "--protocol", "websocket", "--path", "/echo", "--connections", 64 if message_bytes == 64 else 16,
                    "--message-bytes", message_bytes, *more)


def bulk(connections, protocol="websocket"):
    return load_row("bulk", "--protocol", protocol, "--path", "/proxied/bulk", "--connections", connections, per=1.0)


def requests(connections, path, *more, port="port"):
    return load_row("requests", "--connections", connections, "--path", path, *more, port=port)


def make_rows():
    rows = []

    def add(name, title, unit, servers, measure, *targets, **more):
        rows.append(Row(name, title, unit, servers, measure, tuple(targets), **more))

    for connections, nginx, haproxy in ((64, None, 1.25), (512, 1.15, 1.3)):
        add(f"requests-{connections}", f"HTTP/1.1 keep-alive, 13-byte answer, {connections} connections", "µs/request",
            ("turnout", "nginx", "h2o", "haproxy", "floor"), requests(connections, "/hello.txt"),
            Target(("nginx", "h2o"), nginx), Target(("haproxy",), haproxy), Target(("floor",), round(1 / 1.18, 3)), group="requests")
    for size, path in (("10 KB", "10k"), ("1 MB", "1m")):
        add(f"file-{path}", f"HTTP/1.1 keep-alive, file of {size}", "µs/request", ("turnout", "nginx", "h2o", "lighttpd"),
            requests(64 if path == "10k" else 16, f"/files/{path}.bin"), Target(("nginx", "h2o", "lighttpd")), group="files")
    add("http2", "HTTP/2, 8 connections of 32 streams, cleartext", "µs/request", ("turnout", "nginx", "h2o", "nghttpx"),
        h2load_row(8, False), Target(("nginx", "h2o", "nghttpx")), needs_backend=True, group="http2")
    add("http2-tls", "HTTP/2, 8 connections of 32 streams, TLS", "µs/request", ("turnout", "nginx", "h2o", "nghttpx"),
        h2load_row(8, True), Target(("nginx", "h2o", "nghttpx")), needs_backend=True, group="http2")
    add("handshakes", "TLS 1.3, new handshake and one request", "µs/connection", PEERS3,
        load_row("handshakes", "--connections", 16, "--tls", "--path", "/hello.txt", port="https"), *LEVEL3, group="tls")
    add("handshakes-resumed", "TLS 1.3, resumed handshake and one request", "µs/connection", PEERS3,
        load_row("handshakes", "--connections", 16, "--tls", "--resume", "--path", "/hello.txt", port="https"), *LEVEL3, group="tls")
    add("requests-tls", "HTTP/1.1 over TLS 1.3, 64 kept connections", "µs/request", PEERS3,
        requests(64, "/hello.txt", "--tls", port="https"), *LEVEL3, group="tls")
    add("proxied", "HTTP/1.1 proxied, pooled upstream, 64 connections", "µs/request", PEERS3, requests(64, "/proxied/hello"),
        Target(("nginx",), 1.05), Target(("haproxy",), 1.2), needs_backend=True, group="proxied")
    add("switches-h2c", "switches: connect, Upgrade: h2c, 101, SETTINGS, close", "µs/switch",
        ("turnout", "h2o", "nghttpx", "apache", "lighttpd"),
        load_row("switches", "--protocol", "h2c", "--path", "/hello.txt", "--connections", 64),
        Target(("h2o", "nghttpx", "apache", "lighttpd")), needs_backend=True, group="switches")
    add("switches-local", "switches: connect, WebSocket answered here, close", "µs/switch", ("turnout", "floor, websocket"),
        load_row("switches", "--protocol", "websocket", "--path", "/echo", "--connections", 64), group="switches")
    add("switches-proxied", "switches: connect, WebSocket through the proxy, close", "µs/switch", RELAYS,
        load_row("switches", "--protocol", "websocket", "--path", "/proxied/echo", "--connections", 64), *LEVEL3,
        needs_backend=True, group="switches")
    add("tunnel", "tunnel, messages of 64 bytes, 64 tunnels", "µs/message", RELAYS, tunnels(64),
        Target(("nginx",)), Target(("haproxy",), 1.15), needs_backend=True, group="tunnels")
    add("bulk-16", "tunnel of a WebSocket, bulk in frames of 64 KiB, 16 tunnels", "ns/byte", BULK, bulk(16),
        Target(("nginx",), 2.0), Target(("nginx, 64k buffers",), 1.4), Target(("haproxy",), 1.5), needs_backend=True, group="tunnels")
    add("bulk-16-raw", "tunnel of any token, bulk, 16 tunnels", "ns/byte", BULK, bulk(16, "tcp"), Target(("nginx",), 2.0),
        Target(("nginx, 64k buffers",), 1.4), Target(("haproxy",), 1.5), needs_backend=True, group="tunnels")
    add("bulk-1", "tunnel of a WebSocket, bulk in frames of 64 KiB, 1 tunnel", "ns/byte", BULK, bulk(1),
        Target(("nginx",), 2.0), Target(("haproxy",), 1.3), needs_backend=True, group="tunnels")
    h2tunnel_servers = ("turnout", "haproxy", "nghttpx", "apache")
    add("h2tunnels", "RFC 8441, 64 tunnels on one HTTP/2 connection, messages of 64 bytes", "µs/message", h2tunnel_servers,
        load_row("h2tunnels", "--streams", 64, "--path", "/proxied/echo", port="http2"),
        Target(h2tunnel_servers[1:], ahead=True), needs_backend=True, group="tunnels")
    add("h2tunnels-bulk", "RFC 8441, 16 tunnels on one HTTP/2 connection, bulk", "ns/byte", h2tunnel_servers,
        load_row("h2tunnels", "--streams", 16, "--bulk", "--path", "/proxied/bulk", port="http2", per=1.0),
        Target(h2tunnel_servers[1:], ahead=True), needs_backend=True, group="tunnels")
    for message_bytes, size in ((64, "64 B"), (65536, "64 KiB")):
        add(f"echo-{message_bytes}", f"WebSocket endpoint, echo of {size}", "µs/message", ECHO, echo(message_bytes),
            Target(("ws",), 3.0), Target(("floor, websocket",), round(1 / 1.5, 3)), group="echo")
        add(f"echo-{message_bytes}-deflate", f"WebSocket endpoint, echo of {size}, compressed", "µs/message", ECHO[:2],
            echo(message_bytes, "--deflate"), Target(("ws",), 3.0), group="echo")
    add("memory-tunnel", "user memory of an idle tunnel", "KiB", RELAYS, memory_row("tunnel", "port", "/proxied/echo"),
        Target(("nginx", "haproxy"), ahead=True), Target((), 1.0), needs_backend=True, group="memory", fresh=True)
    add("memory-keepalive", "user memory of an idle kept HTTP/1.1 connection", "KiB", PEERS3 + ("floor",),
        memory_row("keepalive", "port"), Target((), 1.0), group="memory", fresh=True)
    add("memory-tls", "user memory of an idle TLS connection", "KiB", PEERS3, memory_row("tls", "https", count=2000),
        Target(("nginx",)), group="memory", fresh=True)
    add("time-to-switch", "time to switch through a proxy, 20 ms to the backend", "ms", ("turnout, warm", "turnout", "nginx", "haproxy"),
        switch_time_row(), Target(("nginx", "haproxy"), round(1 / 0.6, 3)), needs_backend=True, group="latency", fixture="delay")
    for share in (50, 80):
        add(f"p99-{share}", f"p99 latency of proxied requests at {share} % of capacity, open loop", "µs", PEERS3,
            latency_row(share / 100, "p99"), *LEVEL3, needs_backend=True, group="latency", fixture="capacity")
    add("growth-connections", "an operation with 9,000 connections / with 1,000", "times", ("turnout", "floor"),
        growth_row(1000, 9000, "requests", "--path", "/hello.txt"), Target(("floor",), round(1 / 1.1, 3)), group="growth")
    add("growth-tunnels", "a message with 9,000 tunnels open / with 1,000", "times", ("turnout", "floor, relay"),
        growth_row(1000, 9000, "tunnels", "--protocol", "websocket", "--path", "/proxied/echo"),
        Target(("floor, relay",), round(1 / 1.1, 3)), needs_backend=True, group="growth")
    add("growth-routes", "HTTP/1.1 keep-alive with 10,000 routes", "µs/request", ("turnout, 10,000 routes", "turnout, 10 routes"),
        requests(64, "/route/7"), Target(("turnout, 10 routes",), round(1 / 1.1, 3)), group="growth")
    add("growth-servers", "HTTP/1.1 proxied to 1,000 upstream servers", "µs/request", ("turnout, 1,000 servers", "turnout, 1 server"),
        requests(64, "/spread/hello"), Target(("turnout, 1 server",), round(1 / 1.1, 3)), needs_backend=True, group="growth",
        fixture="spread")
    return rows
