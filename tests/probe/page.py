"""docs/probe-causes.md, made of the program's own catalogue and of the cases that prove it."""
import json
import pathlib

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "probe-causes.md"
HEAD = """# The causes that `turnout probe` names

`turnout probe URL` compares what it saw with these {count} causes, and names the most likely one first. `turnout explain
P01` prints one of them with what to change in nginx, HAProxy, Apache and others.

Each is proven by a server that is really set up so: the probe names exactly this cause first, and names none where the
same server is set up rightly. A script stands in only where no server could be made to do it. `tests/probe/run` plays
all of them, and compares this page with the catalogue and the cases (`--update` writes it anew).

| Cause | What is the matter | Rests on | Remedy | Proven with |
|---|---|---|---|---|
"""


def cell(text):
    return text.replace("|", "\\|")


def render(catalogue, cases):
    text = HEAD.replace("{count}", str(len(catalogue)))
    for one in catalogue:
        by = dict.fromkeys(case.by for case in cases if case.cause == one["id"])
        text += f"| {one['id']} {one['name']} | {cell(one['summary'])} | {one['section']} | {cell(one['remedy'])} | " \
                f"{', '.join(by)} |\n"
    return text


def catalogue(run):
    return json.loads(run("explain", "--json").stdout)


def complaints(entries, cases):
    """What is missing: a case for each cause, a cause for each case."""
    proven = {case.cause for case in cases if case.cause}
    known = {one["id"] for one in entries}
    for cause in sorted(known ^ proven):
        yield f"{cause} has no case" if cause in known else f"there is no cause {cause}"
    if not PAGE.exists() or PAGE.read_text() != render(entries, cases):
        yield f"{PAGE.name} is not what the catalogue and the cases say: tests/probe/run BUILD_DIR --update"
