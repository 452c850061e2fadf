#!/usr/bin/env python3
"""Follows CONTRIBUTING.md: the vendor that stands there, one folder and one line of vendors.cpp, is
built beside the sources, and the program's settings have it, its endpoint and its operation.

    new_vendor_test.py BUILD_DIRECTORY
"""
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(cpp|diff) (providers/\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# What must follow from the folder and the line, and from nothing else.
DRIVER = r"""
#include "http_gateway/settings/settings_doc.hpp"
#include "http_gateway/settings/sources.hpp"
#include "http_gateway/settings/startup_checks.hpp"
#include "http_gateway/settings/vendor_registry.hpp"
#include "providers/beacon/light.hpp"
#include "providers/chosen_doubt.hpp"

#include <cstdio>
#include <cstring>

using namespace orderhub;
using namespace orderhub::http_gateway;

#define MUST(what)                                      \
  do                                                    \
    if (!(what)) {                                      \
      std::fprintf(stderr, "not so: %s\n", #what);      \
      return 1;                                         \
    }                                                   \
  while (false)

int main() {
  const auto env = [](const char* name) -> const char* {
    if (std::strcmp(name, "BEACON_API_KEY") == 0)
      return "secret-of-the-lamp";
    if (std::strcmp(name, "ORDERHUB_DOUBT_BEACON_LIGHT") == 0)
      return "may_miss";
    if (std::strcmp(name, "MOCK_MODE") == 0)
      return "true";
    return nullptr;
  };
  auto s = load_settings({{"beacon.api_base", "https://lamp.example.com/v1"}}, env);
  MUST(s);
  MUST(check_for_serve(*s));
  auto registry = make_registry(*s, "http://127.0.0.1:1");
  MUST(registry);
  const auto* lamp = registry->find("beacon");
  MUST(lamp != nullptr);
  MUST(lamp->base == "https://lamp.example.com");
  MUST(lamp->secret_headers.at(0).second.reveal() == "Bearer secret-of-the-lamp");
  const auto light = providers::beacon::light({"hub", "ord-1", "light", "1"}).raw;
  MUST(providers::doubt_of(light, lamp).policy == providers::doubt_policy::may_miss);
  MUST(light.parse({204, {}, {}}));
  MUST(light.parse({503, {}, {}}).error().kind == error_kind::in_doubt);
  const auto page = settings_markdown();
  for (const char* word : {"BEACON_API_KEY", "## Beacon", "ORDERHUB_DOUBT_BEACON_LIGHT"})
    MUST(page.find(word) != std::string::npos);
  // What the table of operations says of it is held against it too.
  MUST(!load_settings({}, [](const char* name) -> const char* {
    return std::strcmp(name, "ORDERHUB_DOUBT_BEACON_LIGHT") == 0 ? "look_up" : nullptr;
  }));
  return 0;
}
"""


def run(command, cwd):
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=250, check=False)
    assert done.returncode == 0, (command[0], done.stdout[-3000:].decode(errors="replace"))


def compiler_call(build):
    """How the build compiles providers/vendors.cpp, without its file and output."""
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        if entry["file"].endswith("/providers/vendors.cpp"):
            words = shlex.split(entry["command"])
            at = words.index("-o")
            del words[at:at + 2]
            return [w for w in words if w not in ("-c", entry["file"]) and w != "ccache"]
    raise AssertionError("the build does not compile providers/vendors.cpp")


def libraries(build):
    """What a program of the gateway's settings is linked with: archives and system libraries."""
    text = subprocess.run(["ninja", "-C", str(build), "-t", "commands", "-s",
                           "tests/http_gateway/http_gateway_test"],
                          stdout=subprocess.PIPE, check=True, timeout=60).stdout.decode()
    line = text.strip().splitlines()[-1]
    link = next(part for part in line.split("&&") if " -o " in part)
    words = shlex.split(link)
    return [w for w in words[words.index("-o") + 2:]]


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    if not shutil.which("ninja") or not (build / "compile_commands.json").exists():
        print("no ninja build here: not shown")
        sys.exit(77)
    fences = FENCE.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    files = {name: text for kind, name, text in fences if kind == "cpp"}
    (changed, lines), = [(name, text.splitlines()) for kind, name, text in fences if kind == "diff"]
    assert changed == "providers/vendors.cpp", changed
    folders = {pathlib.PurePosixPath(name).parent for name in files}
    assert len(folders) == 1, f"one folder, not {folders}"
    include, entry = [line[1:] for line in lines]
    assert include.startswith("#include") and entry.strip().endswith("::describe(),"), lines

    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        for name, text in files.items():
            assert not (ROOT / name).exists(), f"{name} is there already"
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(text, encoding="utf-8")
        source = (ROOT / changed).read_text(encoding="utf-8")
        first_include = '#include "providers/carrier/endpoint.hpp"'
        last_entry = "carrier::describe(),"
        assert first_include in source and last_entry in source
        source = source.replace(first_include, include + "\n" + first_include)
        source = source.replace(last_entry, last_entry + "\n" + entry)
        (place / changed).write_text(source, encoding="utf-8")
        (place / "driver.cpp").write_text(DRIVER, encoding="utf-8")

        call = compiler_call(build)
        call[1:1] = ["-I", str(place), "-w"]
        objects = []
        for source in [changed, "driver.cpp"] + [n for n in files if n.endswith(".cpp")]:
            out = place / (source.replace("/", "_") + ".o")
            run(call + ["-I", str(ROOT), "-c", str(place / source), "-o", str(out)], build)
            objects.append(str(out))
        # Ours comes first, so the archive's own list of vendors is not taken.
        run([call[0], *[w for w in call if w.startswith("-fsanitize")], *objects, "-o",
             str(place / "driver"), *libraries(build)], build)
        run([str(place / "driver")], place)
    print(f"new vendor: one folder, {len(files)} files and one line, as CONTRIBUTING.md has them")


if __name__ == "__main__":
    main()
