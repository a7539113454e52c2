"""A real cupsd behind the proxy, reached by ipptool through the TLS upgrade of RFC 2817 on the proxy's port."""
import grp
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import unittest

from rfc2817_test import upgrade_certificate
from server import SECONDS_MAX, Server, eventually

CUPSD = "/usr/sbin/cupsd"
CONFIG = """
[[listener]]
address = "127.0.0.1:0"
tls_upgrade = "compatible"
tls = [{{ certificate = "upgrade.test.pem", key = "upgrade.test.key" }}]

[[upstream]]
name = "printing"
servers = ["unix:{socket}"]

[[route]]
require_tls = true
proxy = {{ to = "printing", switch = [] }}
"""
CUPSD_CONFIG = """
Listen {folder}/cups.sock
LogLevel debug
DefaultAuthType None
ServerAlias *
WebInterface No
Browsing No
<Location />
  Order allow,deny
  Allow all
</Location>
"""
CUPS_FILES_CONFIG = """
ServerRoot {folder}
StateDir {folder}/state
CacheDir {folder}/cache
RequestRoot {folder}/spool
TempDir {folder}/spool/tmp
ServerKeychain {folder}/ssl
ErrorLog {folder}/error_log
AccessLog {folder}/access_log
PageLog {folder}/page_log
User {user}
Group {group}
SystemGroup {system_group}
FileDevice Yes
"""
PRINTERS_CONFIG = """
<Printer paper>
DeviceURI file:///dev/null
State Idle
Accepting Yes
</Printer>
"""
IPP_TEST = """{
  OPERATION Get-Printer-Attributes
  GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8
  ATTR naturalLanguage attributes-natural-language en
  ATTR uri printer-uri $uri
  STATUS successful-ok
  EXPECT printer-name OF-TYPE name WITH-VALUE "paper"
}
{
  OPERATION Print-Job
  GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8
  ATTR naturalLanguage attributes-natural-language en
  ATTR uri printer-uri $uri
  ATTR name requesting-user-name somebody
  ATTR mimeMediaType document-format application/vnd.cups-raw
  FILE $filename
  STATUS successful-ok
  EXPECT job-id OF-TYPE integer
}
"""


class Cupsd:
    """On a unix socket in a folder of its own, with one printer."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cups-"))
        self.socket = self.folder / "cups.sock"
        # As root it runs filters as somebody else; the group of its administrators has to be another one.
        user, group, system_group = ("lp", "lp", "root") if os.getuid() == 0 else \
            (pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name, "root")
        for name, text in (("cupsd.conf", CUPSD_CONFIG), ("cups-files.conf", CUPS_FILES_CONFIG),
                           ("printers.conf", PRINTERS_CONFIG)):
            (self.folder / name).write_text(text.format(folder=self.folder, user=user, group=group,
                                                        system_group=system_group))
        for name in ("state", "cache", "spool/tmp", "ssl"):
            (self.folder / name).mkdir(parents=True)
        self.process = subprocess.Popen(
            [CUPSD, "-f", "-c", self.folder / "cupsd.conf", "-s", self.folder / "cups-files.conf"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        try:
            eventually(self._listens, lambda: f"cupsd listens:\n{self.log()}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(SECONDS_MAX)
        finally:
            self.process.kill()
            self.process.wait()
            shutil.rmtree(self.folder)

    def _listens(self):
        with socket.socket(socket.AF_UNIX) as attempt:
            return attempt.connect_ex(str(self.socket)) == 0

    def documents(self):
        """What it was given to print, which it keeps."""
        return list((self.folder / "spool").glob("d*"))

    def log(self):
        file = self.folder / "error_log"
        return file.read_text(errors="replace") if file.exists() else ""


class ProxyCups(unittest.TestCase):
    def test_ipptool_prints_through_the_tls_upgrade(self):
        document = os.urandom(300_000)
        with Cupsd() as cupsd, Server(config=CONFIG.format(socket=cupsd.socket), files=upgrade_certificate()) as server, \
                tempfile.TemporaryDirectory() as home:
            (pathlib.Path(home) / "operations.test").write_text(IPP_TEST)
            (pathlib.Path(home) / "document").write_bytes(document)
            environment = {**os.environ, "HOME": home, "CUPS_SERVERROOT": home, "CUPS_STATEDIR": home,
                           "CUPS_CACHEDIR": home, "CUPS_DATADIR": "/usr/share/cups"}
            host, port = server.http
            done = subprocess.run(["ipptool", "-E", "-T", str(SECONDS_MAX), "-t", "-f", "document",
                                   f"ipp://{host}:{port}/printers/paper", "operations.test"],
                                  env=environment, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=3 * SECONDS_MAX)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr + server.log_text() + cupsd.log())
            server.logged(event="open", status=101, outcome="accepted", token="TLS/1.2")
            server.logged(count=2, event="request", method="POST", path="/printers/paper", status=200)
            self.assertEqual([path.read_bytes() == document for path in cupsd.documents()], [True])


if __name__ == "__main__":
    unittest.main()
