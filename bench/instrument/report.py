"""Medians, ranges, ratios and verdicts; as a Markdown table for people and as JSON for bench/plot."""

import os
import pathlib
import platform
import re
import statistics
import subprocess

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent


def summary(samples):
    values = [sample.value for sample in samples]
    result = {"median": statistics.median(values), "min": min(values), "max": max(values), "rounds": values}
    for key in samples[0].more:
        if isinstance(samples[0].more[key], dict):
            result[key] = {inner: statistics.median(sample.more[key][inner] for sample in samples)
                           for inner in samples[0].more[key]}
        else:
            result[key] = statistics.median(sample.more[key] for sample in samples)
    return result


def ratio(ours, peer):
    """Peer's value / ours: the median of the rounds' ratios, for the machine's speed drifts from round to round."""
    return statistics.median(p / o for o, p in zip(ours["rounds"], peer["rounds"]) if o > 0) if max(ours["rounds"]) > 0 else float("inf")


def verdict(ours, peer):
    if ours["max"] < peer["min"]:
        return "ahead"
    return "behind" if ours["min"] > peer["max"] else "level"


def is_settled(row, samples):
    """Whether more rounds would hardly change a verdict. Ranges that overlap will do so after more rounds too; those
    that do not have to lie apart by half of their width."""
    results = {name: summary(taken) for name, taken in samples.items()}
    ours = results.get(row.servers[0])
    for peer in row.servers[1:]:
        if not ours or peer not in results or verdict(ours, results[peer]) == "level":
            continue
        low, high = sorted((ours, results[peer]), key=lambda one: one["median"])
        width = max(low["max"] - low["min"], high["max"] - high["min"])
        if high["min"] - low["max"] < width / 2:
            return False
    return True


def judge(row, results):
    """What the row's targets came to: [{peer, target, ratio, verdict, met}]."""
    ours = results.get(row.servers[0])
    judged = []
    for target in row.targets:
        if ours and not target.peers:
            judged.append({"peer": None, "target": f"at most {target.ratio:g} {row.unit}", "met": ours["median"] <= target.ratio})
        for peer in target.peers:
            if not ours or peer not in results:
                judged.append({"peer": peer, "target": target.text(), "met": None})
                continue
            found, by_range = ratio(ours, results[peer]), verdict(ours, results[peer])
            met = by_range == "ahead" if target.ahead else by_range != "behind" if target.ratio is None else found >= target.ratio
            judged.append({"peer": peer, "target": target.text(), "ratio": found, "verdict": by_range, "met": met})
    for peer in row.servers[1:]:
        if ours and peer in results and peer not in [one["peer"] for one in judged]:
            judged.append({"peer": peer, "target": None, "ratio": ratio(ours, results[peer]),
                           "verdict": verdict(ours, results[peer]), "met": None})
    return judged


def number(value):
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def cell(result):
    return f"{number(result['median'])} [{number(result['min'])}-{number(result['max'])}]"


def row_lines(row, results, judged, faults):
    """A table of its own for each row: a line for each server."""
    by_peer = {one["peer"]: one for one in judged}
    lines = [f"### {row.title}", "", f"`{row.name}`, {row.unit}", "",
             "| Server | Median [range] | Per second | p50 / p99 / p99.9 µs | Ratio | Verdict | Target |", "|---|---|---|---|---|---|---|"]
    for server in row.servers:
        if server not in results:
            lines.append(f"| {server} | {faults.get(server, 'not measured')} | | | | | |")
            continue
        result, one = results[server], by_peer.get(server, {})
        latency = result.get("latency_us")
        told = " / ".join(f"{latency[key]:.0f}" for key in ("p50", "p99", "p99.9")) if latency else ""
        target = one.get("target") or ""
        if target:
            target += {True: ": met", False: ": **not met**", None: ""}[one["met"]]
        if server == row.servers[0]:
            target = "; ".join(f"{own['target']}{': met' if own['met'] else ': **not met**'}" for own in judged if own["peer"] is None)
        rate = f"{result['throughput']:,.0f}" if "throughput" in result else ""
        lines.append(f"| {server} | {cell(result)} | {rate} | {told} | {number(one['ratio']) if 'ratio' in one else ''} | "
                     f"{one.get('verdict', '')} | {target} |")
    return lines + [""]


def overview_lines(rows):
    lines = ["| Row | Turnout | Against: ratio, verdict |", "|---|---|---|"]
    for row, results, judged, _ in rows:
        ours = results.get(row.servers[0])
        told = []
        for one in judged:
            if one["peer"] is None:
                told.append(f"{one['target']}: {'met' if one['met'] else '**not met**'}")
            elif "ratio" in one:
                missed = " (**target " + one["target"] + "**)" if one["met"] is False else ""
                told.append(f"{one['peer']} {one['ratio']:.2f} {one['verdict']}{missed}")
        lines.append(f"| {row.title} | {cell(ours) + ' ' + row.unit if ours else 'not measured'} | {'; '.join(told)} |")
    return lines + [""]


def version(command, pattern):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except OSError:
        return "not installed"
    found = re.search(pattern, done.stdout + done.stderr)
    return found[1] if found else "unknown"


def circumstances(turnout):
    def git(*arguments):
        return subprocess.run(["git", "-C", PROJECT, *arguments], capture_output=True, text=True).stdout.strip()

    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {
        "commit": git("rev-parse", "--short", "HEAD") + (" and changes" if git("status", "--porcelain", "--untracked-files=no") else ""),
        "cpu": f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores",
        "kernel": re.match(r"[0-9.]*", platform.release())[0],
        "congestion_control": pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip(),
        "versions": {
            "turnout": version([turnout, "version"], r"turnout (\S+)"),
            "nginx": version(["/usr/sbin/nginx", "-v"], r"nginx/(\S+)"),
            "haproxy": version(["haproxy", "-v"], r"version (\S+)"),
            "h2o": version(["h2o", "-v"], r"h2o version (\S+)"),
            "lighttpd": version(["/usr/sbin/lighttpd", "-v"], r"lighttpd/(\S+)"),
            "nghttpx": version(["nghttpx", "-v"], r"nghttpx nghttp2/(\S+)"),
            "apache": version(["/usr/sbin/apache2", "-v"], r"Apache/(\S+)"),
            "node": version(["node", "-v"], r"v(\S+)"),
        },
    }


def markdown(told, rows):
    versions = ", ".join(f"{name} {number_}" for name, number_ in told["versions"].items())
    lines = ["# Benchmarks", "",
             f"{told['date']}, commit {told['commit']}. {told['cpu']}, kernel {told['kernel']}, {told['congestion_control']}. "
             f"{told['rounds']} interleaved rounds of {told['seconds']:g} s, more where a verdict is close; one thread a server, pinned to a core, the load on the other.",
             "", f"{versions}.", "",
             "CPU is that of the server's process tree. A ratio is the other's value divided by Turnout's, so above 1 is better. "
             "Ahead and behind: the ranges of the rounds do not overlap; level: they do.", "", *overview_lines(rows)]
    for row in rows:
        lines += row_lines(*row)
    return "\n".join(lines)
