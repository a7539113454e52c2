"""The admin listener: who may ask, what it says, and that what it counts is what happened."""
import json
import os
import signal
import stat
import subprocess
import unittest
import urllib.parse

from admin import ROUTES, ask, metrics, total
from http1 import Http1
from server import PROGRAM, SECONDS_MAX, Server, eventually
from websocket_frames import HANDSHAKE, WebSocketClient, close_frame

MAY_WRITE = ROUTES + "[admin]\nwrite = true\n"


class Socket(unittest.TestCase):
    def test_only_its_user_may_ask(self):
        with Server() as server:
            self.assertEqual(stat.S_IMODE(os.stat(server.admin_socket).st_mode), 0o600)
            self.assertEqual(ask(server, "/healthz").text(), "ok\n")
            path = server.admin_socket
        self.assertFalse(os.path.exists(path))

    def test_a_place_of_its_own(self):
        config = ROUTES + '[admin]\nsocket = "here.sock"\n'
        with Server(config=config) as server:
            self.assertEqual(server.admin_socket, str(server.folder / "here.sock"))
            again = subprocess.run([PROGRAM, "serve", server.folder / "turnout.toml"], capture_output=True, text=True,
                                   timeout=SECONDS_MAX)
            self.assertEqual(again.returncode, 1)
            self.assertIn("here.sock is in use by another server", again.stderr)
            self.assertEqual(ask(server, "/healthz").status, 200)

    def test_what_a_killed_server_left_is_no_hindrance(self):
        config = ROUTES + '[admin]\nsocket = "here.sock"\n'
        with Server(config=config) as server:
            first = subprocess.Popen([PROGRAM, "serve", "--http", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True,
                                     env={**os.environ, "RUNTIME_DIRECTORY": str(server.folder / "run")})
            try:
                said = iter(first.stderr.readline, "")
                path = next(line for line in said if line.startswith("admin socket: ")).split(" ")[-1].strip()
                next(line for line in said if line.startswith("ready"))
            finally:
                first.kill()
                first.wait()
                first.stderr.close()
            self.assertTrue(os.path.exists(path))
            with Server(config=ROUTES + f'[admin]\nsocket = "{path}"\n') as second:
                self.assertEqual(ask(second, "/healthz").status, 200)

    def test_none_where_none_is_wanted(self):
        with Server(config=ROUTES + "[admin]\nenabled = false\n") as server:
            self.assertIsNone(server.admin_socket)
            self.assertEqual(list(server.folder.glob("*.sock")), [])


class Reading(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server(config=ROUTES))

    def test_nothing_is_changed_unless_that_is_allowed(self):
        answer = ask(self.server, "/api/v1/tunnels/close?all=1", "POST")
        self.assertEqual(answer.status, 403)
        self.assertIn("admin.write = true", answer.text())

    def test_no_web_page_gets_an_answer(self):
        self.assertEqual(ask(self.server, "/metrics", "GET", "Origin: http://127.0.0.1").status, 403)

    def test_only_what_is_there(self):
        self.assertEqual(ask(self.server, "/nothing").status, 404)
        self.assertEqual(ask(self.server, "/metrics", "POST").status, 405)
        self.assertEqual(ask(self.server, "/metrics", "HEAD").body, b"")
        answer = ask(self.server, "/api/v1/tunnels?rout=chat")
        self.assertEqual(answer.status, 400)
        self.assertIn("there are: id, route", answer.text())

    def test_it_switches_to_nothing(self):
        answer = ask(self.server, "/healthz", "GET", *HANDSHAKE[1:])
        self.assertEqual(answer.status, 200)

    def test_the_configuration_in_use(self):
        config = ask(self.server, "/api/v1/config").json()
        self.assertEqual([route["name"] for route in config["routes"]], ["chat", "news", "page"])
        self.assertEqual(config["limits"]["linger"], 2000)

    def test_promtool_finds_nothing(self):
        with Http1(self.server.http) as connection:
            connection.exchange("GET /page HTTP/1.1", "Host: a")
        checked = subprocess.run(["promtool", "check", "metrics"], input=ask(self.server, "/metrics").body,
                                 capture_output=True, timeout=SECONDS_MAX)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, b"", b""))


class Tunnels(unittest.TestCase):
    def test_open_ones_are_listed_and_ended(self):
        with Server(config=MAY_WRITE) as server:
            chats = [WebSocketClient(server) for _ in range(3)]
            news = WebSocketClient(server, "/news?secret=1")
            news.say(b"hello")

            def listed(query=""):
                return ask(server, f"/api/v1/tunnels?{query}").json()["tunnels"]

            self.assertEqual(len(listed()), 4)
            self.assertEqual([tunnel["id"] for tunnel in listed()], sorted(tunnel["id"] for tunnel in listed()))
            one = listed("route=news")[0]
            self.assertEqual((one["token"], one["via"], one["stream"], one["path"], one["closing"]),
                             ("websocket", "h1-upgrade", "tcp", "/news", False))
            self.assertEqual((one["bytes_in"], one["bytes_out"]), (11, 7))
            self.assertEqual(one["client"], "{}:{}".format(*news.connection.socket.getsockname()))
            self.assertEqual(len(listed("token=WebSocket&client=127.0.0.1")), 4)
            self.assertEqual(len(listed("client=127.0.0.2")), 0)
            self.assertEqual([tunnel["path"] for tunnel in listed(f"id={one['id']}")], ["/news"])

            table = ask(server, "/api/v1/tunnels?route=chat", "GET", "Accept: text/plain").text().splitlines()
            self.assertEqual(table[0].split(), ["ID", "AGE", "ROUTE", "TOKEN", "CLIENT", "UPSTREAM", "IN", "OUT", "PATH"])
            self.assertEqual(len(table), 4)

            self.assertEqual(ask(server, "/api/v1/tunnels/close", "POST").status, 400)
            self.assertEqual(ask(server, "/api/v1/tunnels/close?route=chat", "GET").status, 405)
            closed = ask(server, f"/api/v1/tunnels/close?id={one['id']}", "POST").json()
            self.assertEqual(closed["count"], 1)
            self.assertTrue(news.is_told(1001))
            closed = ask(server, "/api/v1/tunnels/close?route=chat&force=1", "POST").json()
            self.assertEqual(closed["count"], 3)
            for chat in chats:
                self.assertTrue(chat.connection.is_ended())
                chat.connection.socket.close()
            news.connection.send_bytes(close_frame(1001))
            news.connection.socket.close()
            eventually(lambda: listed() == [], listed)
            self.assertEqual(server.logged(event="close", path="/news")["x-close-reason"], "closed-by-operator")

    def test_while_the_server_stops(self):
        with Server(config=MAY_WRITE) as server:
            self.assertEqual(ask(server, "/readyz").status, 200)
            chat = WebSocketClient(server)
            server.signal(signal.SIGTERM)
            self.assertTrue(chat.is_told(1001))  # and does not answer that for now
            answer = ask(server, "/readyz")
            self.assertEqual((answer.status, answer.text()), (503, "stopping\n"))
            self.assertEqual(ask(server, "/api/v1/tunnels").json()["count"], 1)
            self.assertEqual(total(metrics(server), "turnout_tunnels"), 1)
            chat.connection.send_bytes(close_frame(1001))
            chat.connection.socket.close()


class OverTcp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        config = ROUTES + '[admin]\naddress = "127.0.0.1:0"\ntoken_file = "token"\n'
        cls.token = "0123456789abcdef0123456789abcdef"
        cls.server = cls.enterClassContext(Server(config=config, files={"token": cls.token.encode() + b"\n"}))
        cls.url = urllib.parse.urlsplit(cls.server.admin_url)
        cls.host = f"Host: {cls.url.netloc}"

    def ask(self, target, *fields, method="GET"):
        with Http1((self.url.hostname, self.url.port)) as connection:
            return connection.exchange(f"{method} {target} HTTP/1.1", *fields)

    def test_nobody_without_a_secret(self):
        for target in ("/metrics", "/api/v1/tunnels", "/api/v1/config", "/healthz", "/"):
            self.assertEqual(self.ask(target, self.host).status, 401, target)
        self.assertEqual(self.ask("/metrics", self.host, "Authorization: Bearer wrong" + self.token).status, 401)

    def test_programs_send_their_token(self):
        answer = self.ask("/metrics", self.host, f"Authorization: Bearer {self.token}")
        self.assertEqual(answer.status, 200)
        self.assertIn(b"turnout_build_info", answer.body)

    def test_a_name_that_points_here_is_not_enough(self):
        bearer = f"Authorization: Bearer {self.token}"
        for host in ("evil.example", f"evil.example:{self.url.port}", "127.0.0.1", "127.0.0.1:1"):
            self.assertEqual(self.ask("/metrics", f"Host: {host}", bearer).status, 403, host)
        self.assertEqual(self.ask("/metrics", self.host, bearer, "Origin: http://evil.example").status, 403)
        self.assertEqual(self.ask("/metrics", self.host, bearer, "Sec-Fetch-Site: cross-site").status, 403)
        self.assertEqual(self.ask("/metrics", self.host, bearer, f"Origin: http://{self.url.netloc}").status, 200)

    def test_the_url_is_good_once(self):
        with Server(config=ROUTES + '[admin]\naddress = "127.0.0.1:0"\n') as server:
            url = urllib.parse.urlsplit(server.admin_url)
            with Http1((url.hostname, url.port)) as connection:
                first = connection.exchange(f"GET {url.path}?{url.query} HTTP/1.1", f"Host: {url.netloc}")
                self.assertEqual((first.status, first.field("Location")), (303, "/"))
                cookie = first.field("Set-Cookie")
                self.assertRegex(cookie, r"; HttpOnly; SameSite=Strict$")
                again = connection.exchange(f"GET {url.path}?{url.query} HTTP/1.1", f"Host: {url.netloc}")
                self.assertEqual(again.status, 403)
                known = connection.exchange("GET /api/v1/tunnels HTTP/1.1", f"Host: {url.netloc}",
                                            f"Cookie: {cookie.split(';')[0]}")
                self.assertEqual(known.status, 200)


class GoAccess(unittest.TestCase):
    def test_it_reads_the_w3c_log(self):
        with Server(config=ROUTES) as server:
            for _ in range(3):
                WebSocketClient(server).end()
            with Http1(server.http) as connection:
                for _ in range(5):
                    connection.exchange("GET /page?a=b HTTP/1.1", "Host: a", "User-Agent: Mozilla/5.0 (X11) Test/1")
                connection.exchange("GET /nowhere HTTP/1.1", "Host: a")
            server.logged(count=3, event="close")
            server.logged(path="/nowhere")
            lines = len(server.log())
            report = server.folder / "report.json"
            done = subprocess.run(["goaccess", server.log_file, "--log-format=W3C", "--no-global-config", "--no-progress",
                                   "-o", report],
                                  capture_output=True, text=True, timeout=3 * SECONDS_MAX)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            general = json.loads(report.read_text())["general"]
            self.assertEqual((general["total_requests"], general["failed_requests"]), (lines, 0))


if __name__ == "__main__":
    unittest.main()
