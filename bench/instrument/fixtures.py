"""What stands around a row's servers: the backend, the namespaces of a distant one, the capacity for open loops."""

import contextlib
import os
import subprocess
import time

from instrument import rows, servers


class Fixture:
    def __init__(self):
        self.backend = self.backend_address = self.namespace = None

    def await_server(self, server):
        if self.namespace:
            deadline = time.monotonic() + 30
            while f":{server.port} " not in subprocess.run(["ip", "netns", "exec", self.namespace, "ss", "-ltnH"],
                                                           capture_output=True, text=True).stdout:
                if time.monotonic() > deadline or server.process.poll() is not None:
                    raise RuntimeError(f"{server.name} does not listen:\n{server.output()}")
                time.sleep(0.05)
        else:
            server.await_port()


@contextlib.contextmanager
def distant(bench, fixture):
    """Two network namespaces with 10 ms between them each way, and the backend in the far one."""
    near, far = f"turnout-near-{os.getpid()}", f"turnout-far-{os.getpid()}"
    delay = None
    try:
        for name in (near, far):
            subprocess.run(["ip", "netns", "add", name], check=True)
            subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        delay = subprocess.Popen(["taskset", "-c", servers.LOAD_CORE, bench.tool("delay"), "--one-way-ms", "10", "--names", near, far],
                                 stdout=subprocess.PIPE, text=True)
        if delay.stdout.readline().strip() != "ready":
            raise RuntimeError("bench/delay did not start; it needs root, for TUN devices")
        fixture.backend = bench.backend("10.77.0.2", far)
        fixture.backend_address = f"10.77.0.2:{fixture.backend.port}"
        fixture.namespace = bench.namespace = near
        yield
    finally:
        if fixture.backend:
            fixture.backend.stop()
        if delay:
            delay.terminate()
            delay.wait()
        for name in (near, far):
            subprocess.run(["ip", "netns", "del", name], check=False)


@contextlib.contextmanager
def open_for(bench, row):
    fixture = Fixture()
    if row.fixture == "delay":
        with distant(bench, fixture):
            yield fixture
        return
    spread = row.fixture == "spread"
    if row.needs_backend:
        fixture.backend = bench.backend("0.0.0.0" if spread else "127.0.0.1").await_port()
    fixture.backend_address = f"127.0.0.1:{fixture.backend.port}" if fixture.backend else "127.0.0.1:9"
    try:
        yield fixture
    finally:
        if fixture.backend:
            fixture.backend.stop()


def capacity(bench, running, options):
    """Requests a second that the slowest of the servers can do, in a closed loop."""
    return min(rows.run_load(bench, ["requests", "--to", f"127.0.0.1:{server.port}", "--connections", 64, "--path", "/proxied/hello",
                                     "--cpu-of", server.pid], options)["operations"] / options.seconds for server in running.values())
