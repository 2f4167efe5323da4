#!/usr/bin/env python3
"""The openb trace through the live cluster, several times per speed.

Every allocation is durable before it is acknowledged, so allocations per second are persisted ones. Prints one JSON
document with the median, least and most of each figure, and the conditions.

usage: bench/openb-live.py NODES.csv PODS.csv [--runs 3] [--speeds 400000 4000000]
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def run(nodes, pods, speed):
    command = ["dotnet", "run", "--project", "src/Cli", "-c", "Release", "--no-build", "--", "demo",
               "--fleet", f"openb:{nodes}", "--jobs", f"openb:{pods}", "--speed", str(speed),
               "--for", "10m", "--fault-hours", "0", "--json"]
    with tempfile.TemporaryDirectory() as data:
        done = subprocess.run(command + ["--data", data], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"the demo ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout)


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def main():
    parser = argparse.ArgumentParser(description="the openb trace through the live cluster")
    parser.add_argument("nodes")
    parser.add_argument("pods")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--speeds", type=int, nargs="+", default=[400_000, 4_000_000])
    arguments = parser.parse_args()
    subprocess.run(["dotnet", "build", "src/Cli", "-c", "Release", "-v", "quiet"], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL)
    results = []
    for speed in arguments.speeds:
        reports = [run(os.path.abspath(arguments.nodes), os.path.abspath(arguments.pods), speed)
                   for _ in range(arguments.runs)]
        results.append({
            "speed": speed,
            "jobs": reports[0]["jobs"]["submitted"],
            "completed": [r["jobs"]["completed"] for r in reports],
            "pending": [r["jobs"]["pending"] for r in reports],
            "journalAgrees": all(j["agrees"] for r in reports for j in r["journal"]),
            "wallSeconds": spread([r["wallSeconds"] for r in reports]),
            "allocationsPerSecond": spread([r["allocations"]["perSecond"] for r in reports]),
        })
    print(json.dumps({
        "bench": "openb-live",
        "conditions": {"cores": os.cpu_count(), "machine": platform.machine(), "os": platform.platform(),
                       "runs": arguments.runs, "journal": "SQLite, WAL, synchronous FULL, one process"},
        "results": results,
    }, indent=2))


if __name__ == "__main__":
    main()
