#!/usr/bin/env python3
"""Long lists, read to their end at each of three schedulers.

Starts PostgreSQL, three schedulers and a process of simulated nodes on 127.0.0.1, submits more jobs than there are
devices, and reads the lists of jobs and of nodes page by page at each scheduler. Each list must hold everything once.
Prints one JSON document; exits with 1 when a list lacks something.

usage: bench/lists.py [--nodes 20000] [--cells 16] [--jobs 100000] [--page 500]
needs: dotnet build src/Cli -c Release; PostgreSQL
"""
import argparse
import concurrent.futures
import glob
import json
import os
import pathlib
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from overload import CLI, free_port, get, start, wait_until


def look(url):
    return json.loads(get(url))


def as_postgres(*command):
    user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run([*user, *map(str, command)], check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


def submit(server, first, count):
    jobs = [{"name": f"task-{i}", "kind": "batch", "tasks": 1, "devices": 1, "models": ["T4"], "duration": "1000h"}
            for i in range(first, first + count)]
    request = urllib.request.Request(f"{server}/api/v1/jobs", json.dumps(jobs).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        results = json.load(answer)
    return sum(1 for result in results["results"] if result.get("job"))


def read(server, what, page):
    """All names of a list, and how long each page took."""
    names, took, cursor = [], [], ""
    while True:
        began = time.monotonic()
        answer = look(f"{server}/api/v1/{what}?limit={page}{f'&cursor={cursor}' if cursor else ''}")
        took.append((time.monotonic() - began) * 1000)
        names += [item["id"] for item in answer[what]]
        cursor = answer.get("next")
        if not cursor:
            return names, took


def main():
    parser = argparse.ArgumentParser(description="long lists at three schedulers")
    parser.add_argument("--nodes", type=int, default=20_000)
    parser.add_argument("--cells", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--page", type=int, default=500)
    args = parser.parse_args()
    programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if not programs or not os.path.exists(CLI):
        sys.exit("needs PostgreSQL, and: dotnet build src/Cli -c Release")
    database, *ports = (free_port() for _ in range(9))
    members, webs, web = ports[:4], ports[4:7], ports[7]
    processes = []
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        fleet = pathlib.Path(folder, "fleet.conf")
        each = args.nodes // args.cells
        fleet.write_text("fleet { name = lists, cells { " + " ".join(
            f"cell{c} {{ groups = [ {{ model = T4, count = {each}, devices = 1, cpu = 8, memory = 32GiB }} ] }}"
            for c in range(args.cells)) + " } }")
        data = f"{folder}/data"
        as_postgres(f"{programs[-1]}/initdb", "-D", data, "-U", "stockpile", "--auth=trust", "--locale=C")
        as_postgres(f"{programs[-1]}/pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o",
                    f"-c port={database} -c listen_addresses=127.0.0.1 -c unix_socket_directories=", "start")
        try:
            common = {"journal__store": "postgres", "journal__postgres__port": database,
                      "journal__postgres__database": "postgres", "clock__speed": 1, "inspector__port": 0,
                      "cluster__seeds": ",".join(f"127.0.0.1:{m}" for m in members[:3]),
                      "cluster__hostname": "127.0.0.1"}
            with open(f"{folder}/out", "w", encoding="utf-8") as log:
                for member, http in zip(members, webs):
                    processes.append(start(
                        "scheduler", log, cluster__port=member, http__url=f"http://127.0.0.1:{http}", **common))
                processes.append(start(
                    "node", log, cluster__port=members[3], http__url=f"http://127.0.0.1:{web}", host__name="lists",
                    host__fleet=fleet, **common))
                servers = [f"http://127.0.0.1:{http}" for http in webs]
                nodes = each * args.cells
                for server in servers:
                    wait_until("the nodes join", 300, lambda s=server: look(f"{s}/api/v1/fleet")["nodes"] == nodes)
                began = time.monotonic()
                with concurrent.futures.ThreadPoolExecutor(3) as pool:
                    taken = sum(pool.map(lambda first: submit(
                        servers[first // 500 % 3], first, min(500, args.jobs - first)), range(0, args.jobs, 500)))
                submitting = time.monotonic() - began
                time.sleep(30)
                lists = []
                for server in servers:
                    for what, expected in (("jobs", taken), ("nodes", nodes)):
                        began = time.monotonic()
                        names, took = read(server, what, args.page)
                        lists.append({
                            "list": what, "entries": len(names), "whole": len(set(names)) == len(names) == expected,
                            "pages": len(took), "seconds": round(time.monotonic() - began, 1),
                            "pageMs": {"median": round(statistics.median(took), 1), "most": round(max(took), 1)}})
        finally:
            for process in reversed(processes):
                process.send_signal(signal.SIGTERM)
            for process in processes:
                process.wait(60)
            as_postgres(f"{programs[-1]}/pg_ctl", "-D", data, "-m", "immediate", "stop")
    print(json.dumps({
        "bench": "lists", "nodes": nodes, "cells": args.cells, "jobs": taken, "page": args.page,
        "submitSeconds": round(submitting, 1), "lists": lists,
        "conditions": {"cores": os.cpu_count(), "os": platform.platform(), "loadAverage": os.getloadavg()}}, indent=2))
    sys.exit(0 if taken == args.jobs and all(found["whole"] for found in lists) else 1)


if __name__ == "__main__":
    main()
