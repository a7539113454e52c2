"""The servers under test, each with its documented configuration for WebSocket (targets/), in front of all stages.

    with start("nginx", stages) as target:      # stages: {host: Stage and Path}
        target.http, target.http2, target.https, target.tls_upgrade
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "interop"))
import certificates  # noqa: E402
import server  # noqa: E402

PACKAGES = {"nginx": "nginx-light", "haproxy": "haproxy"}
FOLDERS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


class Missing(Exception):
    pass


def program(name):
    found = shutil.which(name, path=FOLDERS)
    if not found:
        raise Missing(f"there is no {name} here: apt-get install {PACKAGES[name]}")
    return found


class Target:
    """A program on sockets that are open before it starts: no port is fixed, and none is lost between."""
    backs = ("h1",)
    own_laws = False
    tls_upgrade = None  # where a client may ask for TLS by Upgrade

    def __init__(self, stages, program=None):
        self.stages, self.program = stages, program
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="switch-"))
        self.process = None
        self._listeners = []

    def listen(self):
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        listener.set_inheritable(True)
        self._listeners.append(listener)
        return listener

    def configure(self, name, **values):
        text = (HERE / "targets" / name).read_text()
        for key, value in values.items():
            text = text.replace(f"@{key}@", str(value))
        (self.folder / name).write_text(text)
        return self.folder / name

    def start(self, command, **environment):
        with open(self.folder / "output", "wb") as output:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, pass_fds=[listener.fileno() for listener in self._listeners])
        for listener in self._listeners:
            listener.close()

    def __enter__(self):
        try:
            certificates.make(self.folder, "matrix.example")
            self.run()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder)

    def complaint(self):
        """Why the run does not count: the program has ended."""
        if self.process.poll() is not None:
            return f"{self.version} ended with {self.process.returncode}:\n" + \
                (self.folder / "output").read_text(errors="replace")[-2000:]
        return None


class Nginx(Target):
    def run(self):
        path = program("nginx")
        self.version = subprocess.run([path, "-v"], capture_output=True, text=True).stderr.strip().split("/")[-1]
        self.version = f"nginx {self.version}"
        http, http2, https = self.listen(), self.listen(), self.listen()
        self.http, self.http2, self.https = (each.getsockname() for each in (http, http2, https))
        ports = "\n".join(f"    {host} {stage.address[1]};" for host, (stage, _) in self.stages.items())
        config = self.configure("nginx.conf", FOLDER=self.folder, HTTP=self.http[1], HTTP2=self.http2[1],
                                HTTPS=self.https[1], PORTS=ports)
        self.start([path, "-p", self.folder, "-c", config, "-e", "stderr"],
                   NGINX="".join(f"{each.fileno()};" for each in (http, http2, https)))


class Haproxy(Target):
    backs = ("h1", "h2")

    def run(self):
        path = program("haproxy")
        first = subprocess.run([path, "-v"], capture_output=True, text=True).stdout.split("\n")[0]
        self.version = f"HAProxy {first.split(' ')[2]}"
        http, https = self.listen(), self.listen()
        self.http = self.http2 = http.getsockname()
        self.https = https.getsockname()
        (self.folder / "both.pem").write_bytes(b"".join(
            (self.folder / f"matrix.example.{kind}").read_bytes() for kind in ("pem", "key")))
        backends = "".join(
            f"backend {host}\n    server one 127.0.0.1:{stage.address[1]}"
            f"{' proto h2 ws h2' if probe_path.back == 'h2' else ''}\n" for host, (stage, probe_path) in
            self.stages.items())
        config = self.configure("haproxy.cfg", FOLDER=self.folder, HTTP=http.fileno(), HTTPS=https.fileno(),
                                BACKENDS=backends)
        self.start([path, "-db", "-f", config])


class Turnout(Target):
    backs = ("h1", "h2")
    own_laws = True
    server = None

    def run(self):
        if not self.program.is_file():
            raise Missing(f"there is no {self.program}: cmake --build --preset release, or say --turnout PROGRAM")
        # A listener for TLS by Upgrade shares neither name nor key with one for https (CVE-2025-49812).
        certificates.make(self.folder, "upgrade.example")
        routes = "".join(self._route(host, stage, path) for host, (stage, path) in self.stages.items())
        config = self.configure("turnout.toml", ROUTES=routes)
        server.PROGRAM = self.program
        try:
            self.server = server.Server(config, "--workers", "1", listeners=()).__enter__()
        except AssertionError as error:
            raise Missing(str(error)) from None
        (self.http, self.tls_upgrade), self.https = self.server.http_all, self.server.https
        self.http2 = self.http
        self.version = server.run_program("version").stdout.strip()

    @staticmethod
    def _route(host, stage, path):
        scheme = "h2c" if path.back == "h2" else "http"
        tokens = ["websocket"] if path.token == "websocket" else [path.token, "SPDY/3.1"]
        return f"""
[[upstream]]
name = "{host}"
servers = ["{scheme}://127.0.0.1:{stage.address[1]}"]

[[route]]
match = {{ host = "{host}", path = "/denied" }}
respond = {{ status = 403, body = "denied\\n" }}

[[route]]
match = {{ host = "{host}" }}
proxy = {{ to = "{host}", switch = {json.dumps(tokens)}, answer_timeout = "5s", upgrade_timeout = "5s" }}
"""

    def complaint(self):
        if self.server.process.poll() is not None:
            return "turnout ended:\n" + "\n".join(self.server.said)
        return None

    def __exit__(self, *exception):
        try:
            if self.server is not None:
                self.server.__exit__(exception[0] if exception else None)
        finally:
            super().__exit__()


TARGETS = {"nginx": Nginx, "haproxy": Haproxy, "turnout": Turnout}


def start(name, stages, **options):
    return TARGETS[name](stages, **options)
