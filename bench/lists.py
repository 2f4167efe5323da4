#!/usr/bin/env python3
"""Long lists, read to their end at each of three schedulers.

Starts PostgreSQL, three schedulers and a process of simulated nodes on 127.0.0.1, and submits far more jobs than there
are devices. Reads the list of jobs page by page when half of them are in and the rest is on its way, and then the lists
of jobs and of nodes at each scheduler, twice. Every list must hold every entry exactly once. Prints one JSON document
and writes it to lists.json; exits with 1 when a list lacks an entry or has one twice.

usage: bench/lists.py [--nodes 20000] [--cells 16] [--jobs 100000] [--page 500] [--program DLL] [--out bench/results]
needs: dotnet build src/Cli -c Release; PostgreSQL
"""
import argparse
import collections
import concurrent.futures
import contextlib
import glob
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import overload
from overload import conditions, free_port, get, rss_mib, start, wait_until

FILE = 500  # Limits.JobsPerSubmitMax
PROGRAMS = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
OWNER = "stockpile"  # of the database; its password too


def look(server, path):
    return json.loads(get(f"{server}/api/v1/{path}"))


def database(folder, port):
    """Makes a database and starts it; the answer stops it. PostgreSQL refuses to run as root."""
    user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []

    def run(program, *args):
        subprocess.run([*user, f"{PROGRAMS[-1]}/{program}", "-D", f"{folder}/data", *args], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    pathlib.Path(folder, "password").write_text(OWNER, encoding="utf-8")
    run("initdb", "-U", OWNER, "--pwfile", f"{folder}/password", "--auth=scram-sha-256", "--locale=C", "-E", "UTF8")
    run("pg_ctl", "-s", "-w", "-l", f"{folder}/database.log", "-o", f"-c port={port} -c listen_addresses=127.0.0.1 "
        "-c unix_socket_directories= -c max_connections=200", "start")
    return lambda: run("pg_ctl", "-s", "-m", "immediate", "stop")


def submit(server, first, count):
    """The ids of the jobs of one file. With a key a refused file may be sent again."""
    jobs = [{"name": f"task-{i}", "kind": "batch", "tasks": 1, "devices": 1, "models": ["T4"], "duration": "1000h"}
            for i in range(first, first + count)]
    for _ in range(60):
        request = urllib.request.Request(
            f"{server}/api/v1/jobs/batch", json.dumps({"jobs": jobs}).encode(),
            {"Content-Type": "application/json", "Idempotency-Key": f"lists-{first}"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return [result["job"]["id"] for result in json.load(answer)["results"]]
        except urllib.error.HTTPError as refusal:
            if refusal.code not in (429, 503):
                raise
            time.sleep(float(refusal.headers.get("Retry-After", 1)))
    sys.exit(f"jobs from {first} on were refused for too long")


def read(when, servers, at, what, page, expected, grows=False):
    """Reads one list to its end: how long its pages took, and what is wrong with it."""
    rows, took, cursor = [], [], ""
    while cursor is not None:
        asked = time.monotonic()
        answer = look(servers[at], f"{what}?limit={page}&cursor={urllib.parse.quote(cursor)}")
        took.append((time.monotonic() - asked) * 1000)
        # The cursor that asked for the page says at which boundary a list went wrong.
        rows += [(item["id"], item["cell"], item["state"], cursor) for item in answer[what]]
        cursor = answer.get("next")
    times = collections.Counter(row[0] for row in rows)
    wrong = {"twice": [row for row in rows if times[row[0]] > 1], "missing": sorted(expected - times.keys()),
             "unknown": [] if grows else sorted(times.keys() - expected)}
    ten = min(10, -(-len(took) // 4))
    found = {
        "when": when, "scheduler": at + 1, "list": what, "entries": len(rows), "whole": not any(wrong.values()),
        "states": collections.Counter(row[2] for row in rows), "pages": len(took), "seconds": round(sum(took) / 1000, 1),
        "pageMs": {"median": round(statistics.median(took), 1), "most": round(max(took), 1),
                   "first": round(statistics.median(took[:ten]), 1), "last": round(statistics.median(took[-ten:]), 1)},
        **{name: [len(entries), *entries[:20]] for name, entries in wrong.items() if entries}}
    if what == "jobs":  # An id begins with the cell that first took the job.
        found["movedBetweenCells"] = sum(not name.startswith(f"{cell}-") for name, cell, _, _ in rows)
    print(json.dumps(found), file=sys.stderr)
    return found


def end(process):
    process.terminate()
    process.wait(60)


def measure(args, folder, stack):
    port, *ports = (free_port() for _ in range(8))
    servers = [f"http://127.0.0.1:{web}" for web in ports[3:6]]
    each = args.nodes // args.cells
    fleet = pathlib.Path(folder, "fleet.conf")
    fleet.write_text("fleet { name = lists, cells {\n" + "".join(
        f"cell-{c}.groups = [{{ model = T4, count = {each}, devices = 1, cpu = 8, memory = 32GiB }}]\n"
        for c in range(args.cells)) + "} }\n", encoding="utf-8")
    common = {"journal__store": "postgres", "journal__postgres__port": port, "clock__speed": 1, "inspector__port": 0,
              "journal__postgres__database": "postgres", "cluster__hostname": "127.0.0.1",
              "cluster__seeds": ",".join(f"127.0.0.1:{member}" for member in ports[:3])}
    stack.callback(database(folder, port))
    schedulers = []
    with open(f"{folder}/members.log", "w", encoding="utf-8") as log:
        for member, server in zip(ports[:3], servers):
            schedulers.append(start("scheduler", log, cluster__port=member, http__url=server, **common))
            stack.callback(end, schedulers[-1])
        stack.callback(end, start("node", log, cluster__port=0, http__url=f"http://127.0.0.1:{ports[6]}",
                                  host__name="lists", host__fleet=fleet, **common))
    began = time.monotonic()
    for server in servers:
        wait_until("the nodes join", 300, lambda s=server: look(s, "fleet")["nodes"] == each * args.cells)
    joining = time.monotonic() - began
    nodes = {f"cell-{c}-t4-{n:04}" for c in range(args.cells) for n in range(1, each + 1)}
    jobs, began = set(), time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        files = [pool.submit(submit, servers[first // FILE % 3], first, min(FILE, args.jobs - first))
                 for first in range(0, args.jobs, FILE)]
        jobs.update(*(file.result() for file in files[:len(files) // 2]))
        lists = [read("while jobs come", servers, 0, "jobs", args.page, jobs, grows=True)]
        jobs.update(*(file.result() for file in files[len(files) // 2:]))
    submitting = time.monotonic() - began
    memory = {"beforeReading": [rss_mib(scheduler.pid) for scheduler in schedulers]}
    for when in ("at once", "again"):
        for at in range(3):
            for what, expected in (("jobs", jobs), ("nodes", nodes)):
                lists.append(read(when, servers, at, what, args.page, expected))
        memory[f"after reading {when}"] = [rss_mib(scheduler.pid) for scheduler in schedulers]
    fleet = look(servers[0], "fleet")
    return {
        "nodes": len(nodes), "cells": args.cells, "jobs": len(jobs), "page": args.page,
        "joinSeconds": round(joining, 1), "submitSeconds": round(submitting, 1),
        "submittedPerSecond": round(len(jobs) / submitting), "inCells": fleet["jobs"]["submitted"],
        "running": fleet["runningJobs"], "pending": fleet["pending"]["batch"], "schedulerRssMiB": memory,
        "whole": len(jobs) == args.jobs == fleet["jobs"]["submitted"] and all(found["whole"] for found in lists),
        "lists": lists}


def main():
    parser = argparse.ArgumentParser(description="long lists at three schedulers")
    for name, size in (("nodes", 20_000), ("cells", 16), ("jobs", 100_000), ("page", 500)):
        parser.add_argument(f"--{name}", type=int, default=size)
    parser.add_argument("--program", default=overload.CLI)
    parser.add_argument("--out", default=os.path.join(overload.ROOT, "bench", "results"))
    args = parser.parse_args()
    overload.CLI = args.program
    if not PROGRAMS or not os.path.exists(args.program):
        sys.exit("needs PostgreSQL, and: dotnet build src/Cli -c Release")
    os.environ |= {"STOCKPILE__JOURNAL__POSTGRES__USERNAME": OWNER, "STOCKPILE__JOURNAL__POSTGRES__PASSWORD": OWNER,
                   "STOCKPILE_SERVER": ""}
    result = {"bench": "lists", "conditions": {**conditions(), "os": platform.platform()}}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        os.chmod(folder, 0o777)  # The database's user makes its data in it.
        try:
            result |= measure(args, folder, stack)
        except BaseException:
            for log in pathlib.Path(folder).glob("members.log"):
                print(log.read_text(encoding="utf-8")[-5000:], file=sys.stderr)
            raise
    text = json.dumps(result, indent=1)
    print(text)
    pathlib.Path(args.out, "lists.json").write_text(text + "\n", encoding="utf-8")
    sys.exit(0 if result["whole"] else 1)


if __name__ == "__main__":
    main()
