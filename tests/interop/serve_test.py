"""`turnout serve`, `check` and `version` as programs: what they print, signals, logs."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import unittest

import certificates
from http1 import Http1
from server import PROGRAM, SECONDS_MAX, Server, eventually, run_program

ROUTE = '[[route]]\nrespond = { status = 200, body = "ok\\n" }\n'
WEBSOCKET = ("Host: a", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")


class Ready(unittest.TestCase):
    def test_the_line_says_where(self):
        with Server() as server:
            self.assertRegex(server.said[-1], r"^ready http=127\.0\.0\.1:\d+ https=127\.0\.0\.1:\d+$")
            self.assertNotIn(0, (server.http[1], server.https[1]))
            for address in (server.http, server.https):
                socket.create_connection(address, SECONDS_MAX).close()

    def test_one_kind_given_replaces_both_defaults(self):
        with Server(listeners=("--http", "127.0.0.1:0")) as server:
            self.assertRegex(server.said[-1], r"^ready http=127\.0\.0\.1:\d+$")
        with Server(listeners=("--https", "127.0.0.1:0")) as server:
            self.assertRegex(server.said[-1], r"^ready https=127\.0\.0\.1:\d+$")

    def test_several_addresses(self):
        with Server(listeners=("--http", "127.0.0.1:0", "--http", "127.0.0.1:0")) as server:
            self.assertEqual(len(set(server.http_all)), 2)
            for address in server.http_all:
                with Http1(address) as connection:
                    self.assertEqual(connection.exchange("GET / HTTP/1.1", "Host: a").status, 200)

    def test_ipv6(self):
        with Server(listeners=("--http", "[::1]:0", "--https", "[::1]:0")) as server:
            self.assertRegex(server.said[-1], r"^ready http=\[::1\]:\d+ https=\[::1\]:\d+$")
            for url in (server.url(), server.url("/", "https")):
                done = subprocess.run(["curl", "-qsk", "--noproxy", "*", "-o", os.devnull, "-w", "%{response_code}",
                                       url], capture_output=True, text=True, timeout=SECONDS_MAX)
                self.assertEqual(done.stdout, "200")
            self.assertEqual(server.logged(count=2, path="/")[0]["c-ip"], "::1")

    def test_what_to_try_next(self):
        """The commands that are printed work."""
        with Server() as server:
            commands = [line.strip() for line in server.said if re.match(r"\s+(curl|\S*turnout) ", line)]
            self.assertGreaterEqual(len(commands), 3, server.said)
            for command in commands:
                words = command.split(" ")
                if words[0] != "curl":
                    words[0] = str(PROGRAM)
                done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS_MAX)
                self.assertEqual(done.returncode, 0, (command, done.stderr))

    def test_busy_port(self):
        with socket.create_server(("127.0.0.1", 0)) as busy:
            address = f"127.0.0.1:{busy.getsockname()[1]}"
            done = run_program("serve", "--http", address)
            self.assertEqual(done.returncode, 1)
            self.assertIn(address, done.stderr)
            self.assertIn("listens there already", done.stderr)
            self.assertNotRegex(done.stderr, "(?m)^ready")

    def test_wrong_arguments(self):
        for arguments in (("serve", "--http", "nowhere"), ("serve", "--made-up"), ("made-up",), ()):
            done = run_program(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertTrue(done.stderr)

    def test_version(self):
        done = run_program("version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^turnout \d+\.\d+\.\d+\n$")


class Signals(unittest.TestCase):
    def test_open_requests_are_finished(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Server() as server, Http1(server.http) as slow, Http1(server.http) as idle:
                idle.exchange("GET / HTTP/1.1", "Host: a")
                slow.send("POST /echo HTTP/1.1", "Host: a", "Content-Length: 10", body=b"first")
                self.assertEqual(slow.head().status, 200)
                self.assertEqual(slow.read(5), b"first")
                server.signal(number)
                self.assertTrue(idle.is_ended())  # so the server is draining

                def refused():
                    try:
                        socket.create_connection(server.http, SECONDS_MAX).close()
                    except ConnectionRefusedError:
                        return True
                    except ConnectionResetError:  # it was still in the queue of a listener that closed
                        pass
                    return False

                eventually(refused, "new connections are refused")
                slow.send_bytes(b"other")
                self.assertEqual(slow.read(5), b"other")
                self.assertTrue(slow.is_ended())
                self.assertEqual(server.process.wait(SECONDS_MAX), 0)

    def test_nothing_open(self):
        with Server() as server:
            self.assertEqual(server.stop(), 0)

    def test_drain_has_an_end(self):
        config = 'drain = "200ms"\n[[listener]]\naddress = "127.0.0.1:0"\n[[route]]\necho = {}\n'
        with Server(config=config) as server, Http1(server.http) as connection:
            connection.send("POST / HTTP/1.1", "Host: a", "Content-Length: 10", body=b"first")
            connection.head()
            self.assertEqual(server.stop(), 0)

    def test_websockets_are_told(self):
        with Server() as server, Http1(server.http) as connection:
            self.assertEqual(connection.exchange("GET /echo HTTP/1.1", *WEBSOCKET).status, 101)
            server.signal(signal.SIGTERM)
            frame = connection.read(4)
            self.assertEqual(frame[0], 0x88)
            self.assertEqual(int.from_bytes(frame[2:4], "big"), 1001)
            connection.send_bytes(b"\x88\x82\0\0\0\0\x03\xe9")
            self.assertEqual(server.process.wait(SECONDS_MAX), 0)
            closed = server.logged(event="close", token="websocket")
            self.assertEqual((closed["x-close-by"], closed["x-close-reason"]), ("server", "draining"))

    def test_a_second_signal_ends_at_once(self):
        config = 'drain = "1h"\n[[listener]]\naddress = "127.0.0.1:0"\n[[route]]\necho = {}\n'
        process = None
        with self.assertRaises(AssertionError), Server(config=config) as server:
            process = server.process
            with Http1(server.http) as connection, Http1(server.http) as idle:
                idle.exchange("OPTIONS * HTTP/1.1", "Host: a")
                connection.send("POST / HTTP/1.1", "Host: a", "Content-Length: 10", body=b"first")
                connection.head()
                server.signal(signal.SIGTERM)
                self.assertTrue(idle.is_ended())
                self.assertIsNone(process.poll())
                server.signal(signal.SIGTERM)
                process.wait(SECONDS_MAX)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)

    def test_logs_are_opened_again(self):
        with Server() as server, Http1(server.http) as connection:
            connection.exchange("GET /before HTTP/1.1", "Host: a")
            server.logged(path="/before")
            old = server.folder / "access.log.1"
            server.log_file.rename(old)
            server.signal(signal.SIGUSR1)
            eventually(server.log_file.exists, "the new log")
            connection.exchange("GET /after HTTP/1.1", "Host: a")
            server.logged(path="/after")  # and with a header of its own, or it could not be parsed
            self.assertNotIn("/after", old.read_text())
            self.assertIn("/before", old.read_text())

    def test_certificates_are_read_again(self):
        config = ('[[listener]]\naddress = "127.0.0.1:0"\n'
                  'tls = [{ certificate = "a.test.pem", key = "a.test.key" }]\n' + ROUTE)
        with tempfile.TemporaryDirectory() as folder:
            certificates.make(pathlib.Path(folder), "a.test")
            files = {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}

        def serial(address):
            host, port = address
            shown = subprocess.run(["openssl", "s_client", "-connect", f"{host}:{port}"], stdin=subprocess.DEVNULL,
                                   capture_output=True, timeout=SECONDS_MAX).stdout
            return subprocess.run(["openssl", "x509", "-noout", "-serial"], input=shown, capture_output=True,
                                  check=True).stdout

        with Server(config=config, files=files) as server:
            before = serial(server.https)
            certificates.make(server.folder, "a.test")
            self.assertEqual(serial(server.https), before)
            server.signal(signal.SIGHUP)
            eventually(lambda: serial(server.https) != before, "the new certificate")
            # One that cannot be used leaves the old one in its place.
            good = serial(server.https)
            (server.folder / "a.test.pem").write_text("no certificate")
            server.signal(signal.SIGHUP)
            eventually(lambda: any("stay as they were" in line for line in server.said), "the complaint")
            self.assertEqual(serial(server.https), good)


class Check(unittest.TestCase):
    def check(self, text, *folders):
        with tempfile.TemporaryDirectory() as folder:
            for name in folders:
                (pathlib.Path(folder) / name).mkdir()
            path = pathlib.Path(folder) / "turnout.toml"
            path.write_text(text)
            return run_program("check", "turnout.toml", cwd=folder)

    def test_good(self):
        done = self.check('[[listener]]\naddress = "127.0.0.1:0"\n' + ROUTE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_bad(self):
        for text, place in (('[[listener]]\naddress = "127.0.0.1:0"\nadress = "x"\n' + ROUTE, "3:1"),
                            ('[[listener]]\naddress = "nowhere"\n' + ROUTE, "2:11"),
                            ('[[listener]\n', "1:"),
                            ('drain = 5\n[[listener]]\naddress = ":0"\n' + ROUTE, "1:9")):
            done = self.check(text)
            self.assertEqual(done.returncode, 1, text)
            self.assertRegex(done.stderr, rf"^turnout\.toml:{place}", text)
            self.assertNotEqual(run_program("serve", "/dev/null").returncode, 0)

    def test_suggestion(self):
        self.assertIn("address", self.check('[[listener]]\nadress = ":0"\n' + ROUTE).stderr)

    def test_every_problem_is_told(self):
        done = self.check('[[listener]]\naddress = "127.0.0.1:0"\nmade_up = 1\n' + ROUTE + "other = 2\n")
        self.assertEqual(len(done.stderr.splitlines()), 2, done.stderr)

    def test_no_such_file(self):
        done = run_program("check", "/nowhere/turnout.toml")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere/turnout.toml", done.stderr)

    def test_the_example(self):
        example = pathlib.Path(__file__).resolve().parents[2] / "examples" / "turnout.toml"
        done = self.check(example.read_text().replace('root = "/srv/', 'root = "./'), "docs", "private")
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class AccessLog(unittest.TestCase):
    FIELDS = ("date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
              "sc-status sc-substatus sc-win32-status time-taken x-event x-tunnel-id x-upgrade-offer x-upgrade-token "
              "x-upgrade-outcome x-upgrade-reason x-close-by x-close-reason x-bytes-in x-bytes-out")
    HOSTILE = 'a b" \t%0a\\ -\xff\x80{}$(id) \u00e9'.encode("latin-1")

    def hostile_request(self, connection):
        connection.send_bytes(b"GET /hostile?q=%22%0d%0a&x=\" HTTP/1.1\r\nHost: a\r\nUser-Agent: " + self.HOSTILE +
                              b"\r\nReferer: -\r\n\r\n")
        return connection.answer().status

    def test_header(self):
        with Server() as server, Http1(server.http) as connection:
            connection.exchange("GET / HTTP/1.1", "Host: a")
            server.logged(path="/")
            lines = server.log_text().splitlines()
            self.assertRegex(lines[0], r"^#Software: Turnout \d+\.\d+\.\d+$")
            self.assertEqual(lines[1], "#Version: 1.0")
            self.assertRegex(lines[2], r"^#Date: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
            self.assertEqual(lines[3], f"#Fields: {self.FIELDS}")

    def test_a_request(self):
        with Server() as server, Http1(server.http) as connection:
            connection.exchange("GET /nothing?a=b HTTP/1.1", "Host: a", "User-Agent: one two", "Referer: http://b/")
            line = server.logged(path="/nothing")
            self.assertEqual((line["cs-method"], line["cs-uri-query"], line["sc-status"], line["cs(User-Agent)"],
                              line["cs(Referer)"], line["s-ip"], line["s-port"], line["c-ip"], line["x-event"]),
                             ("GET", "a=b", "404", "one+two", "http://b/", "127.0.0.1", str(server.http[1]),
                              "127.0.0.1", "request"))

    def test_LAW_L10_one_line_when_it_opens_and_one_when_it_ends(self):
        with Server() as server:
            for _ in range(3):
                with Http1(server.http) as connection:
                    self.assertEqual(connection.exchange("GET /echo HTTP/1.1", *WEBSOCKET).status, 101)
                    connection.send_bytes(b"\x81\x85\0\0\0\0hello")
                    self.assertEqual(connection.read(7), b"\x81\x05hello")
                    connection.send_bytes(b"\x88\x80\0\0\0\0")
                    self.assertEqual(connection.read(2)[0], 0x88)
            server.logged(count=3, event="close")
            by_tunnel = {}
            for line in server.log():
                by_tunnel.setdefault(line["x-tunnel-id"], []).append(line)
            self.assertEqual(len(by_tunnel), 3)
            for opened, closed in by_tunnel.values():
                self.assertEqual((opened["x-event"], closed["x-event"]), ("open", "close"))
                self.assertEqual((opened["sc-status"], opened["x-upgrade-token"]), ("101", "websocket"))
                self.assertEqual((closed["x-close-by"], closed["x-close-reason"]), ("client", "peer-closed"))
                self.assertEqual((closed["x-bytes-in"], closed["x-bytes-out"]), ("17", "9"))

    def test_SEC_O4_no_byte_of_a_client_breaks_a_line(self):
        with Server("--workers", "1") as server, Http1(server.http) as connection:
            status = self.hostile_request(connection)
            self.assertIn(status, (400, 404))
            with Http1(server.http) as other:
                other.exchange("GET /last HTTP/1.1", "Host: a", "Connection: close")
            server.logged(path="/last")
            self.assertEqual(len(server.log()), 2)  # and each has as many values as there are fields
            with Http1(server.http) as third:
                third.send_bytes(b"GET /x HTTP/1.1\r\nHost: a\r\nUser-Agent: a\nGET-/forged b\r\n\r\n")
                self.assertEqual(third.answer().status, 400)
            server.logged(status=400)
            self.assertFalse([line for line in server.log_text().splitlines() if line.startswith("GET-")])

    def test_SEC_O4_json(self):
        with Server("--workers", "1", log_format="json") as server, Http1(server.http) as connection:
            self.hostile_request(connection)
            with Http1(server.http) as other:
                self.assertEqual(other.exchange("GET /echo HTTP/1.1", *WEBSOCKET).status, 101)
            server.logged(event="close", token="websocket")
            lines = [json.loads(line) for line in server.log_text().splitlines()]
            self.assertEqual(len(lines), 3)
            for line in lines:
                self.assertEqual(list(line)[0], "ts")
                self.assertRegex(line["ts"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
                self.assertLessEqual(set(self.FIELDS.split(" ")), set(line))
            self.assertEqual(lines[1]["x-tunnel-id"], lines[2]["x-tunnel-id"])

    def test_to_standard_output(self):
        """And the process of the server is one that can be stopped from there."""
        process = subprocess.Popen([PROGRAM, "serve", "--http", "127.0.0.1:0", "--access-log", "-"], text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            for line in process.stderr:
                if ready := re.match(r"ready http=127\.0\.0\.1:(\d+)$", line):
                    break
            with Http1(("127.0.0.1", int(ready.group(1)))) as connection:
                connection.exchange("GET /printed HTTP/1.1", "Host: a", "Connection: close")
            for line in process.stdout:
                if "/printed" in line:
                    break
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(SECONDS_MAX), 0)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            process.stderr.close()


if __name__ == "__main__":
    unittest.main()
