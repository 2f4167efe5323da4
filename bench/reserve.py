#!/usr/bin/env python3
"""The reserve: the combined scheme against the naive ones on the same stock, and how long a forecast takes.

Every policy gets the same runs: the same seed draws the same faults, arrivals and assumptions for each of them. They
are compared on the scenario as it is, which leaves room on the training chips, and again with several times its
research, which leaves little. Writes bench/results/reserve.json and reserve.md.

    dotnet build src/Cli -c Release
    python3 bench/reserve.py
"""

import argparse
import datetime
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time

POLICIES = ["combined", "any-chip", "train-anywhere", "reserve-all"]
SCENARIO = "hocon/scenarios/hunyuan-reserve.conf"


def forecast(program, *arguments):
    """One forecast: its document, wall seconds and processor seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    done = subprocess.run([program, "forecast", "--json", *arguments], capture_output=True, text=True)
    wall = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"reserve.py: {done.stderr.strip()}")
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return json.loads(done.stdout), done.stdout, wall, cpu


def conditions():
    with open("/proc/cpuinfo") as file:
        cpu = next((l.split(":", 1)[1].strip() for l in file if l.startswith("model name")), "unknown")
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%MZ"),
        "cores": os.cpu_count(), "cpu": cpu, "os": platform.platform(), "build": "Release",
        "loadAverage": os.getloadavg()[0],
    }


def row(report):
    frontier = next(t for t in report["tiers"] if t["tier"] == "frontier")
    kept = ["policy", "runs", "generations", "progress", "onTime", "demandServed", "lostInferenceHours",
            "outsideServed", "frontierTrainingHours", "generationWaitedHours", "preempted", "guestsTaken"]
    return {key: report[key] for key in kept} | {
        "frontierTrainingShare": frontier["training"] / frontier["stock"],
        "frontierInferenceShare": (frontier["inference"] + frontier["inferenceGuest"]) / frontier["stock"],
        "tiers": report["tiers"], "services": report["services"],
    }


def more_research(times, folder):
    """A copy of the scenario whose research asks for so many times as much work."""
    with open(SCENARIO) as file:
        text = file.read()
    figure = r"([0-9.]+)"
    pattern = rf"research-work {{ low = {figure}, value = {figure}, high = {figure},"
    found = re.search(pattern, text)
    if not found:
        sys.exit(f"reserve.py: {SCENARIO} has no research-work {{ low, value, high }}")
    low, value, high = (f"{times * float(x):g}" for x in found.groups())
    path = os.path.join(folder, "more-research.conf")
    with open(path, "w") as file:
        file.write(text.replace(found.group(), f"research-work {{ low = {low}, value = {value}, high = {high},"))
    return path


def compared(given, *arguments):
    """Every policy in the same runs, and the years they looked ahead."""
    rows = []
    for policy in POLICIES:
        document, _, _, _ = forecast(
            given.program, "--policies", policy, "--runs", str(given.runs), "--no-sensitivity", "--seed",
            str(given.seed), *arguments)
        rows.append(row(document["byPolicy"][0]))
    return rows, document["years"]


def table(policies):
    lines = [
        "| policy | generations p10 / p50 / p90 | mean progress | on time | demand served | cloud tenants' share "
        "| frontier hours on training | of the frontier's hours |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for p in policies:
        g = p["generations"]
        lines.append(
            f"| {p['policy']} | {g['p10']:g} / {g['p50']:g} / {g['p90']:g} | {p['progress']['mean']:.2f} "
            f"| {p['onTime']['mean']:.2f} | {100 * p['demandServed']:.1f} % | {100 * p['outsideServed']:.1f} % "
            f"| {p['frontierTrainingHours']:,.0f} | {100 * p['frontierTrainingShare']:.1f} % |")
    names = [s["service"] for s in policies[0]["services"]]
    lines += ["", "Demand served, by service", "",
              "| service | " + " | ".join(p["policy"] for p in policies) + " |", "|---|" + "---|" * len(policies)]
    for i, name in enumerate(names):
        shares = " | ".join(f"{100 * p['services'][i]['served']:.1f} %" for p in policies)
        lines.append(f"| {name} | {shares} |")
    return lines


def training_share(policy):
    """What training has of each tier where it has anything, in words."""
    return ", ".join(f"{100 * t['training'] / t['stock']:.0f} % ({t['tier']})"
                     for t in policy["tiers"] if t["training"] > 0)


def page(result):
    at, full = result["conditions"], result["full"]
    lines = [
        "# The reserve, by policy", "",
        f"The Hunyuan scenario over {result['years']:g} years, {result['runs']} runs of each policy, seed "
        f"{result['seed']}; written by `bench/reserve.py` on {at['date']}. {at['cores']} cores, {at['cpu']}, load "
        f"average {at['loadAverage']:.1f} when it began.", "", *table(result["policies"]), "",
        f"## With {result['research']:g} times the research", "",
        f"The same runs, in which `research-work` is drawn that much larger: under `{POLICIES[0]}` training has "
        f"{training_share(result['pressed'][0])} of the tiers' hours, where it had "
        f"{training_share(result['policies'][0])}.", "", *table(result["pressed"]), "", "## How long it takes", "",
    ]
    lines += [f"`stockpile forecast` as it is by default ({full['allRuns']} runs of three years in all: "
              f"{full['runs']} for the answer, the others for the comparison, what binds and the tornado): "
              f"{full['cpuSeconds']:.0f} s of processor time, {full['wallSeconds']:.0f} s by the clock. The "
              f"{full['runs']} runs alone: {full['answerCpuSeconds']:.0f} s of processor time, "
              f"{full['answerWallSeconds']:.0f} s by the clock. Twice the same seed gave the same bytes: "
              f"{'yes' if full['sameBytes'] else 'NO'}.", ""]
    return "\n".join(lines)


def main():
    arguments = argparse.ArgumentParser(description="Compares policies over years on the same stock")
    arguments.add_argument("--program", default="src/Cli/bin/Release/net10.0/stockpile")
    arguments.add_argument("--runs", type=int, default=200, help="runs of each policy")
    arguments.add_argument("--research", type=float, default=4, help="times the research in the second comparison")
    arguments.add_argument("--full", type=int, default=1000, help="runs of the timed forecast")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", default="bench/results")
    given = arguments.parse_args()

    result = {"bench": "reserve", "conditions": conditions(), "seed": given.seed, "runs": given.runs,
              "research": given.research}
    result["policies"], result["years"] = compared(given)
    with tempfile.TemporaryDirectory() as folder:
        result["pressed"], _ = compared(given, "--scenario", more_research(given.research, folder))

    seed = ["--seed", str(given.seed)]
    alone = ["--policies", POLICIES[0], "--runs", str(given.full), "--no-sensitivity", *seed]
    _, _, wall_alone, cpu_alone = forecast(given.program, *alone)
    document, _, wall, cpu = forecast(given.program, "--runs", str(given.full), *seed)
    constraints, varied = document["constraints"], document["sensitivity"]
    every = (given.full + (len(document["byPolicy"]) - 1) * document["runsCompared"]
             + len(constraints) * document["runsRelaxed"] + (2 * len(varied) + 1) * document["runsVaried"])
    few = ["--policies", POLICIES[0], "--runs", "100", "--no-sensitivity", *seed]
    same = forecast(given.program, *few, "--threads", "1")[1] == forecast(given.program, *few, "--threads", "4")[1]
    result["full"] = {
        "runs": given.full, "allRuns": every, "wallSeconds": wall, "cpuSeconds": cpu,
        "answerWallSeconds": wall_alone, "answerCpuSeconds": cpu_alone, "sameBytes": same,
        "generations": document["generations"], "progress": document["progress"],
        "bindingConstraint": document["bindingConstraint"], "constraints": constraints, "sensitivity": varied,
    }

    os.makedirs(given.out, exist_ok=True)
    with open(os.path.join(given.out, "reserve.json"), "w") as file:
        file.write(json.dumps(result, indent=2) + "\n")
    with open(os.path.join(given.out, "reserve.md"), "w") as file:
        file.write(page(result))
    print(page(result))
    if not result["full"]["sameBytes"]:
        sys.exit("reserve.py: the same seed gave other bytes")


if __name__ == "__main__":
    main()
