"""Transcripts of a running server: what is in them, what is not, and `turnout transcripts` and `turnout tunnels`,
which ask for them and for what is open."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

from admin import ROUTES, ask
from http1 import Http1
from server import PROGRAM, Server, eventually, run_program
from websocket_frames import HANDSHAKE, WebSocketClient

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "probe"))
import schema  # noqa: E402

CONFIG = ROUTES + """
[transcripts]
file = "transcripts.jsonl"
mask_fields = ["X-Customer"]
mask_query = ["ticket"]
[[transcripts.keep]]
route = "news"
status = "101"
[[transcripts.keep]]
status = "404"
[admin]
write = true
"""
SECRET = "s3cret"


def commands(server):
    """Runs a command of the client's side as somebody on the server's machine would."""
    environment = {**os.environ, "RUNTIME_DIRECTORY": str(server.folder)}
    environment.pop("TURNOUT_ADMIN_SOCKET", None)
    return lambda *arguments, **more: run_program(*arguments, env={**environment, **more})


def decline(server, path="/page", *fields):
    with Http1(server.http) as connection:
        return connection.exchange(f"GET {path} HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: frob", *fields)


def lines(server):
    file = server.folder / "transcripts.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


class Transcripts(unittest.TestCase):
    def test_what_is_kept_is_written_as_the_schema_says(self):
        described = json.loads((ROOT / "docs" / "transcript.schema.json").read_text())
        with Server(config=CONFIG) as server:
            decline(server)
            with Http1(server.http) as connection:
                connection.exchange("GET /chat HTTP/1.1", *HANDSHAKE[:3], "Sec-WebSocket-Version: 7", HANDSHAKE[4])
            with Http1(server.http) as connection:
                connection.exchange("GET /missing HTTP/1.1", "Host: a")
            broken = WebSocketClient(server)
            broken.connection.send_bytes(b"\x81\x01a")  # not masked
            broken.connection.read(2)
            broken.connection.socket.close()
            news = WebSocketClient(server, "/news")
            news.say(b"hello")
            news.end()
            orderly = WebSocketClient(server)
            orderly.end()
            eventually(lambda: len(lines(server)) == 6, lambda: lines(server))
            kept = [(one["kept"], one["status"], one["closed"] and one["closed"]["reason"]) for one in lines(server)]
            self.assertCountEqual(kept, [("declined", 200, None), ("refused", 426, None), ("rule", 404, None),
                                         ("error", 101, "websocket-masking"), ("rule", 101, None),
                                         ("rule", 101, "peer-closed")])
            for one in lines(server):
                self.assertEqual(next(iter(one)), "version")
                self.assertEqual(list(schema.faults(one, described)), [])
            self.assertTrue(list(schema.faults({"version": 1}, described)), "the schema takes anything")
            opened, ended = [one for one in lines(server) if one["route"] == "news"]
            self.assertEqual(opened["tunnel_id"], ended["tunnel_id"])
            self.assertEqual((ended["bytes_in"], ended["bytes_out"], ended["closed"]["by"]), (19, 11, "client"))
            asked = ask(server, "/api/v1/transcripts?recent=1").json()["transcripts"]
            self.assertEqual(len(asked), 6, "of the news one, and the orderly one besides")
            for one in asked:
                self.assertEqual(list(schema.faults(one, described)), [])

    def test_SEC_O9_no_secret_is_in_them(self):
        secret_fields = (f"Authorization: Bearer {SECRET}", f"Cookie: id={SECRET}", f"X-Customer: {SECRET}",
                         f"Referer: http://ann:{SECRET}@a/?code={SECRET}", f"Sec-WebSocket-Protocol: token, {SECRET}")
        target = f"/page?token={SECRET}&ticket={SECRET}&%74oken={SECRET}&next=%2F%3Fsid%3D{SECRET}"
        with Server(config=CONFIG) as server:
            decline(server, target, *secret_fields)
            news = WebSocketClient(server, f"/news?access_token={SECRET}")
            news.end()
            eventually(lambda: len(lines(server)) == 3, lambda: lines(server))
            ours = commands(server)
            shown = [(server.folder / "transcripts.jsonl").read_text(), ours("transcripts", "--recent").stdout,
                     ours("transcripts", "--recent", "--json").stdout]
            for text in shown:
                self.assertIn("/page?token=[masked, 6 bytes]&ticket=[masked, 6 bytes]", text)
                self.assertNotIn(SECRET, text)

    def test_the_file_is_begun_anew_after_a_rotation(self):
        with Server(config=CONFIG) as server:
            decline(server)
            eventually(lambda: len(lines(server)) == 1, lambda: lines(server))
            (server.folder / "transcripts.jsonl").rename(server.folder / "old")
            server.process.send_signal(signal.SIGUSR1)
            eventually((server.folder / "transcripts.jsonl").exists, server.said)
            decline(server)
            eventually(lambda: len(lines(server)) == 1, lambda: lines(server))


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server(config=CONFIG))
        cls.ours = staticmethod(commands(cls.server))

    def test_transcripts_for_a_person_and_for_a_program(self):
        decline(self.server)
        shown = self.ours("transcripts", "--outcome", "declined", "--reason", "no-such-token")
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        self.assertIn("answer    200, declined: no-such-token (no protocol of that name is spoken here)", shown.stdout)
        answer = json.loads(self.ours("transcripts", "--json", "--client", "127.0.0.1", "--outcome", "declined").stdout)
        self.assertTrue(answer["transcripts"])
        self.assertEqual({one["outcome"] for one in answer["transcripts"]}, {"declined"})
        nothing = self.ours("transcripts", "--route", "no such")
        self.assertEqual((nothing.returncode, nothing.stdout), (0, "no transcript fits\n"))

    def test_tunnels_are_listed_and_ended(self):
        chats = [WebSocketClient(self.server) for _ in range(2)]
        news = WebSocketClient(self.server, "/news")
        listed = json.loads(self.ours("tunnels", "--json").stdout)["tunnels"]
        self.assertEqual(sorted(tunnel["route"] for tunnel in listed), ["chat", "chat", "news"])
        table = self.ours("tunnels", "--route", "chat", "--token", "websocket", "--client", "127.0.0.1").stdout
        self.assertEqual(len(table.splitlines()), 3, table)
        one = next(tunnel for tunnel in listed if tunnel["route"] == "news")
        details = json.loads(self.ours("transcripts", "--tunnel", one["id"], "--json").stdout)["transcripts"]
        self.assertEqual([(each["kept"], each["closed"]) for each in details], [("rule", None)])
        ended = self.ours("tunnels", "close", "--id", one["id"])
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertTrue(news.is_told(1001))
        news.connection.socket.close()
        ended = self.ours("tunnels", "close", "--route", "chat", "--force", "--json")
        self.assertEqual(json.loads(ended.stdout)["count"], 2)
        for chat in chats:
            self.assertTrue(chat.connection.is_ended())
            chat.connection.socket.close()
        eventually(lambda: self.ours("tunnels").stdout == "no tunnel is open\n", lambda: self.ours("tunnels").stdout)

    def test_what_is_wrong_is_said_in_a_line(self):
        without = self.ours("tunnels", "close")
        self.assertEqual(without.returncode, 2)
        self.assertIn("--all", without.stderr)
        refused = self.ours("tunnels", "--client", "nobody")
        self.assertEqual((refused.returncode, refused.stdout), (1, ""))
        self.assertIn('"client" is an IP address', refused.stderr)
        self.assertEqual(self.ours("transcripts", "--outcome", "odd").returncode, 2)

    def test_a_server_that_lets_nobody_end_anything(self):
        with Server(config=CONFIG.replace("write = true", "")) as server:
            refused = commands(server)("tunnels", "close", "--all")
            self.assertEqual(refused.returncode, 1)
            self.assertIn("admin.write = true", refused.stderr)


class Finding(unittest.TestCase):
    def test_the_one_that_is_named(self):
        with Server(config=CONFIG) as server, tempfile.TemporaryDirectory() as empty:
            nowhere = commands(server)
            found = nowhere("tunnels", "--socket", server.admin_socket, RUNTIME_DIRECTORY=empty)
            self.assertEqual((found.returncode, found.stderr), (0, ""))
            found = nowhere("tunnels", RUNTIME_DIRECTORY=empty, TURNOUT_ADMIN_SOCKET=server.admin_socket)
            self.assertEqual((found.returncode, found.stderr), (0, ""))
            missing = nowhere("tunnels", RUNTIME_DIRECTORY=empty)
            self.assertEqual(missing.returncode, 3)
            self.assertIn(f"no server of this user answers in {empty}", missing.stderr)
            missing = nowhere("tunnels", "--socket", f"{empty}/none.sock")
            self.assertEqual(missing.returncode, 3)
            self.assertIn("none.sock: no server answers there", missing.stderr)

    def test_several_are_listed_and_what_a_killed_one_left_is_none(self):
        with Server(config=CONFIG) as server:
            others = [subprocess.Popen([PROGRAM, "serve", "--http", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True,
                                       env={**os.environ, "RUNTIME_DIRECTORY": str(server.folder)}) for _ in range(2)]
            try:
                for other in others:
                    said = iter(other.stderr.readline, "")
                    next(line for line in said if line.startswith("ready"))
                ours = commands(server)
                several = ours("tunnels")
                self.assertEqual(several.returncode, 3)
                self.assertIn("3 servers answer in", several.stderr)
                self.assertIn(f"--socket {server.admin_socket}", several.stderr)
            finally:
                for other in others:
                    other.kill()
                    other.wait()
                    other.stderr.close()
            self.assertEqual(len(list(server.folder.glob("*.sock"))), 3)
            self.assertEqual(ours("tunnels").stdout, "no tunnel is open\n")


if __name__ == "__main__":
    unittest.main()
