"""The servers that a probe is sent to: real ones, set up wrongly and rightly, each in a folder and on ports of its own.

    with Stage() as stage:
        server = stage.nginx("location / { proxy_pass http://127.0.0.1:9000; }")
        server.url("/chat", "ws")
"""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "interop"))
import certificates  # noqa: E402

FOLDERS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
SECONDS_MAX = 20
NAME = "probe.example"
_port_lock = threading.Lock()
_ports_given = set()


class Missing(Exception):
    pass


def program(name):
    found = shutil.which(name, path=FOLDERS)
    if not found:
        raise Missing(f"there is no {name} here; packaging/debian-packages-test.txt names its package")
    return found


def free_port():
    """One that nobody listens on; a server that finds it taken meanwhile is started again with another."""
    with _port_lock:
        while True:
            with socket.socket() as one:
                one.bind(("127.0.0.1", 0))
                port = one.getsockname()[1]
            if port not in _ports_given:
                _ports_given.add(port)
                return port


class Server:
    """A program that listens on `port`, and on `tls_port` where it has one."""

    def __init__(self, folder, port, tls_port=None):
        self.folder, self.port, self.tls_port, self.process = folder, port, tls_port, None

    def url(self, path="/", scheme="ws"):
        port = self.tls_port if scheme in ("wss", "https") else self.port
        return f"{scheme}://127.0.0.1:{port}{path}"

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self, command, pass_fds=(), **environment):
        self.output = self.folder / "output"
        with open(self.output, "ab") as output:
            self.process = subprocess.Popen(command, cwd=self.folder, env={**os.environ, **environment},
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                            pass_fds=pass_fds, start_new_session=True)

    def is_ready(self):
        deadline = time.monotonic() + SECONDS_MAX
        for port in filter(None, (self.port, self.tls_port)):
            while True:
                if self.process.poll() is not None:
                    return False
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        return False
                    time.sleep(0.02)
        return True

    def said(self):
        return self.output.read_text(errors="replace")[-3000:]

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Stage:
    """Everything that one case starts; leaving it stops all of that."""
    _certificate_lock = threading.Lock()

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="turnout-probe-"))
        self.folder.chmod(0o755)  # Apache reads as somebody else
        self._running = []
        self._count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in reversed(self._running):
            one.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep(self, running):
        self._running.append(running)
        return running

    def certificate(self):
        """(certificate, key), for NAME and 127.0.0.1; of the whole run."""
        with self._certificate_lock:
            folder = pathlib.Path(os.environ["TURNOUT_PROBE_CERTIFICATES"])
            if not (folder / f"{NAME}.pem").exists():
                certificates.make(folder, NAME)
            return folder / f"{NAME}.pem", folder / f"{NAME}.key"

    def _folder(self, name):
        self._count += 1
        folder = self.folder / f"{name}-{self._count}"
        folder.mkdir()
        return folder

    def _launch(self, name, tls, make_command, **environment):
        """make_command(folder, port, tls_port) writes the configuration; tried again where a port was lost."""
        for _ in range(3):
            server = Server(self._folder(name), free_port(), free_port() if tls else None)
            server.start(make_command(server.folder, server.port, server.tls_port), **environment)
            self.keep(server)
            if server.is_ready():
                return server
            server.stop()
        raise AssertionError(f"{name} does not start:\n{server.said()}")

    def nginx(self, locations, http="", tls=False, http2=False, server=""):
        def command(folder, port, tls_port):
            config = f"""
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr warn;
{"user root;" if os.getuid() == 0 else ""}
events {{ worker_connections 256; }}
http {{
  access_log off;
  types {{ text/html html; }}
  default_type text/html;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  {http}
  server {{
    listen 127.0.0.1:{port};
    {self._nginx_tls(tls_port, http2)}
    {server}
    {locations}
  }}
}}
"""
            (folder / "nginx.conf").write_text(config)
            return [program("nginx"), "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr"]
        return self._launch("nginx", tls, command)

    def _nginx_tls(self, tls_port, http2):
        if not tls_port:
            return ""
        certificate, key = self.certificate()
        return f"listen 127.0.0.1:{tls_port} ssl{' http2' if http2 else ''}; " \
               f"ssl_certificate {certificate}; ssl_certificate_key {key};"

    def haproxy(self, rules, server="", tls=False, alpn="h2,http/1.1", options=""):
        def command(folder, port, tls_port):
            both = folder / "both.pem"
            tls_bind = ""
            if tls_port:
                both.write_bytes(b"".join(each.read_bytes() for each in self.certificate()))
                tls_bind = f"bind 127.0.0.1:{tls_port} ssl crt {both} alpn {alpn}"
            (folder / "haproxy.cfg").write_text(f"""
global
    nbthread 1
    maxconn 256
defaults
    mode http
    retries 0
    timeout connect 2s
    timeout client 20s
    timeout server 20s
    timeout tunnel 1h
{options}
frontend front
    bind 127.0.0.1:{port}
    {tls_bind}
{rules}
    default_backend back
backend back
    {f"server one {server}" if server else ""}
""")
            return [program("haproxy"), "-db", "-f", folder / "haproxy.cfg"]
        return self._launch("haproxy", tls, command)

    def apache(self, text, tls=False, modules=()):
        def command(folder, port, tls_port):
            base = ["mpm_event", "authz_core", "proxy", "proxy_http", "proxy_wstunnel", "http2", "headers", "setenvif",
                    "env", "dir", *(["ssl", "socache_shmcb"] if tls else []), *modules]
            loads = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
                              for name in dict.fromkeys(base))
            (folder / "html").mkdir()
            (folder / "html" / "index.html").write_text("<!doctype html><title>A page</title>\n")
            host = f"ServerName {NAME}\nDocumentRoot {folder}/html\n<Directory {folder}/html>\nRequire all granted\n" \
                   f"</Directory>\n{text}"
            secure = ""
            if tls_port:
                certificate, key = self.certificate()
                secure = f"Listen 127.0.0.1:{tls_port}\n<VirtualHost *:{tls_port}>\nSSLEngine on\n" \
                         f"SSLCertificateFile {certificate}\nSSLCertificateKeyFile {key}\n{host}\n</VirtualHost>"
            (folder / "apache.conf").write_text(f"""
{loads}
ServerRoot {folder}
ServerName {NAME}
PidFile {folder}/pid
DefaultRuntimeDir {folder}
Mutex pthread
ErrorLog {folder}/output
StartServers 1
ThreadsPerChild 32
MaxRequestWorkers 64
ServerLimit 2
MinSpareThreads 16
MaxSpareThreads 64
{"User www-data" if os.getuid() == 0 else ""}
Listen 127.0.0.1:{port}
<VirtualHost *:{port}>
{host}
</VirtualHost>
{secure}
""")
            return [program("apache2"), "-DFOREGROUND", "-f", folder / "apache.conf"]
        return self._launch("apache2", tls, command)

    def lighttpd(self, text, modules=()):
        def command(folder, port, _tls_port):
            (folder / "html").mkdir()
            (folder / "html" / "index.html").write_text("<!doctype html><title>A page</title>\n")
            names = ", ".join(f'"mod_{name}"' for name in modules)
            (folder / "lighttpd.conf").write_text(f"""
server.modules = ( {names} )
server.document-root = "{folder}/html"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{folder}/output"
index-file.names = ( "index.html" )
mimetype.assign = ( ".html" => "text/html" )
{text}
""")
            return [program("lighttpd"), "-D", "-f", folder / "lighttpd.conf"]
        return self._launch("lighttpd", False, command)

    def caddy(self, text, options=""):
        def command(folder, port, _tls_port):
            (folder / "Caddyfile").write_text(f"""
{{
    auto_https off
    admin unix/{folder}/admin.sock
    {options}
}}
http://127.0.0.1:{port} {{
    {text}
}}
""")
            return ["env", f"HOME={folder}", f"XDG_DATA_HOME={folder}", f"XDG_CONFIG_HOME={folder}", program("caddy"),
                    "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]
        return self._launch("caddy", False, command)

    def h2o(self, path_text, text=""):
        def command(folder, port, _tls_port):
            (folder / "html").mkdir()
            (folder / "html" / "index.html").write_text("<!doctype html><title>A page</title>\n")
            (folder / "h2o.conf").write_text(f"""
{"user: root" if os.getuid() == 0 else ""}
num-threads: 1
pid-file: {folder}/pid
error-log: {folder}/output
listen:
  port: {port}
  host: 127.0.0.1
{text}
hosts:
  default:
    paths:
      "/":
{path_text.replace("@HTML@", str(folder / "html"))}
""")
            return [program("h2o"), "-m", "worker", "-c", folder / "h2o.conf"]
        return self._launch("h2o", False, command)

    def nghttpx(self, backend, *options, tls=False):
        """`backend`: "HOST,PORT;PATTERN;PARAMETERS"."""
        def command(folder, port, tls_port):
            front = [f"--frontend=127.0.0.1,{port};no-tls"]
            keys = []
            if tls_port:
                certificate, key = self.certificate()
                front.append(f"--frontend=127.0.0.1,{tls_port}")
                keys = [key, certificate]
            return [program("nghttpx"), "--conf=/dev/null", *front, f"--backend={backend}", "--workers=1",
                    f"--errorlog-file={folder}/output", "--no-ocsp", *options, *keys]
        return self._launch("nghttpx", tls, command)

    def turnout(self, config, tls_certificate=False):
        """`config` has a route and more; the listener is put before it."""
        def command(folder, port, _tls_port):
            (folder / "turnout.toml").write_text(config.replace("@LISTENER@", f"""
[[listener]]
address = "127.0.0.1:{port}"
"""))
            return [os.environ["TURNOUT_PROGRAM"], "serve", folder / "turnout.toml", "--workers", "1"]
        return self._launch("turnout", False, command)
