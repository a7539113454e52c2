#!/usr/bin/env python3
"""docs/security.md and the tests say the same: every law (LAW_L4) and class of attack (SEC_S5) that has a test has a
section there ("### S5: ..."); every section has a test, or says "No test of its own" and why.

    tests/security_doc_test.py             # compares
    tests/security_doc_test.py --update    # writes the "Tests:" lines of the page anew
"""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "security.md"
SECTION = re.compile(r"^### ([A-Z]\d+): ", re.MULTILINE)
TEST = re.compile(r"(?:\b|_)(?:SEC|LAW)_([A-Z]\d+)(?!\d)")
IN_TRANSCRIPT = re.compile(r"\b(?:[Ll]aw|class) ([A-Z]\d+)\b")  # what a golden transcript says that it shows
WITHOUT_LINE = re.compile(r"^No test of its own: .*(?:\n.+)*\n*", re.MULTILINE)
TESTS_LINE = re.compile(r"^Tests: .*(?:\n.+)*\n*", re.MULTILINE)


def test_files():
    suffixes = {".cpp", ".py", ".js", ".mjs", ".txt", ""}
    for folder, pattern in [("src", "*_test.cpp"), ("tests", "*")]:
        for path in sorted((ROOT / folder).rglob(pattern)):
            if path.is_file() and path.suffix in suffixes and path != pathlib.Path(__file__).resolve() \
                    and not {"node_modules", "__pycache__"} & set(path.parts):
                yield path


def tested():
    """Class or law: the files with its tests, by their names or by what stands in them."""
    found = {}
    for path in test_files():
        name = path.relative_to(ROOT).as_posix()
        text = path.read_text(errors="replace")
        names = set(IN_TRANSCRIPT.findall(text) if "transcripts" in path.parts and path.suffix == ".txt" else
                    TEST.findall(re.sub(r"^\s*(?://|#|\*).*", "", text, flags=re.MULTILINE)))
        for class_name in names:
            found.setdefault(class_name, []).append(name)
    return found


def prefix(class_name):
    return "LAW_" if class_name.startswith("L") else "SEC_"


def tests_line(class_name, files):
    names = ", ".join(f"`{name}`" for name in files)
    return f"Tests: `{prefix(class_name)}{class_name}` in {names}."


def sections(page):
    """Name and text of each section, its heading included."""
    starts = [match.start() for match in SECTION.finditer(page)]
    for start in starts:
        end = re.compile(r"^##+ ", re.MULTILINE).search(page, start + 1)
        text = page[start:end.start() if end else len(page)]
        yield SECTION.match(text).group(1), text


def updated(page):
    found = tested()
    for class_name, text in list(sections(page)):
        body = TESTS_LINE.sub("", text).rstrip("\n")
        if class_name in found:
            body = WITHOUT_LINE.sub("", body).rstrip("\n")
            body += "\n\n" + tests_line(class_name, found[class_name])
        page = page.replace(text, body + "\n\n")
    return page.rstrip("\n") + "\n"


class SecurityDoc(unittest.TestCase):
    def setUp(self):
        self.page = dict(sections(PAGE.read_text()))
        self.found = tested()

    def test_there_is_something_to_compare(self):
        self.assertGreater(len(self.page), 40)
        self.assertGreater(len(self.found), 40)

    def test_every_tested_class_has_a_section(self):
        missing = [f"{prefix(name)}{name}: {', '.join(files)}" for name, files in self.found.items() if name not in self.page]
        self.assertFalse(missing, "tests of classes that docs/security.md does not explain: write a section")

    def test_a_section_that_names_tests_has_them(self):
        for name, text in self.page.items():
            line = TESTS_LINE.search(text)
            if line is None:
                continue
            self.assertIn(f"`{prefix(name)}{name}`", line.group(), f"section {name} names tests of another class")
            for file in re.findall(r"`([^`]+/[^`]+)`", line.group()):
                self.assertIn(file, self.found.get(name, []), f"section {name} names a file without such a test")

    def test_every_section_has_a_test_or_says_why_not(self):
        without = [name for name, text in self.page.items() if name not in self.found and not WITHOUT_LINE.search(text)]
        self.assertFalse(without, "sections of docs/security.md without a test")
        wrong = [name for name, text in self.page.items() if name in self.found and WITHOUT_LINE.search(text)]
        self.assertFalse(wrong, "they have tests by now: run tests/security_doc_test.py --update")


if "--update" in sys.argv:
    PAGE.write_text(updated(PAGE.read_text()))
else:
    unittest.main()
