"""Asks a server's admin listener, and has something to ask about: two routes that switch, and one that does not.

    Server(config=ROUTES)
    ask(server, "/api/v1/tunnels?route=chat").json()["count"]
    ask(server, "/api/v1/tunnels/close?all=1", "POST").status
    metrics(server)["turnout_tunnels", ("route", "chat"), ("token", "websocket")]
"""
import json
import re
import socket

from http1 import Answer, Http1
from server import SECONDS_MAX

ROUTES = """
[[listener]]
address = "127.0.0.1:0"
[[route]]
name = "chat"
match = { path = "/chat" }
echo = {}
[[route]]
name = "news"
match = { path = "/news" }
echo = {}
[[route]]
name = "page"
match = { path = "/page" }
respond = { body = "0123456789" }
"""


class Asked(Answer):
    def json(self):
        return json.loads(self.body)

    def text(self):
        return self.body.decode()


def connect(server):
    at = socket.socket(socket.AF_UNIX)
    at.settimeout(SECONDS_MAX)
    at.connect(server.admin_socket)
    return Http1(None, at)


def ask(server, target, method="GET", *fields):
    with connect(server) as connection:
        connection.send(f"{method} {target} HTTP/1.1", "Host: turnout", "Connection: close", *fields)
        answer = connection.answer(method)
        return Asked(answer.status, answer.fields, answer.body)


def metrics(server):
    """Every sample by its name and its labels, which are sorted by their names."""
    samples = {}
    for line in ask(server, "/metrics").text().splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line).groups()
        pairs = tuple(sorted(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or "")))
        samples[name, *pairs] = float(value)
    return samples


def total(samples, name, **labels):
    """The sum over all series of that name that have these labels."""
    return sum(value for (key, *pairs), value in samples.items()
               if key == name and labels.items() <= dict(pairs).items())
