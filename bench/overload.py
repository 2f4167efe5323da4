#!/usr/bin/env python3
"""Ten times what a cluster can take, for a minute.

Starts a scheduler (journal in SQLite) and a process of simulated nodes as separate members, finds the rate of
submissions that they sustain, and then offers a multiple of it. Meanwhile it looks once a second at the resident memory
of both processes and at the scheduler's own figures: requests in flight, the cells' inboxes, the longest silence of a
host. At the end the journal is counted. Writes overload.json and overload.md; exits with 1 when a promise was broken.

usage: bench/overload.py [--seconds 60] [--factor 10] [--clients 1000] [--out bench/results]
needs: dotnet build src/Cli -c Release
"""
import argparse
import datetime
import json
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CLI = os.path.join(ROOT, "src", "Cli", "bin", "Release", "net10.0", "stockpile.dll")
FLEET = os.path.join(ROOT, "hocon", "fleets", "hunyuan.conf")
IN_FLIGHT_MAX = {"submit": 256, "journal": 4, "other": 256}  # Limits.cs
INBOX_MAX = 20_000
SILENCE_MAX_S = 10  # CellOptions.HostSilenceMax


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


def start(role, log, **settings):
    command = ["dotnet", CLI, "run", role]
    for key, value in settings.items():
        command += ["--set", f"stockpile.{key.replace('__', '.')}={value}"]
    return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def bench(server, *args):
    command = ["dotnet", CLI, "bench", "--server", server, "--json", "--duration", "1m", *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True)
    if not done.stdout.strip():
        sys.exit(f"bench {' '.join(map(str, args))} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout)


def rss_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        return round(int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024, 1)


def figures(server):
    """The scheduler's figures, by name and labels."""
    found = {}
    for line in get(f"{server}/metrics").splitlines():
        if not line.startswith("#") and " " in line:
            name, value = line.rsplit(" ", 1)
            found[name] = float(value)
    return found


def labelled(found, name):
    return {key[len(name):]: value for key, value in found.items() if key.startswith(name + "{")}


class Watch(threading.Thread):
    """One look a second until it is stopped."""

    def __init__(self, server, scheduler, nodes):
        super().__init__(daemon=True)
        self.server, self.scheduler, self.nodes = server, scheduler, nodes
        self.looks, self.unanswered, self.ended = [], 0, threading.Event()

    def run(self):
        began = time.monotonic()
        while not self.ended.wait(1):
            look = {"second": round(time.monotonic() - began, 1),
                    "schedulerRssMiB": rss_mib(self.scheduler), "nodesRssMiB": rss_mib(self.nodes)}
            try:
                found = figures(self.server)
                look["inFlight"] = labelled(found, "stockpile_http_in_flight")
                look["inboxMost"] = max(labelled(found, "stockpile_cell_inbox").values(), default=0)
                look["hostGapMostS"] = max(labelled(found, "stockpile_host_gap_seconds").values(), default=0)
                look["heapMiB"] = round(found.get("dotnet_total_memory_bytes", 0) / 2**20, 1)
                look["unfinishedJobs"] = sum(labelled(found, "stockpile_jobs_pending").values()) + sum(
                    labelled(found, "stockpile_jobs_running").values())
            except OSError:
                self.unanswered += 1
            self.looks.append(look)

    def stop(self):
        self.ended.set()
        self.join()
        return self.looks


def sustainable(server, seconds):
    """What clients get that wait for their answers, and then the share of it that is served in order at set times."""
    closed = bench(server, "--rate", "max", "--clients", 64, "--for", f"{seconds}s")
    tried = [{"rate": "max", "accepted": closed["perSecond"]["accepted"], "latencyMs": closed["latencyMs"]["accepted"]}]
    for share in (1.0, 0.8, 0.65, 0.5, 0.35, 0.2):
        rate = max(1, round(closed["perSecond"]["accepted"] * share))
        run = bench(server, "--rate", rate, "--clients", 200, "--for", f"{seconds}s")
        late = run["latencyMs"]["accepted"]["p99"]
        tried.append({"rate": rate, "accepted": run["perSecond"]["accepted"], "unsent": run["unsent"],
                      "refused": run["refused"], "latencyMs": run["latencyMs"]["accepted"]})
        if late <= 1_000 and not run["refused"] and run["unsent"] == 0:
            return rate, tried
    return rate, tried


def wait_until(what, seconds, check):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            if check():
                return
        except OSError:
            pass
        time.sleep(0.5)
    sys.exit(f"{what}: not within {seconds} s")


def judge(run, looks, fleet, before, counted, log, unanswered):
    faults = []

    def expect(holds, text):
        if not holds:
            faults.append(text)

    bare = sum(r["withoutRetryAfter"] for r in run["refused"])
    expect(bare == 0, f"{bare} refusals had no Retry-After")
    expect(all(r["status"] in (429, 503) for r in run["refused"]), f"refusals: {run['refused']}")
    expect(not run["failed"], f"requests without an answer: {run['failed']}")
    expect(run["accepted"] > 0, "nothing was accepted")
    expect(fleet["jobs"]["submitted"] - before == run["accepted"],
           f"{run['accepted']} accepted, {fleet['jobs']['submitted'] - before} submitted in the cells")
    expect(counted["sound"], f"journal check: {counted['verdicts']}")
    for look in looks:
        for kind, most in IN_FLIGHT_MAX.items():
            now = look.get("inFlight", {}).get(f'{{kind="{kind}"}}', 0)
            expect(now <= most, f"second {look['second']}: {now} requests of kind {kind} in flight")
        expect(look.get("inboxMost", 0) <= INBOX_MAX, f"second {look['second']}: an inbox of {look.get('inboxMost')}")
    gap = max((look.get("hostGapMostS", 0) for look in looks), default=0)
    expect(gap < SILENCE_MAX_S, f"a host was not heard of for {gap} s")
    expect(fleet["nodesLost"] == 0, f"{fleet['nodesLost']} nodes were declared lost")
    for word in ("are lost", "UNREACHABLE", "unreachable", "quarantine"):
        expect(word not in log, f"the log says {word!r}")
    expect(unanswered == 0, f"{unanswered} looks at /metrics were not answered")
    return faults


def page(result):
    run, looks = result["overload"], result["looks"]
    accepted, refused = run["latencyMs"].get("accepted"), run["latencyMs"].get("refused")
    rss = [look["schedulerRssMiB"] for look in looks]
    third = max(1, len(rss) // 3)
    lines = [
        "# Overload", "",
        f"`bench/overload.py`, {result['conditions']['date']}, {result['conditions']['cores']} cores "
        f"({result['conditions']['processor']}), load average {result['conditions']['loadAverage']} when it began. "
        "Client, scheduler, nodes and journal share these cores, so the figures are orders.", "",
        "| | |", "|---|---|",
        f"| sustained | {result['sustainablePerSecond']} submissions/s |",
        f"| asked for | {run['rate']} /s for {result['seconds']} s, {run['clients']} clients |",
        f"| sent | {run['submitted']} ({run['perSecond']['submitted']} /s); {run['unsent']} more could not be sent: "
        "all clients were waiting |",
        f"| accepted, durable | {run['accepted']} ({run['perSecond']['accepted']} /s) |",
        f"| refused | {', '.join(str(r['count']) + ' x ' + str(r['status']) for r in run['refused']) or 'none'} |",
        f"| refused without `Retry-After` | {sum(r['withoutRetryAfter'] for r in run['refused'])} |",
        f"| without an answer | {sum(f['count'] for f in run['failed'])} |",
    ]
    for name, latency in (("accepted", accepted), ("refused", refused)):
        if latency:
            lines.append(f"| latency of the {name}, from when they were due | p50 {latency['p50']:.0f} ms, "
                         f"p99 {latency['p99']:.0f} ms, max {latency['max']:.0f} ms |")
    lines += [
        f"| accepted and not in the journal | {run['accepted'] - result['inJournal']} |",
        f"| longest silence of a host | {max((l.get('hostGapMostS', 0) for l in looks), default=0):.2f} s "
        f"(lost after {SILENCE_MAX_S} s) |",
        f"| nodes declared lost, members unreachable | {result['nodesLost']}, {result['unreachable']} |",
        f"| scheduler's memory (RSS), first, middle, last third | {sum(rss[:third]) / third:.0f}, "
        f"{sum(rss[third:2 * third]) / third:.0f}, {sum(rss[-third:]) / third:.0f} MiB (most {max(rss):.0f}) |",
        f"| promises broken | {len(result['faults'])} |", "",
        "Latencies count from the time a submission was due, so they hold the time in which it could not be sent. "
        "A cell remembers its last 50,000 ended jobs, so memory grows until it has had so many.", "",
    ]
    return "\n".join(lines + [f"- {fault}" for fault in result["faults"]])


def conditions():
    with open("/proc/cpuinfo") as cpus:
        model = re.search(r"model name\s*:\s*(.+)", cpus.read())
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cores": os.cpu_count(), "processor": model.group(1) if model else platform.machine(),
        "loadAverage": round(os.getloadavg()[0], 2),
        "dotnet": subprocess.run(["dotnet", "--version"], capture_output=True, text=True).stdout.strip(),
    }


def main():
    parser = argparse.ArgumentParser(description="ten times what a cluster can take, for a minute")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--factor", type=float, default=10)
    parser.add_argument("--clients", type=int, default=1_000)
    parser.add_argument("--find", type=int, default=15, help="seconds of each run that looks for the sustained rate")
    parser.add_argument("--out", default=os.path.join(ROOT, "bench", "results"))
    args = parser.parse_args()
    about = conditions()
    with tempfile.TemporaryDirectory() as folder:
        data, logs = os.path.join(folder, "data"), os.path.join(folder, "log")
        http, node_http, member = free_port(), free_port(), free_port()
        server = f"http://127.0.0.1:{http}"
        with open(logs, "w") as log:
            common = {"clock__speed": 600, "inspector__port": 0}
            scheduler = start("scheduler", log, journal__sqlite__data=data, http__url=server,
                              cluster__port=member, **common)
            nodes = start("node", log, host__name="bench", host__fleet=FLEET, cluster__port=0,
                          cluster__seeds=f"127.0.0.1:{member}", http__url=f"http://127.0.0.1:{node_http}", **common)
            try:
                wait_until("the nodes join", 180, lambda: json.loads(get(f"{server}/api/v1/fleet"))["nodes"] == 1070)
                print("warming up", file=sys.stderr)
                bench(server, "--rate", "max", "--clients", 64, "--for", f"{args.find}s")
                rate, tried = sustainable(server, args.find)
                print(f"sustained: {rate} submissions/s; {args.factor:g} times that for {args.seconds} s",
                      file=sys.stderr)
                before = json.loads(get(f"{server}/api/v1/fleet"))["jobs"]["submitted"]
                watch = Watch(server, scheduler.pid, nodes.pid)
                watch.start()
                run = bench(server, "--rate", rate * args.factor, "--clients", args.clients, "--for",
                            f"{args.seconds}s")
                looks = watch.stop()
                fleet = json.loads(get(f"{server}/api/v1/fleet"))
            finally:
                for process in (nodes, scheduler):
                    process.send_signal(signal.SIGTERM)
                for process in (nodes, scheduler):
                    process.wait(60)
        check = subprocess.run(["dotnet", CLI, "journal", "check", "--data", data, "--json"],
                               capture_output=True, text=True)
        cells = json.loads(check.stdout)["cells"] if check.stdout.strip() else []
        with open(logs) as log:
            said = log.read()
    counted = {"sound": bool(cells) and all(c["agrees"] for c in cells), "verdicts": [c["verdict"] for c in cells]}
    result = {
        "conditions": about, "seconds": args.seconds, "factor": args.factor, "sustainablePerSecond": rate,
        "tried": tried, "overload": run, "looks": looks, "inJournal": fleet["jobs"]["submitted"] - before,
        "nodesLost": fleet["nodesLost"], "unreachable": len(re.findall("(?i)unreachable", said)),
        "journal": cells,
        "faults": judge(run, looks, fleet, before, counted, said, watch.unanswered),
    }
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, "overload.json"), "w") as out:
        json.dump(result, out, indent=1)
        out.write("\n")
    with open(os.path.join(args.out, "overload.md"), "w") as out:
        out.write(page(result).rstrip() + "\n")
    print(json.dumps({k: result[k] for k in ("sustainablePerSecond", "overload", "faults")}, indent=2))
    for fault in result["faults"]:
        print(f"overload: {fault}", file=sys.stderr)
    sys.exit(1 if result["faults"] else 0)


if __name__ == "__main__":
    main()
