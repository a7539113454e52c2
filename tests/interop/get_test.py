"""`turnout get`: against our own server, and against servers that break off, decline or break the rules."""
import pathlib
import socket
import tempfile
import threading
import unittest

import certificates
from server import Server, run_program

ANSWERED, USAGE, CONNECT, TLS, PROTOCOL, DECLINED = 0, 2, 3, 4, 6, 7


class Get(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())

    def get(self, *arguments, exit_code=ANSWERED):
        done = run_program("get", *arguments)
        self.assertEqual(done.returncode, exit_code, done.stderr)
        return done

    def test_the_literal_exchange(self):
        done = self.get("-v", self.server.url("/index.html"), "--upgrade", "HTTP/2.0")
        self.assertIn("HTTP/2", done.stdout)
        self.assertIn("</html>", done.stdout)
        sent = [line[2:] for line in done.stderr.splitlines() if line.startswith("> ")]
        received = [line[2:] for line in done.stderr.splitlines() if line.startswith("< ")]
        self.assertEqual(sent[0], "GET /index.html HTTP/1.1")
        self.assertIn("Upgrade: HTTP/2.0", sent)
        self.assertIn("HTTP/1.1 101 Switching Protocols", received)
        self.server.logged(event="open", token="HTTP/2.0", path="/index.html")

    def test_h2c(self):
        self.assertIn("HTTP/2", self.get(self.server.url(), "--upgrade", "h2c").stdout)
        self.server.logged(event="open", token="h2c")

    def test_tls(self):
        for token in ("TLS", "TLS/1.2", "TLS/1.3"):
            self.assertIn("inside TLS", self.get("-k", self.server.url(), "--upgrade", token).stdout)
        self.server.logged(event="open", token="TLS/1.3")
        self.get(self.server.url(), "--upgrade", "TLS", exit_code=TLS)  # nobody vouches for the certificate

    def test_https(self):
        self.assertIn("inside TLS", self.get("-k", self.server.url("/", "https")).stdout)
        self.get(self.server.url("/", "https"), exit_code=TLS)

    def test_trusted_certificate(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            certificates.make(folder, "localhost")
            files = {path.name: path.read_bytes() for path in folder.iterdir()}
            config = ('[[listener]]\naddress = "127.0.0.1:0"\n'
                      'tls = [{ certificate = "localhost.pem", key = "localhost.key" }]\n'
                      '[[route]]\nrespond = { status = 200, body = "trusted\\n" }\n')
            with Server(config=config, files=files) as server:
                url = f"https://localhost:{server.https[1]}/"
                self.assertEqual(self.get("--cacert", folder / "localhost.pem", url).stdout, "trusted\n")
                other_name = f"https://127.0.0.1:{server.https[1]}/"
                self.get("--cacert", folder / "localhost.pem", other_name, exit_code=TLS)

    def test_websocket(self):
        for arguments in ((self.server.url("/echo"), "--upgrade", "websocket"), (self.server.url("/echo", "ws"),),
                          ("-k", self.server.url("/echo", "wss"))):
            self.assertEqual(self.get(*arguments, "-d", "hello").stdout.rstrip("\n"), "hello")

    def test_post(self):
        for arguments in ((), ("--upgrade", "h2c"), ("--upgrade", "HTTP/2.0"), ("-k", "--upgrade", "TLS"),
                          ("--http2-prior-knowledge",)):
            self.assertEqual(self.get(self.server.url("/echo"), *arguments, "-d", "hello").stdout, "hello", arguments)

    def test_post_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "file"
            path.write_bytes(("line %d\n" * 5000 % tuple(range(5000))).encode())
            for arguments in ((), ("--upgrade", "h2c"), ("--http2-prior-knowledge",)):
                done = self.get(self.server.url("/echo"), *arguments, "-d", f"@{path}")
                self.assertTrue(done.stdout == path.read_text(), arguments)

    def test_a_status_is_an_answer(self):
        self.assertIn("404", self.get(self.server.url("/nothing")).stdout)

    def test_declined(self):
        done = self.get(self.server.url("/"), "--upgrade", "websocket", exit_code=DECLINED)
        self.assertIn("</html>", done.stdout)

    def test_usage(self):
        for arguments in (("ftp://127.0.0.1/",), (self.server.url(), "--upgrade", "made-up"), ("--made-up",), ()):
            self.assertTrue(self.get(*arguments, exit_code=USAGE).stderr)

    def test_nobody_there(self):
        with socket.socket() as unused:  # bound, and not listening
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
            done = self.get(f"http://127.0.0.1:{port}/", exit_code=CONNECT)
            self.assertIn(str(port), done.stderr)

    def answered_by(self, answer, *arguments, exit_code):
        """What becomes of a server that sends just these bytes."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                peer, _ = listener.accept()
                with peer:
                    peer.recv(65536)
                    peer.sendall(answer)
                    peer.shutdown(socket.SHUT_WR)
                    while peer.recv(65536):
                        pass

            thread = threading.Thread(target=serve)
            thread.start()
            try:
                return self.get(f"http://127.0.0.1:{listener.getsockname()[1]}/", *arguments, exit_code=exit_code)
            finally:
                thread.join()

    def test_answers_that_break_the_rules(self):
        upgrade = b"HTTP/1.1 101 Switching Protocols\r\n"
        for answer in (b"", b"HTTP/1.1 200", b"made up\r\n\r\n", upgrade + b"\r\n",
                       upgrade + b"Upgrade: h2c\r\n\r\n",
                       upgrade + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                       upgrade + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nhello",
                       upgrade + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"):
            self.answered_by(answer, "--upgrade", "h2c", exit_code=PROTOCOL)

    def test_101_that_nobody_asked_for(self):
        self.answered_by(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
                         exit_code=PROTOCOL)

    def test_a_server_that_knows_no_upgrade(self):
        done = self.answered_by(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n", "--upgrade", "HTTP/2.0",
                                exit_code=DECLINED)
        self.assertEqual(done.stdout, "ok\n")

    def test_SEC_T1_plaintext_behind_the_101(self):
        """The client's side of the injection: nothing that came in cleartext is taken for what TLS protects."""
        done = self.answered_by(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                                b"Upgrade: TLS/1.2, HTTP/1.1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nforged",
                                "-k", "--upgrade", "TLS/1.2", exit_code=PROTOCOL)
        self.assertNotIn("forged", done.stdout)


if __name__ == "__main__":
    unittest.main()
