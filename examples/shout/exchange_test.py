#!/usr/bin/env python3
"""Asks the example for its protocol and compares every byte that comes back.

    exchange_test.py build/shout
"""
import socket
import subprocess
import sys

REQUEST = b"GET /shout HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\nConnection: Upgrade\r\n\r\n"


def read(connection, size):
    data = b""
    while len(data) < size and (piece := connection.recv(size - len(data))):
        data += piece
    return data


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: got {got!r} instead of {wanted!r}")


def exchange(host, port):
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(REQUEST)
        expect("the switch", read(connection, len(SWITCHED)), SWITCHED)
        connection.sendall(b"more steam, 2 to 1!\n")
        expect("the new protocol", read(connection, 20), b"MORE STEAM, 2 TO 1!\n")
        connection.shutdown(socket.SHUT_WR)
        expect("the end", connection.recv(1), b"")
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(REQUEST + b"early bytes")  # they go on into the new protocol
        expect("the switch", read(connection, len(SWITCHED)), SWITCHED)
        expect("early bytes", read(connection, 11), b"EARLY BYTES")
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(REQUEST.replace(b"/shout", b"/other").replace(b"Upgrade\r\n", b"Upgrade, close\r\n"))
        expect("a declined offer", connection.recv(4096)[:22], b"HTTP/1.1 404 Not Found")


with subprocess.Popen([sys.argv[1], "127.0.0.1:0"], stderr=subprocess.PIPE, text=True) as server:
    try:
        address, port = server.stderr.readline().split()[-1].rsplit(":", 1)
        exchange(address, int(port))
    finally:
        server.kill()
