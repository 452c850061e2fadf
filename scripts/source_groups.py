"""The product's sources, several at a time: what tidy.py and gcc_check.py have in common.

Most of the time of reading a source goes to the headers that every source includes, so sources of one
folder and one target are read as one translation unit, up to twelve at a time, but for those that
seem to name the same thing in their unnamed namespaces. Where some do not compile together all the
same, each half of them is read.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
GROUP_SIZE = 12


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


UNNAMED = re.compile(r"^namespace \{$(.*?)^\} // namespace$", re.M | re.S)
# What begins a line there: a function, a constant or a type of its own.
NAMED = re.compile(r"^(?:\w[\w:<>,&*\[\] ]*?[ *&](\w+)\(|(?:inline |static )?(?:constexpr|const)\b[^=({;]*?(\w+)(?:\[\])? ?[={(]"
                   r"|(?:struct|class|enum|enum class) (\w+)\b)", re.M)


def own_names(source):
    """What it seems to name in unnamed namespaces; a guess, which saves a failed reading."""
    text = pathlib.Path(source).read_text()
    return {name for part in UNNAMED.findall(text) for found in NAMED.findall(part) for name in found if name}


def groups_of(commands):
    groups = {}
    for command in commands:
        groups.setdefault((os.path.dirname(command["file"]), target_of(command)), []).append(command)
    for members in groups.values():
        filled = []  # Pairs: sources, and what they name.
        for member in members:
            names = own_names(member["file"])
            place = next((f for f in filled if len(f[0]) < GROUP_SIZE and not f[1] & names), None)
            if place is None:
                filled.append(([member], set(names)))
            else:
                place[0].append(member)
                place[1].update(names)
        yield from (sources for sources, _ in filled)


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
