"""check_layers.py passes a clean tree and names each planted violation."""
import pathlib
import subprocess
import sys
import tempfile

SCRIPT = sys.argv[1]

# (file, its include, what must be named; None: allowed)
PLANTED = [
    ("journal/record.cpp", '"journal/base/result.hpp"', None),
    ("journal/record.cpp", '"providers/transport.hpp"', "journal may not see"),
    ("journal/base/bytes.cpp", '"journal/record.hpp"', "journal/base may not see"),
    ("providers/stripe/charge.cpp", '"journal/record.hpp"', "providers may not see"),
    ("providers/stripe/charge.cpp", '"journal/base/result.hpp"', None),
    ("actors/durable/task.hpp", '"actors/runtime/hub.hpp"', "actors/durable may not see"),
    ("actors/handlers/orders/order.cpp", '"actors/durable/task.hpp"', None),
    ("actors/handlers/orders/order.cpp", "<caf/all.hpp>", "only actors/runtime knows CAF"),
    ("actors/runtime/hub.cpp", "<caf/all.hpp>", None),
    ("actors/runtime/hub.cpp", '"http_gateway/server/server.hpp"', "actors/runtime may not see"),
    ("http_gateway/program/main.cpp", '"actors/runtime/hub.hpp"', None),
    ("journal/hub_journal.cpp", "<lmdb.h>", "LMDB"),
    ("journal/lmdb_store.cpp", "<lmdb.h>", None),
    ("providers/stripe/charge.cpp", "<curl/curl.h>", "libcurl"),
    ("actors/handlers/orders/order.hpp", "<nlohmann/json.hpp>", "inside .cpp files"),
    ("actors/handlers/orders/order.cpp", "<nlohmann/json.hpp>", None),
    ("actors/runtime/hub.cpp", "<boost/asio.hpp>", "serves HTTP"),
    ("http_gateway/server/server.cpp", "<boost/asio.hpp>", None),
    ("tests/journal/record_test.cpp", '"actors/runtime/hub.hpp"', None),
    ("http_gateway/program/main.cpp", '"../journal/record.hpp"', "not a path from the repository root"),
]


def check(file, include):
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for other, target, _ in PLANTED:
            for path in (other, target.strip('"')):
                if path.startswith("<") or ".." in path:
                    continue
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text("#pragma once\n")
        (root / file).write_text(f"#pragma once\n#include {include}\n")
        return subprocess.run([sys.executable, SCRIPT, "--root", name], capture_output=True,
                              text=True, check=False)


for planted_file, planted_include, named in PLANTED:
    done = check(planted_file, planted_include)
    what = f"{planted_file} with {planted_include}: {done.stdout}{done.stderr}"
    assert (done.returncode == 0) == (named is None), what
    if named is not None:
        assert f"{planted_file}:2:" in done.stdout and named in done.stdout, what
print(f"{len(PLANTED)} plantings judged right")
