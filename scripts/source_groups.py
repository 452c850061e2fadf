#!/usr/bin/env python3
"""Sources, several at a time: what the build, tidy.py and gcc_check.py have in common.

Most of the time of reading a source goes to the headers that every source includes, so sources are read
as one translation unit, but for those of which one names for itself (in an unnamed namespace, say) what
the other names or mentions: for the build up to twelve of one target, for the checks up to twenty that
are compiled with the same options. Where some do not compile together all the same, the checks read each
half of them; the build stops.

  scripts/source_groups.py FILE

For CMake: of lines `TARGET SOURCE...` in FILE prints lines of the same form, one a group of two and more.
"""
import argparse
import concurrent.futures
import functools
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
GROUP_SIZE = 12  # Of the build.
READ_SIZE = 20  # Of the checks.


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


def manner_of(command):
    """How it is compiled: all words but the source and the object."""
    words = shlex.split(command["command"])
    words.remove(command["file"])
    del words[words.index("-o"):words.index("-o") + 2]
    return tuple(words)


# What can hold no name: comments, literals, and what is included.
SILENT = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|^#include[^\n]*', re.S | re.M)
UNNAMED_ENDS = "@"  # What is put in the place of the comment.
UNNAMED = re.compile(rf"^namespace \{{$(.*?)^\}} {UNNAMED_ENDS}$", re.M | re.S)
USING = re.compile(r"^(?:using (?:namespace )?[^;]*?(\w+)(?: =[^;]*)?;|namespace (\w+) =[^;]*;)", re.M)
NOT_NAMES = {"for", "if", "operator", "return", "static_assert"}


def outside_of_brackets(text):
    kept, depth = [], 0
    for c in text:
        if c in ")]}":
            depth -= 1
        if depth == 0:
            kept.append(c)
        if c in "([{":
            depth += 1
    return "".join(kept)


INCLUDED = re.compile(r'^#include "([^"]+)"', re.M)
NAMESPACE = re.compile(r"^namespace ([\w:]+) \{", re.M)
DECLARED = re.compile(r"^(?:(?:struct|class|enum class|enum) (\w+)\b|using (\w+) =|(?:inline )?constexpr [^=({;]*?(\w+)(?:\[\])? ?[={]"
                      r"|\w[\w:<>,&* ]*[ &*](\w+)\()", re.M)


@functools.cache
def headers_of(path):
    """Of ours, however deep."""
    found = set()
    for name in INCLUDED.findall(path.read_text()):
        header = ROOT / name
        if header not in found and header.is_file():
            found |= {header} | headers_of(header)
    return frozenset(found)


@functools.cache
def declared_in(header):
    return frozenset(name for names in DECLARED.findall(header.read_text()) for name in names if name)


@functools.cache
def namespaces_in(path):
    return frozenset(NAMESPACE.findall(path.read_text()))


class source_names:
    """What a source names for itself: functions, types and constants in unnamed namespaces, macros,
    and what it says `using` of; and what it mentions. A guess by the look of the text, which errs
    towards too many."""

    def __init__(self, path):
        path = pathlib.Path(path)
        self.headers = headers_of(path)
        self.namespaces = namespaces_in(path).union(*map(namespaces_in, self.headers))
        self.opened = namespaces_in(path)
        text = path.read_text().replace("\n} // namespace\n", f"\n}} {UNNAMED_ENDS}\n")
        text = SILENT.sub(lambda m: '""' if m.group().endswith('"') else " ", text)
        self.used = {m.group(1) or m.group(2): " ".join(m.group().split()) for m in USING.finditer(text)}
        text = USING.sub("", text)
        self.functions, self.others = set(), set()
        for part in UNNAMED.findall(text):
            flat = outside_of_brackets(part)
            for _ in range(3):  # Template arguments, from the inside.
                flat = re.sub(r"<[^<>;{}()]*>", "", flat)
            flat = re.sub(r"(?<![=<>!])=[^=;][^;]*;", "=;", flat)  # Initial values.
            for name, following in re.findall(r"(?<![\w:])([A-Za-z_]\w*)\s*([({\[=;]|:[^:]|final)", flat):
                (self.functions if following == "(" else self.others).add(name)
        self.others.update(re.findall(r"^(?:static|inline|constexpr|const)\b[^\n(={;]*?\b(\w+)\s*[(={;]", text, re.M))
        self.others.update(re.findall(r"^#define (\w+)", text, re.M))
        self.functions -= NOT_NAMES
        self.own = self.functions | self.others
        self.words = set(re.findall(r"(?<![\w.:>])[A-Za-z_]\w*", text)) | set(re.findall(r"(?<=[^-]>)[A-Za-z_]\w*", text))
        self.called = set(re.findall(r"(?<![\w.:>~])([A-Za-z_]\w*)\(", text))

    def disturbs(self, other):
        """Whether something of this one could be taken for something else in `other`."""
        return bool(self.functions & other.called or self.others & other.words
                    or any(self.own & declared_in(header) for header in other.headers - self.headers)
                    or any(self.covers(name, other) for name in self.namespaces - other.namespaces)
                    or any(other.used.get(name, line) != line or name not in other.used and name in other.words
                           for name, line in self.used.items()))

    def covers(self, namespace, other):
        """Whether what `other` says of `x::` would be looked for in this namespace, `…::x`."""
        around, _, name = namespace.rpartition("::")
        return name in other.words and any(f"{o}::".startswith(f"{around}::") for o in other.opened)

    def goes_with(self, other):
        return not (self.own & other.own or self.disturbs(other) or other.disturbs(self))


def fill(paths, size=GROUP_SIZE):
    """Groups of the paths, each of sources that go together: every source goes to the
    first group that takes it, those of one folder after each other."""
    groups, names = [], {path: source_names(path) for path in paths}
    for path in sorted(paths, key=lambda path: (os.path.dirname(path), path)):
        place = next((g for g in groups if len(g) < size and all(names[path].goes_with(names[m]) for m in g)), None)
        if place is None:
            groups.append([path])
        else:
            place.append(path)
    return groups


def groups_of(commands):
    """Of sources that are compiled in one manner, in whichever target: the largest group first."""
    manners = {}
    for command in commands:
        manners.setdefault(manner_of(command), {})[command["file"]] = command
    groups = [[members[path] for path in group] for members in manners.values() for group in fill(list(members), READ_SIZE)]
    return sorted(groups, key=len, reverse=True)


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


if __name__ == "__main__":
    for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
        target, *sources = line.split()
        for group in fill(sources):
            if len(group) > 1:
                print(target, *group)
