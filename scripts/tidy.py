#!/usr/bin/env python3
"""clang-tidy over the product's sources, in groups (source_groups.py).

  scripts/tidy.py [--jobs N] [SOURCE]...

With SOURCEs, those alone. Ends with 1 where anything was found, 2 where clang-tidy could not run.
"""
import json
import subprocess
import sys

import source_groups
from source_groups import ROOT

BUILD = ROOT / "build" / "tidy"
OURS = "/(journal|providers|actors|http_gateway|tests)/.*\\.[hc]pp$"


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


def tidy_group(name, members):
    folder = BUILD / "tidy" / name
    folder.mkdir(parents=True, exist_ok=True)
    command = members[0] if len(members) == 1 else source_groups.unit_of(folder, members)
    (folder / "compile_commands.json").write_text(json.dumps([command]))
    return tidy(folder, command["file"])


if __name__ == "__main__":
    try:
        sys.exit(source_groups.run("tidy.py", __doc__, BUILD, tidy_group))
    except RuntimeError as error:
        print(f"tidy.py: {error}", file=sys.stderr)
        sys.exit(2)
