"""A server behind the proxy that does what a function says, with bytes of its own choice.

    def serve(connection):                      # an Http1, on the server's side; in a thread of its own
        asked = connection.request()
        connection.send_bytes(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")

    with Backend(serve) as backend, Server(config=...format(backend.url)):      # Backend(serve, unix=True)
        ...

What a function raises, except that a connection has ended, makes leaving the block fail.
"""
import contextlib
import dataclasses
import pathlib
import shutil
import socket
import tempfile
import threading
import traceback

from http1 import Http1


@dataclasses.dataclass
class Request:
    method: str
    path: str
    fields: list
    body: bytes = b""

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]


class Connection(Http1):
    def request(self):
        """One request with its body. EOFError where the connection ends instead."""
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")[:-2]
        method, path, version = lines[0].split(" ")
        if version != "HTTP/1.1":
            raise AssertionError(f"not HTTP/1.1: {lines[0]}")
        request = Request(method, path, [tuple(line.split(": ", 1)) for line in lines[1:]])
        if request.all("Transfer-Encoding"):
            while size := int(self.read_until(b"\r\n"), 16):
                request.body += self.read(size)
                self.read(2)
            self.read(2)
        elif lengths := request.all("Content-Length"):
            request.body = self.read(int(lengths[0]))
        return request


class Backend:
    def __init__(self, serve, unix=False):
        self._serve = serve
        self._folder = None
        if unix:
            self._folder = pathlib.Path(tempfile.mkdtemp(prefix="turnout-"))
            self._listening = socket.socket(socket.AF_UNIX)
            self._listening.bind(str(self._folder / "backend.sock"))
            self._listening.listen(128)
            self.url = f"unix:{self._folder / 'backend.sock'}"
        else:
            self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
            self.url = "http://{}:{}".format(*self._listening.getsockname())
        self._lock = threading.Lock()
        self._open = set()
        self._threads = []
        self.errors = []
        self._accepting = threading.Thread(target=self._accept)

    def __enter__(self):
        self._accepting.start()
        return self

    def __exit__(self, exception_type, *_):
        self._listening.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._accepting.join()
        self._listening.close()
        with self._lock:
            for sock in self._open:
                with contextlib.suppress(OSError):  # it may have ended
                    sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        if self._folder:
            shutil.rmtree(self._folder)
        if exception_type is None and self.errors:
            raise AssertionError("\n".join(self.errors))

    def _accept(self):
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            self._threads.append(threading.Thread(target=self._run, args=(sock,)))
            with self._lock:
                self._open.add(sock)
            self._threads[-1].start()

    def _run(self, sock):
        try:
            self._serve(Connection(None, sock))
        except (EOFError, ConnectionError):
            pass
        except Exception:  # pylint: disable=broad-except
            self.errors.append(traceback.format_exc())
        finally:
            with self._lock:
                self._open.discard(sock)
            sock.close()
