"""A case: one cause, the server that is set up wrongly, and the same one set up rightly.

    @case("P01", by="nginx")
    def hop_headers_stripped(stage):
        echo = stage.keep(Websockets())
        wrong(stage.nginx(f"location / {{ proxy_pass http://{echo.address}; }}"))
        right(stage.nginx(...))
"""
import dataclasses
import json
import os
import subprocess

from servers import Stage

SECONDS_MAX = 60
CASES = []


@dataclasses.dataclass
class Case:
    name: str
    cause: str
    by: str
    function: object

    def play(self):
        with Stage() as stage:
            stage.cause = self.cause
            self.function(stage)


def case(cause, by):
    """`by`: the product that is set up wrongly; "a script" where no real one can be."""
    def register(function):
        CASES.append(Case(f"{cause or 'program'} {function.__name__}", cause, by, function))
        return function
    return register


def run(*arguments, input=None, **options):
    return subprocess.run([os.environ["TURNOUT_PROGRAM"], *map(str, arguments)],
                          **({"stdin": subprocess.DEVNULL} if input is None else {"input": input}),
                          capture_output=True, text=True, errors="replace", timeout=SECONDS_MAX, **options)


def probe(url, *arguments):
    done = run("probe", url, "--json", "-k", *arguments)
    if not done.stdout:
        raise AssertionError(f"turnout probe {url}: exit code {done.returncode}, {done.stderr}")
    report = json.loads(done.stdout)
    assert report["exit_code"] == done.returncode, (report["exit_code"], done.returncode)
    return report


def shorten(report):
    lines = [f"{report['verdict']}; product {report['product']}"]
    lines += [f"  {one['id']} {one['confidence']}: {one['evidence']}" for one in report["findings"]]
    for one in report["attempts"]:
        lines.append(f"  {one['purpose']} {one['token']} {one['over']}: {one['ended']} {one.get('status', '')} "
                     f"{one.get('fault', '')} {one['received']!r} {one['body'][:200]!r} {one['check']['text']}")
    return "\n".join(lines)


def wrong(stage, url, *arguments, exit_code=None):
    """The case's cause is the first one that is named."""
    report = probe(url, *arguments)
    named = [one["id"] for one in report["findings"]]
    if named[:1] != [stage.cause]:
        raise AssertionError(f"{stage.cause} was expected, and {named} named:\n{shorten(report)}")
    if exit_code is not None and report["exit_code"] != exit_code:
        raise AssertionError(f"exit code {report['exit_code']} instead of {exit_code}:\n{shorten(report)}")
    return report


def right(url, *arguments, exit_code=0):
    """No cause is named."""
    report = probe(url, *arguments)
    if report["findings"] or report["exit_code"] != exit_code:
        raise AssertionError(f"sound, but named {[one['id'] for one in report['findings']]}, exit code "
                             f"{report['exit_code']}:\n{shorten(report)}")
    return report
