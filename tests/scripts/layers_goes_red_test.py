"""check_layers.py passes a clean tree and names each planted violation."""
import pathlib
import subprocess
import sys
import tempfile

SCRIPT = sys.argv[1]

# A small house: every room has one target, which names what its files may include.
HOUSE = {
    "journal/base/CMakeLists.txt": """
        orderhub_library(base SOURCES bytes.cpp HEADERS result.hpp DEPS tl::expected_headers)""",
    "journal/CMakeLists.txt": """
        orderhub_library(journal SOURCES record.cpp DEPS base)
        orderhub_library(journal_store SOURCES hub_journal.cpp lmdb_store.cpp
                         DEPS journal base PRIVATE_DEPS lmdb::lmdb)""",
    "providers/CMakeLists.txt": """
        orderhub_library(providers SOURCES stripe/charge.cpp
                         DEPS base PRIVATE_DEPS nlohmann_json::nlohmann_json)""",
    "actors/CMakeLists.txt": """
        orderhub_library(durable SOURCES durable/task.cpp DEPS base PRIVATE_DEPS providers)
        orderhub_library(handlers SOURCES handlers/order.cpp
                         DEPS durable PRIVATE_DEPS nlohmann_json::nlohmann_json)
        orderhub_library(runtime SOURCES runtime/hub.cpp PRIVATE_DEPS durable CAF::core)""",
    "http_gateway/CMakeLists.txt": """
        orderhub_library(server SOURCES server/server.cpp DEPS base)
        add_executable(program program/main.cpp)
        target_link_libraries(program PRIVATE server runtime)""",
    "tests/CMakeLists.txt": """
        orderhub_test(record_test SOURCES record_test.cpp DEPS runtime)""",
    "journal/base/bytes.hpp": "", "journal/base/bytes.cpp": '"journal/base/result.hpp"',
    "journal/base/result.hpp": "<tl/expected.hpp>",
    "journal/record.hpp": '"journal/base/result.hpp"', "journal/record.cpp": "",
    "journal/hub_journal.hpp": '"journal/record.hpp"', "journal/hub_journal.cpp": "",
    "journal/lmdb_store.cpp": "<lmdb.h> \"journal/base/bytes.hpp\"",
    "providers/stripe/charge.hpp": '"journal/base/result.hpp"',
    "providers/stripe/charge.cpp": "<nlohmann/json.hpp>",
    "actors/durable/task.hpp": '"journal/base/result.hpp"',
    "actors/durable/task.cpp": '"providers/stripe/charge.hpp"',
    "actors/handlers/order.hpp": '"actors/durable/task.hpp"',
    "actors/handlers/order.cpp": "<nlohmann/json.hpp>",
    "actors/runtime/hub.hpp": "", "actors/runtime/hub.cpp": '<caf/all.hpp> "actors/durable/task.hpp"',
    "http_gateway/server/server.hpp": '"journal/base/result.hpp"',
    "http_gateway/server/server.cpp": "",
    "http_gateway/program/main.cpp": '"actors/runtime/hub.hpp" "http_gateway/server/server.hpp"',
    "tests/record_test.cpp": '"actors/runtime/hub.hpp"',
}

# (file, an include more, what must be named at that line)
PLANTED = [
    # Against the drawing.
    ("journal/record.cpp", '"providers/stripe/charge.hpp"', "journal may not see"),
    ("journal/base/bytes.cpp", '"journal/record.hpp"', "journal/base may not see"),
    ("providers/stripe/charge.cpp", '"journal/record.hpp"', "providers may not see"),
    ("actors/durable/task.hpp", '"actors/runtime/hub.hpp"', "actors/durable may not see"),
    ("actors/runtime/hub.cpp", '"http_gateway/server/server.hpp"', "actors/runtime may not see"),
    ("actors/handlers/order.cpp", "<caf/all.hpp>", "only actors/runtime knows CAF"),
    ("journal/hub_journal.cpp", "<lmdb.h>", "knows LMDB"),
    ("providers/stripe/charge.cpp", "<curl/curl.h>", "know libcurl"),
    ("http_gateway/program/main.cpp", "<curl/curl.h>", "know libcurl"),
    ("actors/handlers/order.hpp", "<nlohmann/json.hpp>", "inside .cpp files"),
    ("actors/runtime/hub.cpp", "<boost/asio.hpp>", "serves HTTP"),
    ("http_gateway/program/main.cpp", '"../journal/record.hpp"', "not a path from the repository"),
    # Against what a target declares.
    ("actors/handlers/order.cpp", '"providers/stripe/charge.hpp"', "handlers includes of providers"),
    ("actors/durable/task.hpp", '"providers/stripe/charge.hpp"', "does not name it under DEPS"),
    ("journal/record.cpp", '"journal/hub_journal.hpp"', "journal includes of journal_store"),
    ("http_gateway/program/main.cpp", '"journal/record.hpp"', "program includes of journal"),
    ("http_gateway/program/main.cpp", "<CLI/CLI.hpp>", "program includes of CLI11::CLI11"),
    ("tests/record_test.cpp", '"journal/record.hpp"', "record_test includes of journal"),
]

# (CMake file, what is replaced in it, by what, the violation)
DECLARED = [
    ("actors/CMakeLists.txt", "PRIVATE_DEPS durable CAF::core", "PRIVATE_DEPS durable providers CAF::core",
     "actors/CMakeLists.txt:5: runtime names providers and includes nothing of it"),
    ("journal/base/CMakeLists.txt", " HEADERS result.hpp", "", None),
    ("journal/CMakeLists.txt", "hub_journal.cpp lmdb_store.cpp", "lmdb_store.cpp",
     "journal/hub_journal.cpp:1: belongs to no target"),
]


def source(includes):
    return "#pragma once\n" + "".join(f"#include {i}\n" for i in includes.split())


def check(name_of_file=None, include=None, cmake=None):
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for path, text in HOUSE.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            if path.endswith(".txt"):
                if cmake is not None and cmake[0] == path:
                    assert cmake[1] in text, cmake
                    text = text.replace(cmake[1], cmake[2])
                (root / path).write_text(text)
            elif path == name_of_file:
                (root / path).write_text(source(include + " " + text))
            else:
                (root / path).write_text(source(text))
        return subprocess.run([sys.executable, SCRIPT, "--root", name], capture_output=True,
                              text=True, check=False)


clean = check()
assert clean.returncode == 0, clean.stdout + clean.stderr
for file, planted, named in PLANTED:
    done = check(file, planted)
    what = f"{file} with {planted}: {done.stdout}{done.stderr}"
    assert done.returncode == 1, what
    assert any(line.startswith(f"{file}:2:") and named in line
               for line in done.stdout.splitlines()), what
for file, old, new, named in DECLARED:
    done = check(cmake=(file, old, new))
    what = f"{file} with {new!r}: {done.stdout}{done.stderr}"
    assert done.returncode == (0 if named is None else 1), what
    assert named is None or named in done.stdout, what
print(f"{len(PLANTED) + len(DECLARED)} plantings judged right")
