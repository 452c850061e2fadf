#!/usr/bin/env python3
"""Runs the test programs again and again while all cores are busy; see scripts/flaky.sh.

Exit status: 0 every run passed, 1 a run failed or there was no time for all, 2 nothing to run.
"""
import argparse
import json
import os
import pathlib
import random
import shlex
import signal
import subprocess
import sys
import time

from hub_processes import ROOT, check_tools

# Keeps one core busy, and ends by itself when its time is over.
SPIN = """
import sys, time
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    for _ in range(100000):
        pass
"""


def parse_arguments():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--only", action="append", metavar="NAME", default=[],
                   help="this program alone, by its name in ctest; may be given several times")
    p.add_argument("--times", type=int, default=3, help="runs of every program (default 3)")
    p.add_argument("--timing-times", type=int, default=100,
                   help="runs of what is labelled `timing` (default 100)")
    p.add_argument("--seed", type=int, help="of the first run; default: drawn, and printed")
    p.add_argument("--load", type=int, default=os.cpu_count(),
                   help="processes that keep the cores busy (default: one a core)")
    p.add_argument("--nice", type=int, default=0,
                   help="makes the tests nicer than the load: their threads stand still for longer")
    p.add_argument("--within", type=float, default=3600, metavar="SECONDS",
                   help="no run begins after this time (default 3600)")
    p.add_argument("--preset", default="release", help="the build to run (default release)")
    a = p.parse_args()
    if min(a.times, a.timing_times, a.load) < 0:
        p.error("--times, --timing-times and --load must not be negative")
    if a.seed is None:
        a.seed = random.SystemRandom().randrange(1, 2**31)
    return a


class Program:
    """One ctest entry that is a Catch2 program, with what is to be run of it and what became."""

    def __init__(self, entry, a):
        self.name, self.command = entry["name"], entry["command"]
        properties = {p["name"]: p["value"] for p in entry.get("properties", [])}
        self.labels = properties.get("LABELS", [])
        self.directory = properties.get("WORKING_DIRECTORY", str(ROOT))
        self.timeout = float(properties.get("TIMEOUT", 900))
        self.nice = a.nice
        # (test specification, runs)
        self.plan = [([], a.times)]
        if "timing" in self.labels:
            if self.has_cases("[timing]"):
                self.plan.append((["[timing]"], a.timing_times))
            else:
                self.plan = [([], max(a.times, a.timing_times))]
        self.runs, self.failures, self.longest_s, self.total_s = 0, 0, 0.0, 0.0

    def has_cases(self, tag):
        listed = subprocess.run(self.command + ["--list-tests", tag], capture_output=True,
                                text=True, check=False, cwd=self.directory).stdout
        return bool(listed.strip()) and not any(line.startswith("0 ")
                                                for line in listed.splitlines())

    def left(self):
        return sum(runs for _, runs in self.plan)

    def next_run(self):
        """Takes one run off the plan: its test specification."""
        for at, (cases, runs) in enumerate(self.plan):
            if runs > 0:
                self.plan[at] = (cases, runs - 1)
                return cases
        return None

    def run(self, cases, seed):
        command = self.command + ["--order", "rand", "--rng-seed", str(seed)] + cases
        begin = time.monotonic()
        with subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "nice", "-n", str(self.nice)] +
                              command, cwd=self.directory,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as child:
            late = False
            try:
                out, err = child.communicate(timeout=self.timeout)
            except subprocess.TimeoutExpired:
                late = True
                # Catch2 says in which case the signal came.
                child.send_signal(signal.SIGABRT)
                try:
                    out, err = child.communicate(timeout=10)
                except subprocess.TimeoutExpired:
                    child.kill()
                    out, err = child.communicate()
        took = time.monotonic() - begin
        self.runs += 1
        self.total_s += took
        self.longest_s = max(self.longest_s, took)
        if child.returncode == 0 and not late:
            return
        self.failures += 1
        how = f"no end within {self.timeout:.0f} s" if late else f"status {child.returncode}"
        print(f"FAILED {self.name}, seed {seed}, run {self.runs}: {how}, after {took:.1f} s")
        print(f"again: {shlex.join(command)}")
        print(out.decode(errors="replace").rstrip())
        # The program's own log, which is long where a whole hub runs.
        tail = err.decode(errors="replace").splitlines()[-40:]
        if tail:
            print("log, the last lines:\n  " + "\n  ".join(tail))
        print(flush=True)


def find_programs(a):
    build = ROOT / "build" / a.preset
    if not (build / "CTestTestfile.cmake").is_file():
        sys.exit(f"{build} holds no tests: run scripts/build.sh --tests --preset {a.preset} first")
    listed = subprocess.run(["ctest", "--test-dir", str(build), "--show-only=json-v1"],
                            capture_output=True, check=True).stdout
    programs = []
    for entry in json.loads(listed)["tests"]:
        labels = {p["name"]: p["value"] for p in entry.get("properties", [])}.get("LABELS", [])
        if "catch2" not in labels or (a.only and entry["name"] not in a.only):
            continue
        if "command" not in entry or not pathlib.Path(entry["command"][0]).is_file():
            sys.exit(f"{entry['name']} is not built: run scripts/build.sh --tests first")
        programs.append(Program(entry, a))
    unknown = set(a.only) - {p.name for p in programs}
    if unknown:
        sys.exit(f"ctest knows no Catch2 program named {', '.join(sorted(unknown))}")
    return programs


def main():
    a = parse_arguments()
    check_tools()
    programs = find_programs(a)
    planned = sum(p.left() for p in programs)
    if planned == 0:
        print("flaky: nothing to run")
        return 2
    print(f"flaky: {planned} runs of {len(programs)} programs, seeds from {a.seed}, "
          f"{a.load} busy processes", flush=True)
    begin = time.monotonic()
    load = [subprocess.Popen(["setpriv", "--pdeathsig", "KILL", sys.executable, "-c", SPIN,
                              str(a.within + 900)], stdin=subprocess.DEVNULL)
            for _ in range(a.load)]
    try:
        seed, told = a.seed, begin
        # Round by round, so that time that runs out leaves no program without any run.
        while any(p.left() for p in programs):
            for p in programs:
                if p.left() and time.monotonic() - begin < a.within:
                    p.run(p.next_run(), seed)
                    seed += 1
            if time.monotonic() - begin >= a.within:
                break
            if time.monotonic() - told > 60:
                told = time.monotonic()
                print(f"{told - begin:.0f} s: {sum(p.runs for p in programs)} of {planned} runs, "
                      f"{sum(p.failures for p in programs)} failed", flush=True)
    finally:
        for process in load:
            process.kill()
            process.wait()
    for p in programs:
        print(f"{p.name}: {p.runs} runs, {p.failures} failed, "
              f"{p.total_s / max(p.runs, 1):.2f} s a run, longest {p.longest_s:.2f} s"
              + (f", {p.left()} NOT RUN" if p.left() else ""))
    left = sum(p.left() for p in programs)
    failed = sum(p.failures for p in programs)
    print(f"flaky: {sum(p.runs for p in programs)} runs of {len(programs)} programs, {failed} "
          f"failed, {left} not run for want of time, {time.monotonic() - begin:.0f} s "
          f"(seeds from {a.seed})")
    return 1 if failed or left else 0


if __name__ == "__main__":
    sys.exit(main())
