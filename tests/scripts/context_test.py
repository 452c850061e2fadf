#!/usr/bin/env python3
"""Contexts: which hub the commands ask, in which order that is said, and how its token is had without ever
being shown. Two real hubs, one of them with a token.

    context_test.py ORDERHUB
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import Hub, request  # noqa: E402

TOKEN = "hush-of-the-second-hub"
ORDER = json.dumps({
    "items": [{"productId": "sku-1", "quantity": 1, "price": 4200}],
    "customer": {"email": "a@example.com", "name": "A Buyer"},
    "shipping": {"street": "1 Main St", "city": "Springfield", "state": "IL", "zip": "62701", "country": "US"},
}).encode()


class Shell:
    def __init__(self, program, home):
        self.program, self.home = program, home
        self.file = home / ".config/orderhub/cli.toml"
        self.file.parent.mkdir(parents=True)

    def write(self, text, mode=0o600):
        self.file.write_text(text, encoding="utf-8")
        os.chmod(self.file, mode)

    def run(self, *arguments, **environment):
        ended = subprocess.run([str(self.program), *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                               text=True, timeout=60, check=False, cwd=self.home,
                               env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(self.home),
                                    **environment})
        assert TOKEN not in ended.stdout + ended.stderr, ended
        return ended

    def asked(self, *arguments, **environment):
        """The key of the only order of the hub that was asked."""
        ended = self.run("orders", "list", "-q", *arguments, **environment)
        assert ended.returncode == 0, ended
        return ended.stdout.strip()

    def refused(self, part, *arguments, **environment):
        ended = self.run(*(arguments or ("status",)), **environment)
        assert ended.returncode == 2 and part in ended.stderr, (part, ended)


def with_order(hub, key):
    hub.start()
    end = time.monotonic() + 60
    while True:
        try:
            if request(hub.admin_port, "GET", "/restate/health")[0] == 200:
                break
        except OSError:
            assert time.monotonic() < end, "the admin port"
            time.sleep(0.02)
    status, _, body = request(hub.port, "POST", f"/OrderOrchestrator/{key}/ProcessOrder", ORDER, timeout=60)
    assert status == 200, body


def check_order(shell, first, second):
    url = f"http://127.0.0.1:{second.admin_port}"
    token_file = shell.home / "second.token"
    token_file.write_text(TOKEN + "\n", encoding="utf-8")
    os.chmod(token_file, 0o600)
    contexts = (f'# Mine.\n[context.first]\nserver = "unix:{first.data}/admin.sock"\n\n[context.second]\n'
                f'server = "{url}"\ntoken_file = "{token_file}"\n'
                f'[context.command]\nserver = "{url}/"\ntoken_command = "cat {token_file}; echo hush >&2"\n')
    shell.write(contexts)
    listed = shell.run("context", "list")
    assert listed.returncode == 0 and [l.split()[:2] for l in listed.stdout.splitlines()[1:]] == [
        ["-", "command"], ["-", "first"], ["-", "second"]], listed

    # None is in use: the socket of this environment's hub.
    here = {"ORDERHUB_DATA_DIR": str(first.data)}
    assert shell.asked(**here) == "one"
    for name in ("second", "command"):
        assert shell.run("context", "use", name).stdout == name + "\n"
        assert shell.asked(**here) == "two", "a context counts before the socket"
        assert f'use = "{name}"' in shell.file.read_text() and shell.file.read_text().endswith(contexts)
    used = json.loads(shell.run("context", "list", "--json").stdout)
    assert [c["name"] for c in used["contexts"] if c["in_use"]] == ["command"], used
    assert {c["name"]: c["token"] for c in used["contexts"]}["second"] == "file", used
    by_url = {"ORDERHUB_ADMIN": f"http://127.0.0.1:{first.admin_port}"}
    assert shell.asked(**by_url) == "one", "the environment counts before a context"
    # Whose token it is: of its server alone.
    assert shell.run("orders", "list", ORDERHUB_ADMIN=url).returncode == 4
    assert shell.run("orders", "list", "--server", url, **by_url).returncode == 4
    assert shell.asked("--server", url, "--token-file", str(token_file), **by_url) == "two"
    wrong = shell.run("orders", "list", ORDERHUB_ADMIN_TOKEN="another")
    assert wrong.returncode == 4, wrong  # The environment's counts before the context's.
    # Completion runs nobody's command.
    shell.write(contexts.replace("cat ", f"touch {shell.home}/ran; cat ").replace(
        "# Mine.", '# Mine.\nuse = "command"'))
    assert shell.run("__complete", "orders", "show", "").stdout == ""
    assert not (shell.home / "ran").exists()
    assert shell.asked() == "two" and (shell.home / "ran").exists()

    shell.run("context", "use", "first")
    assert shell.asked() == "one"
    assert shell.run("context", "use", "third").returncode == 3
    assert shell.run("context", "use").returncode == 2
    assert shell.run("context", "use", "--none").returncode == 0
    assert "use =" not in shell.file.read_text()
    elsewhere = shell.home / "xdg"
    (elsewhere / "orderhub").mkdir(parents=True)
    (elsewhere / "orderhub/cli.toml").write_text(f'use = "x"\n[context.x]\nserver = "unix:{first.data}/admin.sock"\n')
    os.chmod(elsewhere / "orderhub/cli.toml", 0o644)  # Others may read it: it has no secret.
    assert shell.asked(XDG_CONFIG_HOME=str(elsewhere)) == "one"
    assert shell.run("context", "list", HOME="", XDG_CONFIG_HOME="relative").returncode == 0


def check_refusals(shell, second):
    head = f'use = "a"\n[context.a]\nserver = "http://127.0.0.1:{second.admin_port}"\n'
    for text, part in ((head + f'token = "{TOKEN}"\n', "a token is never in this file"),
                       (head + f'server_password = "{TOKEN}"\n', "a token is never in this file"),
                       (f'use = "a"\n[context.a]\nserver = "https://me:{TOKEN}@hub.example"\n', "never in this file"),
                       (head + 'token_fle = "/x"\n', "did you mean token_file?"),
                       (head + 'token_file = "x"\n', "no absolute path"),
                       (head + 'token_file = "/x"\ntoken_command = "x"\n', "one of them"),
                       ('use = "b"\n' + head.partition("\n")[2], "use names a context that is not there"),
                       (f'use = "a\n{TOKEN}', "line 1 is no TOML"), ('[context.a]\n', "has no server"),
                       ('server = "x"\n', "it has only"), (head.replace("http://127.0.0.1", "http://hub.example"),
                                                           "must be https://")):
        shell.write(text)
        shell.refused(part)
    shell.write(head, 0o666)
    shell.refused("others than you may write it")
    token = shell.home / "open.token"
    token.write_text(TOKEN, encoding="utf-8")
    os.chmod(token, 0o644)
    shell.write(head + f'token_file = "{token}"\n')
    shell.refused("may be read by others than its owner: chmod 600")
    for command, part in (("exit 3", "with exit status 3"), ("echo a; echo b", "its only line"),
                          ("head -c 5000 /dev/zero | tr '\\\\0' x", "more than a token"),
                          (f"echo {TOKEN} >&2; exit 1", "with exit status 1"), ("true", "its only line")):
        shell.write(head + f'token_command = "{command}"\n')
        shell.refused(part)
    # One that does not end, nor what it started.
    shell.write(head + f'token_command = "echo $$ > {shell.home}/pid; sleep 600 & sleep 600"\n')
    begin = time.monotonic()
    shell.refused("has not ended within")
    assert time.monotonic() - begin < 60
    group = int((shell.home / "pid").read_text())
    end = time.monotonic() + 30
    while True:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            break
        assert time.monotonic() < end, "what it started still runs"
        time.sleep(0.02)


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder)
        hubs = []
        for key, environment in (("one", {}), ("two", {"ORDERHUB_ADMIN_TOKEN": TOKEN})):
            (home / key).mkdir()
            hub = Hub(program, home / key, environment, ["--mock"])
            with_order(hub, key)
            hubs.append(hub)
        shell = Shell(program, home)
        check_order(shell, *hubs)
        check_refusals(shell, hubs[1])
        for hub in hubs:
            assert hub.process.terminate() == 0
    print("context_test: the right hub is asked, and no token is shown")


if __name__ == "__main__":
    main()
