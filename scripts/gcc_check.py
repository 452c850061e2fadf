#!/usr/bin/env python3
"""g++ over the product's sources, warnings as errors, in groups (source_groups.py). Nothing is built:
that clang's objects link is known from the other builds.

  scripts/gcc_check.py [--jobs N] [SOURCE]...

With SOURCEs, those alone. Ends with 1 where anything was found, 2 where g++ could not run.
"""
import shlex
import subprocess
import sys

import source_groups
from source_groups import ROOT

BUILD = ROOT / "build" / "gcc"


def read(command):
    """What g++ says of a source; empty where it is content."""
    words = shlex.split(command["command"])
    if words[0].endswith("ccache"):
        words.pop(0)
    del words[words.index("-o"):words.index("-o") + 2]
    run = subprocess.run([*words, "-fsyntax-only"], cwd=command["directory"], capture_output=True, text=True)
    if run.returncode == 0:
        return ""
    if not run.stderr.strip():
        raise RuntimeError(f"g++ said nothing but ended with {run.returncode}: {command['file']}")
    return run.stderr.strip()


def read_group(name, members):
    found = read(members[0] if len(members) == 1
                 else source_groups.unit_of(BUILD / "groups" / name, members))
    return found, not found


if __name__ == "__main__":
    try:
        sys.exit(source_groups.run("gcc_check.py", __doc__, BUILD, read_group))
    except RuntimeError as error:
        print(f"gcc_check.py: {error}", file=sys.stderr)
        sys.exit(2)
