"""openssl s_client, and handshakes that no client library makes: versions, ALPN, SNI, resumption, renegotiation."""
import pathlib
import re
import ssl
import subprocess
import tempfile
import unittest

import certificates
from http1 import Http1
from server import SECONDS_MAX, Server, eventually, trusting_nobody

CONFIG = """
[[listener]]
address = "127.0.0.1:0"
tls = [
  { certificate = "first.test.pem", key = "first.test.key" },
  { certificate = "second.test.pem", key = "second.test.key" },
]
[[route]]
respond = { status = 200, body = "ok\\n" }
"""
REQUEST = "GET / HTTP/1.1\r\nHost: first.test\r\nConnection: close\r\n\r\n"


def in_records_of_one_byte(records):
    """The same handshake messages, in as many TLS records as they have bytes."""
    out, at = b"", 0
    while at < len(records):
        length = int.from_bytes(records[at + 3:at + 5], "big")
        for byte in records[at + 5:at + 5 + length]:
            out += records[at:at + 3] + b"\x00\x01" + bytes([byte])
        at += 5 + length
    return out


class OpenSsl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        for name in ("first.test", "second.test"):
            certificates.make(folder, name)
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        cls.server = cls.enterClassContext(Server(config=CONFIG, files=files))

    def s_client(self, *arguments, request=REQUEST):
        host, port = self.server.https
        return subprocess.run(["openssl", "s_client", "-connect", f"{host}:{port}", *arguments], input=request,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS_MAX, text=True,
                              errors="replace")

    def test_versions(self):
        for option, version in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
            shown = self.s_client(option, "-ign_eof").stdout
            self.assertIn(f"New, {version}", shown)
            self.assertIn("HTTP/1.1 200 OK", shown)

    def test_old_versions(self):
        for option in ("-tls1", "-tls1_1"):
            # At level 0 the client would still speak them.
            done = self.s_client(option, "-cipher", "DEFAULT@SECLEVEL=0", "-ign_eof")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("protocol version", done.stdout)

    def test_alpn(self):
        for offered, chosen in (("h2,http/1.1", "h2"), ("http/1.1", "http/1.1"), ("http/1.1,h2", "h2"),
                                ("made-up,http/1.1", "http/1.1")):
            for version in ("-tls1_2", "-tls1_3"):
                shown = self.s_client(version, "-alpn", offered, request="").stdout
                self.assertIn(f"ALPN protocol: {chosen}\n", shown, offered)
        self.assertIn("No ALPN negotiated", self.s_client(request="").stdout)

    def test_SEC_T4_no_common_protocol(self):
        for version in ("-tls1_2", "-tls1_3"):
            done = self.s_client(version, "-alpn", "imap,made-up", "-ign_eof")
            self.assertIn("no application protocol", done.stdout)
            self.assertNotIn("HTTP/1.1", done.stdout)
            self.assertNotEqual(done.returncode, 0)

    def test_server_name(self):
        for name, certificate in (("first.test", "first.test"), ("second.test", "second.test"),
                                  ("SECOND.test", "second.test"), ("third.test", "first.test")):
            shown = self.s_client("-servername", name, request="").stdout
            self.assertRegex(shown, rf"subject=CN = {re.escape(certificate)}\n", name)
        self.assertIn("subject=CN = first.test\n", self.s_client("-noservername", request="").stdout)

    def test_resumption(self):
        with tempfile.TemporaryDirectory() as folder:
            for version in ("-tls1_2", "-tls1_3"):
                session = f"{folder}/session"
                first = self.s_client(version, "-ign_eof", "-servername", "first.test", "-sess_out", session).stdout
                self.assertIn("New, TLS", first)
                again = self.s_client(version, "-ign_eof", "-servername", "first.test", "-sess_in", session).stdout
                self.assertIn("Reused, TLS", again)
                self.assertIn("HTTP/1.1 200 OK", again)
                # A ticket is good for the name that it was given for.
                other = self.s_client(version, "-ign_eof", "-servername", "second.test", "-sess_in", session).stdout
                self.assertIn("New, TLS", other)

    def test_no_early_data(self):
        with tempfile.TemporaryDirectory() as folder:
            session = f"{folder}/session"
            self.s_client("-tls1_3", "-ign_eof", "-sess_out", session)
            shown = subprocess.run(["openssl", "sess_id", "-in", session, "-noout", "-text"], capture_output=True,
                                   text=True, check=True).stdout
            self.assertIn("Max Early Data: 0", shown)

    def test_SEC_T3_renegotiation(self):
        host, port = self.server.https
        client = subprocess.Popen(["openssl", "s_client", "-tls1_2", "-connect", f"{host}:{port}"], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            client.stdin.write("R\n")
            client.stdin.flush()  # and left open: the client ends because it was refused
            shown = client.stdout.read()
            self.assertNotEqual(client.wait(SECONDS_MAX), 0)
        finally:
            client.kill()
            client.wait()
            client.stdin.close()
            client.stdout.close()
        self.assertIn("RENEGOTIATING", shown)
        self.assertIn("no renegotiation", shown)

    def handshake(self, disguise, name, version):
        """A handshake whose first flight goes out as disguise() says; the certificate that the server chose."""
        context = trusting_nobody(minimum_version=version, maximum_version=version)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
        with Http1(self.server.https) as connection:
            self.assertRaises(ssl.SSLWantReadError, tls.do_handshake)
            for piece in disguise(outgoing.read()):
                connection.send_bytes(piece)

            def finish(step):
                while True:
                    try:
                        result = step()
                    except ssl.SSLWantReadError:
                        result = None
                    connection.send_bytes(outgoing.read())
                    if result is not None:
                        return result
                    incoming.write(connection.socket.recv(65536))

            finish(lambda: tls.do_handshake() or True)
            tls.write(REQUEST.encode())
            answer = finish(lambda: tls.read(65536))
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK"), answer)
            return tls.getpeercert(True)

    def test_SEC_T7_client_hello_in_pieces(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            whole = self.handshake(lambda hello: [hello], "second.test", version)
            segments = self.handshake(lambda hello: [bytes([byte]) for byte in hello], "second.test", version)
            records = self.handshake(lambda hello: [in_records_of_one_byte(hello)], "second.test", version)
            first = self.handshake(lambda hello: [in_records_of_one_byte(hello)], "first.test", version)
            self.assertEqual(segments, whole)
            self.assertEqual(records, whole)
            self.assertNotEqual(first, whole)

    def test_cleartext_on_the_tls_port(self):
        with Http1(self.server.https) as connection:
            connection.send("GET /cleartext HTTP/1.1", "Host: a")
            self.assertNotIn(b"200 OK", connection.rest())
        self.assertNotIn("/cleartext", self.server.log_text())


class SelfSigned(unittest.TestCase):
    def test_fingerprints_are_printed(self):
        with Server() as server:
            printed = eventually(lambda: [line.rpartition(" ")[2] for line in server.said if "self-signed" in line],
                                 "the fingerprints")
            self.assertEqual(len(printed), 2)
            certificate = ssl.get_server_certificate(server.https)
            shown = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-ext", "subjectAltName"],
                                   input=certificate, capture_output=True, text=True, check=True).stdout
            fingerprint = re.search(r"Fingerprint=(\S+)", shown).group(1).replace(":", "").lower()
            self.assertIn(fingerprint, [each.replace(":", "").lower() for each in printed])
            self.assertIn("DNS:localhost", shown)


if __name__ == "__main__":
    unittest.main()
