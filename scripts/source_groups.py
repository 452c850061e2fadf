"""The product's sources, several at a time: what tidy.py and gcc_check.py have in common.

Most of the time of reading a source goes to the headers that every source includes, so sources of one
folder and one target are read as one translation unit, up to eight at a time. Where they do not
compile together (two of them name the same thing in their unnamed namespaces), each half of them is.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
GROUP_SIZE = 8


def without_precompiled(command):
    """The same without precompiled headers: what a source includes is read as it stands there."""
    words, kept = shlex.split(command["command"]), []
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else ""
        if "cmake_pch" in word or word in ("-include-pch", "-include", "-fno-pch-timestamp", "-Winvalid-pch"):
            continue
        if word == "-Xclang" and ("cmake_pch" in following or following in ("-include-pch", "-include", "-fno-pch-timestamp")):
            continue
        kept.append(word)
    return {**command, "command": shlex.join(kept)}


def compile_commands(build, wanted):
    """The commands of the product's sources that git knows, in the order of their paths."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *(wanted or ["*.cpp", ":!tests/"])],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    database = {c["file"]: c for c in json.loads((build / "compile_commands.json").read_text())}
    return [without_precompiled(database[str(ROOT / path)]) for path in sorted(listed) if str(ROOT / path) in database]


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


def unit_of(folder, members):
    """One source that includes all of them, in `folder`, and the command that compiles it."""
    folder.mkdir(parents=True, exist_ok=True)
    unit = folder / "group.cpp"
    unit.write_text("".join(f'#include "{m["file"]}"\n' for m in members))
    return {"directory": members[0]["directory"], "file": str(unit),
            "command": members[0]["command"].replace(members[0]["file"], str(unit))}


def read_in_halves(name, members, read):
    """What was found, and whether they had to be divided. `read(name, members)` says what it found,
    and whether they compile together; of a single one the latter does not matter."""
    found, compiled = read(name, members)
    if compiled or len(members) == 1:
        return found, False
    middle = len(members) // 2
    halves = [read_in_halves(f"{name}.{i}", half, read)[0]
              for i, half in enumerate((members[:middle], members[middle:]))]
    return "\n".join(filter(None, halves)), True


def run(name, description, build, read):
    """The command line of a tool, of which `read` is as `read_in_halves` has it. The exit status: 1
    where anything was found."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("sources", nargs="*")
    options = parser.parse_args()
    commands = compile_commands(build, options.sources)
    if not commands:
        raise RuntimeError(f"no source to read; is {build.relative_to(ROOT)} configured?")
    groups = list(groups_of(commands))
    failed, divided = False, 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for found, was_divided in pool.map(lambda number, group: read_in_halves(str(number), group, read),
                                           range(len(groups)), groups):
            divided += was_divided
            if found:
                failed = True
                print(found, flush=True)
    print(f"{name}: {len(commands)} sources in {len(groups)} groups, {divided} of them divided")
    return 1 if failed else 0
