#!/usr/bin/env python3
"""clang-tidy over the product's sources, several at a time.

  scripts/tidy.py [--jobs N] [SOURCE]...

Most of clang-tidy's time goes to the headers that every source includes, so sources of one folder and
one target are read as one translation unit, up to eight at a time. Where they do not compile
together (two of them name the same thing in their unnamed namespaces), each is read by itself. With
SOURCEs, those alone. Ends with 1 where anything was found, 2 where clang-tidy could not run.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
GROUP_SIZE = 8
OURS = "/(journal|providers|actors|http_gateway|tests)/.*\\.[hc]pp$"


def compile_commands(wanted):
    """The commands of the product's sources that git knows, in the order of their paths."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *(wanted or ["*.cpp", ":!tests/"])],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    database = {c["file"]: c for c in json.loads((BUILD / "compile_commands.json").read_text())}
    return [database[str(ROOT / path)] for path in sorted(listed) if str(ROOT / path) in database]


def target_of(command):
    """The object's folder names the target: CMakeFiles/<target>.dir."""
    words = shlex.split(command["command"])
    return next(part for part in words[words.index("-o") + 1].split("/") if part.endswith(".dir"))


def groups_of(commands):
    groups = {}
    for command in commands:
        groups.setdefault((os.path.dirname(command["file"]), target_of(command)), []).append(command)
    for members in groups.values():
        for begin in range(0, len(members), GROUP_SIZE):
            yield members[begin:begin + GROUP_SIZE]


def tidy(folder, *sources):
    """(what it found, whether the sources compiled) of sources with the database in `folder`."""
    run = subprocess.run(["clang-tidy-19", "-p", folder, "--quiet", f"--header-filter={OURS}",
                          f"--config-file={ROOT / '.clang-tidy'}",
                          "--checks=-bugprone-suspicious-include", *sources],
                         cwd=ROOT, capture_output=True, text=True)
    if run.returncode not in (0, 1):
        raise RuntimeError(f"clang-tidy-19 ended with {run.returncode}: {run.stderr}")
    found = run.stdout.strip()
    if run.returncode and not found:
        raise RuntimeError(f"clang-tidy-19 said nothing but failed: {run.stderr}")
    return found if run.returncode else "", "[clang-diagnostic-error]" not in found


def tidy_group(number, members):
    if len(members) > 1:
        folder = BUILD / "tidy" / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        unit = folder / "group.cpp"
        unit.write_text("".join(f'#include "{m["file"]}"\n' for m in members))
        command = members[0]["command"].replace(members[0]["file"], str(unit))
        (folder / "compile_commands.json").write_text(json.dumps(
            [{"directory": members[0]["directory"], "command": command, "file": str(unit)}]))
        found, compiled = tidy(folder, unit)
        if compiled:
            return found, False
    return "\n".join(filter(None, (tidy(BUILD, m["file"])[0] for m in members))), len(members) > 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("sources", nargs="*")
    options = parser.parse_args()
    commands = compile_commands(options.sources)
    if not commands:
        sys.exit("tidy.py: no source to read; is build/release configured?")
    groups = list(groups_of(commands))
    failed, apart = False, 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for found, was_apart in pool.map(tidy_group, range(len(groups)), groups):
            apart += was_apart
            if found:
                failed = True
                print(found, flush=True)
    print(f"tidy.py: {len(commands)} sources in {len(groups)} groups, {apart} of them one by one")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        print(f"tidy.py: {error}", file=sys.stderr)
        sys.exit(2)
