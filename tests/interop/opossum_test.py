"""SEC_T2: an attacker in between opens a connection in cleartext, has it upgraded to TLS, and lets a victim's https
handshake continue on it. No victim may read a byte of the answer to the attacker's request."""
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

import certificates
from http1 import Http1
from server import SECONDS_MAX, Server, run_program

CONFIG = """
[[listener]]
address = "127.0.0.1:0"
tls = [{{ certificate = "{https}.pem", key = "{https}.key" }}]

[[listener]]
address = "127.0.0.1:0"
tls_upgrade = "compatible"
tls = [{{ certificate = "{upgrade}.pem", key = "{upgrade_key}.key" }}]
{risk}

[[route]]
match = {{ path = "/attacker" }}
respond = {{ status = 200, body = "for the attacker\\n" }}

[[route]]
match = {{ path = "/victim" }}
respond = {{ status = 200, body = "for the victim\\n" }}
"""


class ManInTheMiddle:
    """Every connection to `port` is relayed to the server, behind an upgrade to TLS that nobody asked for."""

    def __init__(self, server_address):
        self._server = server_address
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.upgraded = 0
        self._threads = []
        self._accepting = threading.Thread(target=self._accept)

    def __enter__(self):
        self._accepting.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                victim, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._relay, args=(victim,)))
            self._threads[-1].start()

    def _relay(self, victim):
        with victim, Http1(self._server) as connection:
            victim.settimeout(SECONDS_MAX)
            connection.send("GET /attacker HTTP/1.1", "Host: site.test", "Upgrade: TLS/1.2", "Connection: Upgrade")
            if connection.head().status != 101:
                return
            self.upgraded += 1
            back = threading.Thread(target=self._pipe, args=(connection.socket, victim))
            back.start()
            self._pipe(victim, connection.socket)
            back.join()

    @staticmethod
    def _pipe(from_socket, to_socket):
        try:
            while data := from_socket.recv(65536):
                to_socket.sendall(data)
            to_socket.shutdown(socket.SHUT_WR)
        except OSError:  # one of the two has gone
            for each in (from_socket, to_socket):
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class SEC_T2_Opossum(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        certificates.make(cls.folder, "site.test")
        certificates.make(cls.folder, "upgrade.test")
        certificates.make(cls.folder, "both.test", "site.test", "both.test")
        certificates.make(cls.folder, "other-name.test", key="site.test")
        cls.files = {path.name: path.read_bytes() for path in cls.folder.iterdir()}

    def config(self, upgrade, risk=False, key=None):
        return CONFIG.format(https="site.test", upgrade=upgrade, upgrade_key=key or upgrade,
                             risk="accept_opossum_risk = true" if risk else "")

    # Victims: what each of them read inside TLS. They ask for /victim and verify that they talk to site.test.

    def python_victim(self, port, alpn=()):
        context = ssl.create_default_context(cafile=self.folder / "site.test.pem")
        if alpn:
            context.set_alpn_protocols(alpn)
        try:
            with socket.create_connection(("127.0.0.1", port), SECONDS_MAX) as raw:
                with context.wrap_socket(raw, server_hostname="site.test") as tls:
                    tls.sendall(b"GET /victim HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n")
                    return tls.recv(65536)
        except OSError:  # ssl.SSLError is one
            return b""

    def curl_victim(self, port, alpn):
        arguments = ["--http1.1"] if alpn else ["--no-alpn"]
        return subprocess.run(["curl", "-qsi", "--noproxy", "*", *arguments, "--max-time", str(SECONDS_MAX), "--cacert",
                               self.folder / "site.test.pem", "--connect-to", f"site.test:443:127.0.0.1:{port}",
                               "https://site.test/victim"], stdin=subprocess.DEVNULL, capture_output=True).stdout

    def s_client_victim(self, port, alpn):
        arguments = ["-alpn", "http/1.1"] if alpn else []
        return subprocess.run(["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{port}", "-servername",
                               "site.test", "-CAfile", self.folder / "site.test.pem", "-verify_return_error",
                               "-verify_hostname", "site.test", *arguments],
                              input=b"GET /victim HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n",
                              capture_output=True, timeout=SECONDS_MAX).stdout

    def victims(self, with_alpn):
        """A hundred of them; most are Python's, because a process for each takes its time."""
        for index in range(100):
            if index % 10 == 0:
                yield lambda port: self.curl_victim(port, with_alpn)
            elif index % 10 == 1:
                yield lambda port: self.s_client_victim(port, with_alpn)
            elif with_alpn:
                offered = [["http/1.1"], ["h2", "http/1.1"], ["h2"], ["http/1.0", "http/1.1"]][index % 4]
                yield lambda port, offered=offered: self.python_victim(port, offered)
            else:
                yield self.python_victim

    def attack(self, server, victims):
        with ManInTheMiddle(server.http) as attacker:
            return [victim(attacker.port) for victim in victims], attacker

    def check_victims(self, with_alpn):
        with Server(config=self.config("upgrade.test"), files=self.files) as server:
            # They would read an answer, were nobody in between (in HTTP/2 another than they can show).
            for victim in list(self.victims(with_alpn))[:6]:
                self.assertNotEqual(victim(server.https[1]), b"")
            read, attacker = self.attack(server, self.victims(with_alpn))
            self.assertEqual(attacker.upgraded, 100)
            self.assertEqual([data for data in read if data], [])
            lines = server.logged(count=100, event="close", token="TLS/1.2", path="/attacker")
            if with_alpn:
                self.assertEqual({line["x-close-reason"] for line in lines}, {"tls-alpn-in-upgrade"})

    def test_victims_with_alpn(self):
        self.check_victims(True)

    def test_victims_without_alpn(self):
        self.check_victims(False)

    def test_the_rig_works(self):
        """With the certificate that victims trust, and no ALPN, the attack succeeds: this is what is accepted."""
        config = self.config("both.test", risk=True)
        with Server(config=config, files=self.files) as server:
            context_file = self.folder / "site.test.pem"
            trusted = context_file.read_bytes()
            context_file.write_bytes(self.files["both.test.pem"])
            try:
                read, _ = self.attack(server, [self.python_victim])
            finally:
                context_file.write_bytes(trusted)
            self.assertIn(b"for the attacker", read[0])

    def test_alpn_is_refused_whatever_the_certificates(self):
        with Server(config=self.config("both.test", risk=True), files=self.files) as server:
            read, attacker = self.attack(server, [lambda port: self.curl_victim(port, True)])
            self.assertEqual((read, attacker.upgraded), ([b""], 1))

    def test_certificates_that_share_a_name_or_a_key(self):
        for name, key in (("both.test", "both.test"), ("site.test", "site.test"), ("other-name.test", "site.test")):
            path = self.folder / "shared.toml"
            path.write_text(self.config(name, key=key))
            for command in ("check", "serve"):
                done = run_program(command, path)
                self.assertEqual(done.returncode, 1, (name, command, done.stderr))
                self.assertIn("accept_opossum_risk = true", done.stderr)
                self.assertRegex(done.stderr, r"shared\.toml:6:\d+: ")
            path.write_text(self.config(name, risk=True, key=key))
            done = run_program("check", path)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_certificates_that_share_nothing(self):
        path = self.folder / "good.toml"
        path.write_text(self.config("upgrade.test"))
        self.assertEqual(run_program("check", path).returncode, 0)


if __name__ == "__main__":
    unittest.main()
