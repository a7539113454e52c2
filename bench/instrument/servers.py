"""The servers of the comparison: how each is started, pinned to one core, and stopped again."""

import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent.parent
PROJECT = HERE.parent
BUILD = PROJECT / "build-bench"
SERVER_CORE, LOAD_CORE = "0", "1"


class Missing(Exception):
    """A program that a row needs is not on this machine."""


def free_port():
    """Below the ports that connections get by themselves: a load of 9,000 of them must not sit on it."""
    while True:
        with socket.socket() as listener:
            with contextlib.suppress(OSError):
                listener.bind(("127.0.0.1", random.randrange(10_000, 30_000)))
                return listener.getsockname()[1]


def make_folder(folder):
    """What every server serves: a certificate, the small page, and files of 10 KB and 1 MB."""
    files = folder / "files"
    for directory in (files, folder / "root"):
        directory.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    (files / "hello.txt").write_bytes(b"Hello, world!")
    (files / "10k.bin").write_bytes(bytes(range(250)) * 40)
    (files / "1m.bin").write_bytes(bytes(range(250)) * 4000)
    (folder / "root" / "hello.txt").symlink_to("../files/hello.txt")
    (folder / "root" / "files").symlink_to("../files")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", folder / "key.pem", "-out", folder / "certificate.pem", "-days", "30",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                   check=True, capture_output=True)
    (folder / "both.pem").write_text((folder / "certificate.pem").read_text() + (folder / "key.pem").read_text())
    (folder / "key.pem").chmod(0o644)


def many_routes(count):
    return "".join(f'[[route]]\nmatch = {{ path = "/route/{i}" }}\nrespond = {{ body = "{i}" }}\n' for i in range(count))


def many_servers(count, backend):
    servers = ", ".join(f'"http://127.{1 + i // 250}.0.{1 + i % 250}:{backend.port}"' for i in range(count))
    return (f'[[route]]\nmatch = {{ path = "/spread/**" }}\nproxy = {{ to = "many" }}\n'
            f'[[upstream]]\nname = "many"\nservers = [{servers}]\nkeep_alive_connections_max = 1024\n')


class Process:
    """A running server. `pid` is the root of the tree whose CPU and memory are the server's."""

    def __init__(self, name, command, port, log, namespace=None, core=SERVER_CORE):
        self.name, self.port, self.log = name, port, log
        inside = ["ip", "netns", "exec", namespace] if namespace else []
        with open(log, "ab") as output:
            self.process = subprocess.Popen(["taskset", "-c", core, *inside, *map(str, command)], stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output, start_new_session=True)
        self.pid = self.process.pid

    def await_port(self, address="127.0.0.1", seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.output()}")
            try:
                socket.create_connection((address, self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"{self.name} does not listen on port {self.port}:\n{self.output()}")

    def output(self):
        return pathlib.Path(self.log).read_text(errors="replace")[-2000:]

    def stop(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.pid, how)
            except ProcessLookupError:
                pass
            try:
                self.process.wait(5)
                break
            except subprocess.TimeoutExpired:
                pass


def program(name, *places):
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *places]))
    if not found:
        raise Missing(name)
    return found


class Bench:
    """What the rows of one run have in common: the folder, the backend, the program under test."""

    def __init__(self, folder, turnout):
        self.folder, self.turnout = folder, turnout
        self.counter = 0

    def log(self, name):
        self.counter += 1
        return self.folder / f"{self.counter}-{name}.log"

    def tool(self, name):
        return BUILD / name

    def backend(self, address="127.0.0.1", namespace=None):
        port = free_port()
        process = Process("backend", [self.tool("load"), "backend", "--listen", f"{address}:{port}"], port,
                          self.log("backend"), namespace, LOAD_CORE)
        return process

    def render(self, template, name, ports, backend_address, **more):
        name = re.sub(r"[^a-z0-9]+", "-", name)
        values = {"FOLDER": self.folder, "NAME": name, "BACKEND": backend_address, "MODULES": "/usr/lib/apache2/modules",
                  "BACKEND_HOST": backend_address.split(":")[0], "BACKEND_PORT": backend_address.split(":")[1],
                  "MORE": "", "BUFFERS": "", "PROXY": "", "GLOBAL": "", **ports, **more}
        text = (HERE / "peers" / template).read_text()
        for key, value in values.items():
            text = text.replace(f"@{key}@", str(value))
        path = self.folder / f"{name}-{template}"
        path.write_text(text)
        return path

    def start(self, name, backend, backend_address=None, namespace=None):
        """Starts the server of that name; its ports are .port (HTTP), .https and .http2 (prior knowledge)."""
        ports = {key: free_port() for key in ("HTTP", "HTTPS", "HTTP2")}
        backend_address = backend_address or f"127.0.0.1:{backend.port}"
        listen = f"127.0.0.1:{ports['HTTP']}"

        def rendered(template, **more):
            return self.render(template, name, ports, backend_address, **more)

        http2 = "HTTP"
        if name.startswith("turnout"):
            more = {"turnout": lambda: "",
                    "turnout, warm": lambda: "warm = 32",
                    "turnout, 10 routes": lambda: many_routes(10),
                    "turnout, 10,000 routes": lambda: many_routes(10_000),
                    "turnout, 1 server": lambda: many_servers(1, backend),
                    "turnout, 1,000 servers": lambda: many_servers(1000, backend)}[name]()
            command = [self.turnout, "serve", rendered("turnout.toml", MORE=more)]
        elif name.startswith("nginx"):
            large = name == "nginx, 64k buffers"
            command = [program("nginx"), "-p", self.folder, "-c", rendered(
                "nginx.conf", BUFFERS="Tunnels with buffers of 64 KiB." if large else "",
                PROXY="proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k;" if large else "")]
            http2 = "HTTP2"
        elif name == "haproxy":
            command = [program("haproxy"), "-db", "-f", rendered("haproxy.cfg")]
            http2 = "HTTP2"
        elif name == "h2o":
            command = [program("h2o"), "-m", "worker", "-c", rendered("h2o.conf")]
        elif name == "lighttpd":
            command = [program("lighttpd"), "-D", "-f", rendered("lighttpd.conf")]
        elif name == "nghttpx":
            command = [program("nghttpx"), "--conf", rendered("nghttpx.conf")]
        elif name == "apache":
            command = [program("apache2"), "-D", "FOREGROUND", "-f", rendered("apache.conf")]
        elif name == "ws":
            command = [program("node"), HERE / "peers" / "ws.mjs", ports["HTTP"], PROJECT / "tests" / "interop"]
        elif name == "floor":
            command = [self.tool("floor"), "http", "--listen", listen]
        elif name == "floor, websocket":
            command = [self.tool("floor"), "websocket", "--listen", listen]
        elif name == "floor, relay":
            command = [self.tool("floor"), "relay", "--listen", listen, "--backend", backend_address]
        else:
            raise ValueError(name)
        server = Process(name, command, ports["HTTP"], self.log(re.sub(r"[^a-z0-9]+", "-", name)), namespace)
        server.https, server.http2 = ports["HTTPS"], ports[http2]
        return server


def tree(root):
    """The process and all that descend from it."""
    children = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def cpu_ns(root):
    total = 0
    for pid in tree(root):
        for schedstat in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
            try:
                total += int(schedstat.read_text().split()[0])
            except OSError:
                pass
    return total


def user_memory_bytes(root):
    """Resident memory of the whole tree. Pages shared by its processes count once for each, as `ps` shows them."""
    total = 0
    for pid in tree(root):
        try:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))
    return total
