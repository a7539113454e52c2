#!/usr/bin/env python3
"""The marks that the hardening flags (cmake/hardening.cmake) leave in the release program.

    tests/hardening_test.py RELEASE_BUILD_DIR
"""
import json
import pathlib
import subprocess
import sys
import unittest

BUILD = pathlib.Path(sys.argv.pop()) if len(sys.argv) > 1 else pathlib.Path("build")


def readelf(*options, file="turnout"):
    return subprocess.run(["readelf", "-W", *options, BUILD / file], check=True, capture_output=True, text=True).stdout


class Hardening(unittest.TestCase):
    def test_position_independent(self):
        self.assertIn("DYN (Position-Independent Executable file)", readelf("-h"))

    def test_relocations_read_only_before_main(self):
        self.assertIn("GNU_RELRO", readelf("-l"))
        self.assertRegex(readelf("-d"), r"FLAGS_1.*\bNOW\b.*\bPIE\b")

    def test_stack_not_executable(self):
        self.assertRegex(readelf("-l"), r"GNU_STACK( +0x\w+){5} RW ")

    def test_no_segment_writable_and_executable(self):
        self.assertNotRegex(readelf("-l"), r"LOAD .* RWE ")

    def test_stack_canary(self):
        self.assertIn("__stack_chk_fail", readelf("--dyn-syms"))

    def test_library_calls_fortified_functions(self):
        self.assertRegex(readelf("--syms", file="libturnout.a"), r"UND __(mem|str|read|recv)\w*_chk")

    def test_no_library_path_of_its_own(self):
        self.assertNotRegex(readelf("-d"), "RPATH|RUNPATH")

    def test_every_source_compiled_with_the_flags_that_leave_no_mark(self):
        commands = json.loads((BUILD / "compile_commands.json").read_text())
        self.assertTrue(commands)
        for entry in commands:
            for flag in ["-O2", "-D_FORTIFY_SOURCE=3", "-D_GLIBCXX_ASSERTIONS", "-fstack-protector-strong",
                         "-fstack-clash-protection", "-ftrivial-auto-var-init=zero"]:
                self.assertIn(f" {flag} ", entry["command"], entry["file"])
            self.assertNotIn("-DNDEBUG", entry["command"])


unittest.main()
