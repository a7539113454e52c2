#!/usr/bin/env python3
"""The rules that keep the source readable, read off the files themselves: who includes whom, no file too long,
nothing left unfinished. docs/architecture.md says what the folders are for."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINES_MAX = 600

# A folder of src/ and the folders it may include besides itself.
CORE = {"switching", "transport", "runtime", "codec", "base"}
ALLOWED = {
    "base": set(),
    "runtime": {"base"},
    "codec": {"base"},
    "config": {"codec", "base"},
    "transport": {"runtime", "codec", "base"},
    "switching": CORE,
    "protocols": CORE,  # but never another protocol: see test_protocols_do_not_include_each_other
    "handlers": CORE,
    "proxy": CORE,
    "observe": CORE,
    "client": CORE,
    "admin": CORE | {"protocols", "handlers", "observe", "config"},
    "probe": CORE | {"client", "protocols"},
    "server": CORE | {"protocols", "handlers", "proxy", "observe", "config", "admin"},
    "main": CORE | {"protocols", "handlers", "proxy", "observe", "config", "server", "client", "probe", "admin"},
}


def files(*suffixes):
    folders = ["src", "include", "tests", "fuzz", "bench", "examples", "cmake", "tools"]
    found = [ROOT / "CMakeLists.txt", ROOT / "Makefile"]
    for folder in folders:
        found += sorted((ROOT / folder).rglob("*"))
    return [name for path in found if path.is_file() and "node_modules" not in path.parts
            and (name := path.relative_to(ROOT).as_posix()).endswith(suffixes)]


def text(name):
    return (ROOT / name).read_text()


def includes(name, brackets='""'):
    opening, closing = map(re.escape, brackets)
    return re.findall(rf"^\s*#\s*include\s*{opening}([^{closing}]+){closing}", text(name), re.MULTILINE)


def is_test(name):
    return name.endswith(("_test.cpp", "_benchmark.cpp"))


SOURCES = [name for name in files(".h", ".cpp") if name.startswith("src/")]
HEADERS = [name for name in files(".h")]
CODE = files(".h", ".cpp", ".py", ".js", ".mjs", ".cmake", "CMakeLists.txt", "Makefile", "tools/dev")


class Structure(unittest.TestCase):
    def check(self, offences):
        self.assertFalse(offences, "\n" + "\n".join(offences))

    def test_there_is_something_to_check(self):
        self.assertGreater(len(SOURCES), 10)
        self.assertGreater(len(HEADERS), 5)

    def test_folders_include_downwards(self):
        offences = []
        for name in SOURCES:
            folder = name.split("/")[1]
            if folder not in ALLOWED:
                offences.append(f"{name}: the folder {folder} is not in the table of {pathlib.Path(__file__).name}")
                continue
            for include in includes(name):
                target = include.split("/")[0]
                if is_test(name) and target in ("tests", "base", "codec", "runtime", "transport", "switching"):
                    continue
                if target != folder and target not in ALLOWED[folder]:
                    offences.append(f'{name}: {folder} may not include "{include}"')
        self.check(offences)

    def test_includes_are_written_from_src(self):
        roots = [ROOT / "src", ROOT / "include", ROOT]
        self.check([f'{name}: "{include}" is not a path from src/' for name in SOURCES for include in includes(name)
                    if not any((root / include).is_file() for root in roots)])

    def test_protocols_do_not_include_each_other(self):
        def protocol(path):
            return path.split("/")[0].removesuffix(".h").removesuffix(".cpp")
        offences = []
        for name in SOURCES:
            if not name.startswith("src/protocols/") or is_test(name):
                continue
            own = protocol(name.removeprefix("src/protocols/"))
            for include in includes(name):
                if include.startswith("protocols/") and protocol(include.removeprefix("protocols/")) != own:
                    offences.append(f'{name}: includes another protocol, "{include}"; a switch goes through the registry')
        self.check(offences)

    def test_codec_knows_no_socket_and_no_loop(self):
        io = {"sys/socket.h", "sys/epoll.h", "netinet/in.h", "unistd.h", "poll.h", "netdb.h", "coroutine", "thread"}
        self.check([f"{name}: codec/ does no I/O, but includes <{include}>" for name in SOURCES
                    if name.startswith("src/codec/") and not is_test(name)
                    for include in includes(name, "<>") if include in io])

    def test_a_source_includes_its_own_header_first(self):
        offences = []
        for name in SOURCES:
            header = name.removesuffix(".cpp") + ".h"
            if name.endswith(".cpp") and header in HEADERS:
                first = re.search(r'^#include [<"](.+?)[>"]', text(name), re.MULTILINE)
                if not first or first.group(1) != header.removeprefix("src/"):
                    offences.append(f"{name}: include {header} first, which shows that it stands alone")
        self.check(offences)

    def test_headers_have_pragma_once(self):
        self.check([name for name in HEADERS if not re.search(r"^#pragma once$", text(name), re.MULTILINE)])

    def test_headers_have_no_using_namespace(self):
        self.check([name for name in HEADERS if re.search(r"^using namespace", text(name), re.MULTILINE)])

    def test_no_file_is_too_long(self):
        self.check([f"{name}: {count} lines, {LINES_MAX} at most" for name in CODE
                    if (count := text(name).count("\n")) > LINES_MAX])

    def test_nothing_is_left_unfinished(self):
        marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|DISABLED_\w+)\b")
        self.check([f"{name}:{number}: {line.strip()}" for name in CODE
                    for number, line in enumerate(text(name).splitlines(), 1) if marks.search(line)])

    def test_no_tabs(self):
        self.check([name for name in CODE if not name.endswith("Makefile") and "\t" in text(name)])


unittest.main()
