#!/usr/bin/env python3
"""Checks that every include follows the layer drawing.

    scripts/check_layers.py [--root DIR]

    http_gateway > actors/runtime > actors/handlers > actors/durable > journal > journal/base
                   actors/runtime > actors/host > actors/durable
         and each of http_gateway and actors/* may see providers, which see only journal/base.

Prints one line a violation, `file:line: what is wrong`, and exits 1 if there is any.
"""
import argparse
import pathlib
import re
import sys

# What a folder may include from the repository. The longest matching folder decides.
MAY_SEE = {
    "journal/base": ["journal/base"],
    "journal": ["journal", "journal/base"],
    "providers": ["providers", "journal/base"],
    "actors/durable": ["actors/durable", "journal", "journal/base", "providers"],
    "actors/host": ["actors/host", "actors/durable", "journal", "journal/base", "providers"],
    "actors/handlers": ["actors/handlers", "actors/durable", "journal", "journal/base",
                        "providers"],
    "actors/runtime": ["actors/runtime", "actors/host", "actors/handlers", "actors/durable",
                       "journal", "journal/base", "providers"],
    "http_gateway": ["http_gateway", "actors/runtime", "actors/host", "actors/handlers",
                     "actors/durable", "journal", "journal/base", "providers"],
}

# (header, where it may be included, why). `where` is a regular expression over the file's path.
LIBRARIES = [
    (r"caf/", r"actors/runtime/", "only actors/runtime knows CAF"),
    (r"lmdb\.h$", r"journal/lmdb_store\.cpp$", "only journal/lmdb_store.cpp knows LMDB"),
    (r"curl/", r"providers/transport/.*\.cpp$", "only providers/transport knows libcurl"),
    (r"nlohmann/", r".*\.cpp$", "the JSON library stays inside .cpp files"),
    (r"boost/", r"http_gateway/server/", "only the gateway's server serves HTTP"),
    (r"toml\+\+/", r"http_gateway/.*\.cpp$", "only the gateway's .cpp files read configuration"),
    (r"(spdlog|fmt)/", r"journal/base/log\.cpp$", "only journal/base/log.cpp writes logs"),
    (r"CLI/", r"http_gateway/.*\.cpp$|tests/", "only the gateway's .cpp files read flags"),
]

ROOMS = ["journal", "providers", "actors", "http_gateway", "tests"]
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def layer_of(path):
    """The folder of MAY_SEE that `path` (from the root) lies in, or None."""
    best = None
    for folder in MAY_SEE:
        if path.startswith(folder + "/") and (best is None or len(folder) > len(best)):
            best = folder
    return best


def violations_in(root, file):
    path = file.relative_to(root).as_posix()
    layer = layer_of(path)
    is_test = path.startswith("tests/")
    if layer is None and not is_test:
        yield f"{path}:1: lies in no layer; say in check_layers.py what it may see"
        return
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        ours, library = match.groups()
        if ours is not None:
            if ".." in ours.split("/") or not (root / ours).is_file():
                yield f'{path}:{number}: "{ours}" is not a path from the repository root'
                continue
            target = layer_of(ours)
            if is_test:
                continue
            if target is None or target not in MAY_SEE[layer]:
                yield f'{path}:{number}: {layer} may not see "{ours}"'
            continue
        for header, where, why in LIBRARIES:
            allowed = re.match(where, path)
            # A test may use what it tests, but the JSON library stays out of headers there too.
            if is_test and header != r"nlohmann/":
                allowed = True
            if re.match(header, library) and not allowed:
                yield f"{path}:{number}: <{library}>: {why}"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parent.parent,
                        type=pathlib.Path, help="the repository (default: this one)")
    root = parser.parse_args().root.resolve()

    files = sorted(f for room in ROOMS for f in (root / room).rglob("*")
                   if f.suffix in (".hpp", ".cpp", ".h", ".cc") and f.is_file())
    if not files:
        sys.exit(f"check_layers.py: no sources under {root}")
    found = [v for f in files for v in violations_in(root, f)]
    for v in found:
        print(v)
    print(f"check_layers.py: {len(files)} files, {len(found)} violations")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
