"""The program under test, on ports of the system's choice.

    with Server("--workers", "1") as server:
        connection = socket.create_connection(server.http)
        ...
        server.logged(event="open", token="h2c")        # waits until the access log has such a line

Leaving the block stops the server by SIGTERM and holds it to exit code 0. What it said is in `said`.
"""
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time

BUILD = pathlib.Path(os.environ.get("TURNOUT_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build"))
PROGRAM = BUILD / "turnout"
SECONDS_MAX = 20  # for anything that has to happen; the machine may be busy

DEFAULT_LISTENERS = ("--http", "127.0.0.1:0", "--https", "127.0.0.1:0")


def eventually(attempt, what):
    """The first true value that attempt() returns."""
    deadline = time.monotonic() + SECONDS_MAX
    while not (value := attempt()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {SECONDS_MAX} s: {what() if callable(what) else what}")
        time.sleep(0.01)
    return value


def run_program(*arguments, **options):
    """`turnout ARGUMENTS`, to its end."""
    return subprocess.run([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=SECONDS_MAX, **options)


def parse_w3c(text):
    """One dictionary a line, by the names of the last #Fields directive; "-" is None."""
    records, names = [], None
    for line in text.splitlines():
        if line.startswith("#Fields: "):
            names = line.removeprefix("#Fields: ").split(" ")
        elif not line.startswith("#"):
            values = line.split(" ")
            if len(values) != len(names):
                raise AssertionError(f"{len(names)} fields, and {len(values)} values in: {line}")
            records.append({name: None if value == "-" else value for name, value in zip(names, values)})
    return records


def _address(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


class Server:
    """`turnout serve`, with the arguments; `config` is the text of a configuration, which then says where to listen.

    `files` maps names to contents, in the folder of the configuration."""

    def __init__(self, *arguments, config=None, files=None, listeners=None, log_format="w3c"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="turnout-"))
        self.log_file = self.folder / "access.log"
        self._log_format = log_format
        self._command = [PROGRAM, "serve"]
        for name, content in (files or {}).items():
            (self.folder / name).write_bytes(content)
        if config is not None:
            (self.folder / "turnout.toml").write_text(config)
            self._command.append(self.folder / "turnout.toml")
        self._command += listeners if listeners is not None else () if config is not None else DEFAULT_LISTENERS
        self._command += ["--access-log", self.log_file, "--log-format", log_format, *arguments]
        self.said = []
        self.http_all, self.https_all = [], []
        self.admin_socket = self.admin_url = None
        self.process = None
        self._stopping = False
        self._reader = None

    def __enter__(self):
        self.process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, "RUNTIME_DIRECTORY": str(self.folder)})
        ready = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(ready,))
        self._reader.start()
        if not ready.wait(SECONDS_MAX) or not (self.http_all or self.https_all):
            self._kill()
            shutil.rmtree(self.folder)
            raise AssertionError("the server did not get ready:\n" + "\n".join(self.said))
        return self

    def __exit__(self, exception_type, *_):
        try:
            if not self._stopping:
                self.stop()
            if exception_type is None and self.process.wait(SECONDS_MAX) != 0:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n" + "\n".join(self.said))
        finally:
            self._kill()
            shutil.rmtree(self.folder)

    def _read(self, ready):
        for line in self.process.stderr:
            line = line.rstrip("\n")
            self.said.append(line)
            if line.startswith("admin socket: "):
                self.admin_socket = line.removeprefix("admin socket: ")
            if line.startswith("admin, to be opened once: "):
                self.admin_url = line.removeprefix("admin, to be opened once: ")
            if line.startswith("ready"):
                for word in line.split(" ")[1:]:
                    scheme, _, addresses = word.partition("=")
                    setattr(self, f"{scheme}_all", [_address(each) for each in addresses.split(",")])
                ready.set()
        ready.set()

    def _kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stderr.close()

    def stop(self):
        """SIGTERM, and the end of the process; the exit code is looked at when the block is left."""
        self.signal(signal.SIGTERM)
        try:
            return self.process.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server does not stop:\n{self.log_text()}") from None

    def signal(self, number):
        self._stopping = self._stopping or number in (signal.SIGTERM, signal.SIGINT)
        self.process.send_signal(number)

    @property
    def http(self):
        return self.http_all[0]

    @property
    def https(self):
        return self.https_all[0]

    def url(self, path="/", scheme="http"):
        host, port = self.https if scheme in ("https", "wss") else self.http
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}{path}"

    def log_text(self):
        return self.log_file.read_text() if self.log_file.exists() else ""

    def log(self):
        text = self.log_text()
        text = text[:text.rfind("\n") + 1]  # a line may be half written
        return [json.loads(line) for line in text.splitlines()] if self._log_format == "json" else parse_w3c(text)

    def logged(self, count=1, **wanted):
        """Waits for `count` lines with these values: method, path, status, event, token, outcome, reason, close_by,
        close_reason, or the log's own names. Returns the first, or all where there are to be several."""
        names = {"method": "cs-method", "path": "cs-uri-stem", "status": "sc-status", "event": "x-event",
                 "token": "x-upgrade-token", "offer": "x-upgrade-offer", "outcome": "x-upgrade-outcome",
                 "reason": "x-upgrade-reason", "close_by": "x-close-by", "close_reason": "x-close-reason",
                 "tunnel_id": "x-tunnel-id"}

        def matches(record):
            return all(str(record[names.get(key, key)]) == str(value) for key, value in wanted.items())

        def found():
            lines = [record for record in self.log() if matches(record)]
            return lines if len(lines) >= count else None

        lines = eventually(found, lambda: f"{count} lines with {wanted} in\n{self.log_text()}")
        return lines[0] if count == 1 else lines


def trusting_nobody(alpn=(), **versions):
    """A TLS client's context that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    for name, version in versions.items():
        setattr(context, name, version)
    return context
