#!/usr/bin/env python3
"""Checks that every include follows the layer drawing, and that CMake's targets say the same.

    scripts/check_layers.py [--root DIR]

    http_gateway > actors/runtime > actors/host > actors/durable > journal > journal/base
    http_gateway > actors/handlers > actors/durable
         and each of http_gateway and actors/* may see providers, which see only journal/base.
         Of http_gateway only program sees everything: server knows HTTP alone, ingress the host's
         door, admin that, what is stored and how it is told, settings the vendors' tables, cli
         nothing of the hub but how currencies are written.

Two things are read: the includes of every source, and the targets in every CMakeLists.txt
(`orderhub_library`, `orderhub_test`, `add_executable`). A file may include only

  - what its folder may see by the drawing,
  - headers of its own target, or of a target that its own names itself: what a header includes among
    DEPS, the rest among DEPS or PRIVATE_DEPS. What a dependency's dependency brings is not declared.
  - libraries in the places that are named below, from a target that links them itself.

And a target names no target of ours of which it includes nothing. A header belongs to the target
that has its .cpp; one without a .cpp to the target that lists it under HEADERS, else to the only
target of its folder.

Prints one line a violation, `file:line: what is wrong`, and exits 1 if there is any.
"""
import argparse
import pathlib
import posixpath
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
    "actors/runtime": ["actors/runtime", "actors/host", "actors/durable", "journal",
                       "journal/base", "providers"],
    "http_gateway/server": ["http_gateway/server", "journal/base"],
    "http_gateway/mock": ["http_gateway/mock", "http_gateway/server", "providers", "journal/base"],
    "http_gateway/ingress": ["http_gateway/ingress", "http_gateway/server", "actors/host",
                             "journal/base"],
    "http_gateway/webhooks": ["http_gateway/webhooks", "http_gateway/ingress",
                              "http_gateway/server", "actors/host", "actors/handlers",
                              "journal", "providers", "journal/base"],
    "http_gateway/monitoring": ["http_gateway/monitoring", "http_gateway/webhooks",
                                "http_gateway/server", "actors/host", "actors/handlers",
                                "actors/durable", "journal", "providers", "journal/base"],
    "http_gateway/admin": ["http_gateway/admin", "http_gateway/webhooks", "http_gateway/ingress",
                           "http_gateway/server", "http_gateway/monitoring",
                           "actors/host", "actors/handlers", "actors/durable", "journal",
                           "providers", "journal/base"],
    # It knows the hub by HTTP alone, and currencies as everybody does.
    "http_gateway/cli": ["http_gateway/cli", "providers/tables", "journal/base"],
    "http_gateway/settings": ["http_gateway/settings", "actors/handlers", "actors/durable",
                              "providers", "journal/base"],
    "http_gateway/program": ["http_gateway/program", "http_gateway/server", "http_gateway/mock",
                             "http_gateway/monitoring",
                             "http_gateway/ingress", "http_gateway/admin", "http_gateway/cli",
                             "http_gateway/webhooks", "http_gateway/settings", "actors/runtime", "actors/host",
                             "actors/handlers", "actors/durable", "journal", "journal/base",
                             "providers"],
}

# (header, CMake's target, where it may be included, why). `where` is a regular expression over the
# file's path; None: anywhere.
LIBRARIES = [
    (r"caf/", "CAF::core", r"actors/runtime/", "only actors/runtime knows CAF"),
    (r"lmdb\.h$", "lmdb::lmdb", r"journal/lmdb_store\.cpp$",
     "only journal/lmdb_store.cpp knows LMDB"),
    (r"(zstd|zdict)\.h$", "zstd::zstd", r"(journal/row_packing|tests/bench/train)\.cpp$",
     "only journal/row_packing.cpp compresses rows"),
    (r"curl/", "CURL::libcurl", r"(providers/transport/|http_gateway/cli/client\.cpp$)",
     "only providers/transport and the command line's client know libcurl"),
    (r"ncursesw/", "ncurses::ncursesw", r"http_gateway/cli/top\.cpp$",
     "only the command line's top draws on a terminal"),
    (r"nlohmann/", "nlohmann_json::nlohmann_json", r".*\.cpp$",
     "the JSON library stays inside .cpp files"),
    (r"boost/", "orderhub_beast", r"http_gateway/server/",
     "only the gateway's server serves HTTP"),
    (r"prometheus/", "prometheus-cpp::core", r"http_gateway/monitoring/",
     "only http_gateway/monitoring knows how metrics are written"),
    (r"toml\+\+/", "toml::headers", r"http_gateway/.*\.cpp$",
     "only the gateway's .cpp files read configuration"),
    (r"(spdlog|fmt)/", "spdlog::spdlog", r"journal/base/log\.cpp$",
     "only journal/base/log.cpp writes logs"),
    (r"CLI/", "CLI11::CLI11", r"http_gateway/.*\.cpp$", "only the gateway's .cpp files read flags"),
    (r"unicode/", "ICU::uc", r"(providers/tables|actors/handlers|http_gateway/ingress)/.*\.cpp$",
     "only .cpp files that check or show what people write know ICU"),
    (r"kainjow/", "mustache::headers", r"actors/handlers/notifications/text_template\.cpp$",
     "only actors/handlers/notifications/text_template.cpp knows the template engine"),
    (r"phonenumbers/", "phonenumber::phonenumber", r"actors/handlers/.*\.cpp$",
     "only the checks of an order know libphonenumber"),
    (r"catch2/", "Catch2::Catch2", r"tests/support/", "tests include tests/support/catch2.hpp"),
    (r"openssl/", "OpenSSL::Crypto", None, ""),
    (r"libdeflate\.h$", "libdeflate::deflate", None, ""),
    (r"tl/", "tl::expected_headers", None, ""),
]

ROOMS = ["journal", "providers", "actors", "http_gateway", "tests"]
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
COMMAND = re.compile(r"\b(orderhub_library|orderhub_test|add_executable|target_sources|"
                     r"target_link_libraries)\s*\(([^)]*)\)")
KEYWORDS = {"SOURCES", "HEADERS", "DEPS", "PRIVATE_DEPS", "LABELS", "TIMEOUT", "PRIVATE", "PUBLIC",
            "INTERFACE", "EXCLUDE_FROM_ALL"}


def layer_of(path):
    """The folder of MAY_SEE that `path` (from the root) lies in, or None."""
    best = None
    for folder in MAY_SEE:
        if path.startswith(folder + "/") and (best is None or len(folder) > len(best)):
            best = folder
    return best


class Target:
    def __init__(self, where):
        self.where = where  # file:line of its definition
        self.is_program = False  # Nobody links it, so its headers may be declared like the rest.
        self.sources = set()
        self.headers = set()
        self.public = set()
        self.private = set()
        self.brought = set()  # By the CMake function itself.

    def names(self):
        return self.public | self.private | self.brought


def arguments(text):
    """A CMake call's arguments by keyword; those before the first one under ''."""
    found, keyword = {"": []}, ""
    for word in re.sub(r"#[^\n]*", "", text).split():
        if word in KEYWORDS:
            keyword = word
            found.setdefault(keyword, [])
        else:
            found[keyword].append(word.strip('"'))
    return found


def targets_of(root):
    """The targets of every CMakeLists.txt, by name."""
    targets = {}
    for file in sorted(f for room in ROOMS for f in (root / room).rglob("CMakeLists.txt")):
        folder = file.parent.relative_to(root)
        text = file.read_text(encoding="utf-8")

        def paths(words):
            for word in words:
                word = word.replace("${PROJECT_SOURCE_DIR}/", "/")
                path = pathlib.PurePosixPath(word[1:]) if word[0] == "/" else folder / word
                yield posixpath.normpath(path.as_posix())

        for call in COMMAND.finditer(text):
            command, found = call[1], arguments(call[2])
            name = found[""][0]
            where = f"{file.relative_to(root).as_posix()}:{text[:call.start()].count(chr(10)) + 1}"
            if command in ("orderhub_library", "orderhub_test", "add_executable"):
                target = targets[name] = Target(where)
                target.is_program = command != "orderhub_library"
                target.sources |= set(paths(found.get("SOURCES", []) + found[""][1:] +
                                            found.get("EXCLUDE_FROM_ALL", [])))
                target.headers |= set(paths(found.get("HEADERS", [])))
                target.public |= set(found.get("DEPS", []))
                target.private |= set(found.get("PRIVATE_DEPS", []))
                if command == "orderhub_test":
                    target.brought = {"orderhub_catch2"}
            elif name not in targets:
                continue
            elif command == "target_sources":
                targets[name].sources |= set(paths(found.get("PRIVATE", [])))
            else:
                targets[name].private |= set(found.get("PRIVATE", []) + found.get("PUBLIC", []))
    return targets


def owners(files, targets):
    """The target of each file, and lines about files that have none."""
    owner, lines = {}, []
    of_folder = {}
    for name, target in targets.items():
        for source in target.sources | target.headers:
            owner.setdefault(source, name)
        for source in target.sources:
            of_folder.setdefault(source.rpartition("/")[0], set()).add(name)
    for path in files:
        if path in owner:
            continue
        stem, folder = path.rpartition(".")[0], path.rpartition("/")[0]
        if stem + ".cpp" in owner:
            owner[path] = owner[stem + ".cpp"]
        elif path.endswith(".hpp") and len(of_folder.get(folder, ())) == 1:
            owner[path] = next(iter(of_folder[folder]))
        else:
            lines.append(f"{path}:1: belongs to no target; name it under SOURCES or HEADERS")
    return owner, lines


def includes_of(root, path):
    for number, line in enumerate((root / path).read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1], match[2]


def drawing_violations(root, path):
    layer = layer_of(path)
    is_test = path.startswith("tests/")
    if layer is None and not is_test:
        yield f"{path}:1: lies in no layer; say in check_layers.py what it may see"
        return
    for number, ours, library in includes_of(root, path):
        if ours is not None:
            if ".." in ours.split("/") or not (root / ours).is_file():
                yield f'{path}:{number}: "{ours}" is not a path from the repository root'
            elif not is_test and not {layer_of(ours), ours.rpartition("/")[0]} & set(MAY_SEE[layer]):
                yield f'{path}:{number}: {layer} may not see "{ours}"'
            continue
        for header, _, where, why in LIBRARIES:
            # A test may use what it tests, but the JSON library stays out of headers there too.
            free = where is None or (is_test and header != r"nlohmann/")
            if re.match(header, library) and not free and not re.match(where, path):
                yield f"{path}:{number}: <{library}>: {why}"


def target_violations(root, files, targets):
    owner, lines = owners(files, targets)
    yield from lines
    used = {name: set() for name in targets}
    for path in files:
        name = owner.get(path)
        if name is None:
            continue
        target = targets[name]
        is_public = path.endswith(".hpp") and not target.is_program
        declared = target.public if is_public else target.names()
        section = "DEPS" if is_public else "DEPS or PRIVATE_DEPS"
        for number, ours, library in includes_of(root, path):
            wanted = None
            if ours is not None:
                wanted = owner.get(ours)
            else:
                for header, of_library, _, _ in LIBRARIES:
                    if re.match(header, library):
                        wanted = of_library
            if wanted is None or wanted == name:
                continue
            used[name].add(wanted)
            if wanted not in declared:
                yield (f"{path}:{number}: {name} includes of {wanted} and does not name it under "
                       f"{section}")
    with_headers = {owner[path] for path in files if path.endswith(".hpp") and path in owner}
    for name, target in targets.items():
        for other in sorted((target.public | target.private) & with_headers - used[name]):
            yield f"{target.where}: {name} names {other} and includes nothing of it"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parent.parent,
                        type=pathlib.Path, help="the repository (default: this one)")
    root = parser.parse_args().root.resolve()

    files = sorted(f.relative_to(root).as_posix() for room in ROOMS for f in (root / room).rglob("*")
                   if f.suffix in (".hpp", ".cpp", ".h", ".cc") and f.is_file())
    if not files:
        sys.exit(f"check_layers.py: no sources under {root}")
    targets = targets_of(root)
    if not targets:
        sys.exit(f"check_layers.py: no targets under {root}")
    found = [v for f in files for v in drawing_violations(root, f)]
    found += target_violations(root, files, targets)
    for v in found:
        print(v)
    print(f"check_layers.py: {len(files)} files, {len(targets)} targets, {len(found)} violations")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
