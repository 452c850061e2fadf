#!/usr/bin/env python3
"""The command line by itself and against a real hub: every example of every help text does what it says,
words complete, the manual pages are sound and whole, check-config names all that is wrong, and exit statuses
are what they promise.

    cli_test.py ORDERHUB
"""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import Hub, Mock, request  # noqa: E402
from order_of_tests import ORDER  # noqa: E402

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CONFIG = """
listen = "127.0.0.1:8082"
label_timeout = "10s"

[stripe]
api_key = "sk_test_abc"
api_base = "MOCK/stripe"

[shippo]
api_key = "shippo_test_abc"
api_base = "MOCK/shippo"
"""


class Shell:
    def __init__(self, folder, hub, mock):
        self.folder = folder
        (folder / "bin").mkdir()
        (folder / "bin/orderhub").symlink_to(PROGRAM)
        (folder / "orderhub.toml").write_text(CONFIG.replace("MOCK", f"http://127.0.0.1:{mock.port}"), encoding="utf-8")
        os.chmod(folder / "orderhub.toml", 0o600)
        for name in (".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions"):
            (folder / name).mkdir(parents=True)
        self.environment = {"PATH": f"{folder}/bin:{os.environ.get('PATH', '/usr/bin:/bin')}",
                            "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        if hub is not None:
            self.environment["ORDERHUB_ADMIN_URL"] = f"http://127.0.0.1:{hub.admin_port}"
            (folder / ".config/orderhub").mkdir(parents=True)
            self.contexts = folder / ".config/orderhub/cli.toml"
            self.contexts.write_text(f'[context.live]\nserver = "http://127.0.0.1:{hub.admin_port}"\n',
                                     encoding="utf-8")
            os.chmod(self.contexts, 0o600)

    def run(self, *arguments, **more):
        return self.done(["orderhub", *arguments], **more)

    def line(self, text, **more):
        return self.done(["bash", "-o", "pipefail", "-c", text], **more)

    def done(self, command, **environment):
        ended = subprocess.run(command, env={**self.environment, **environment}, cwd=self.folder,
                               stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                               check=False)
        assert "\x1b" not in ended.stdout + ended.stderr, f"{command}: colours, and no terminal"
        return ended

    def completed(self, *words):
        """(word, help) of each line."""
        ended = self.run("__complete", *words)
        assert ended.returncode == 0, ended
        return [tuple(line.split("\t")) for line in ended.stdout.splitlines()]


def commands(shell, path=()):
    """The paths of all commands that have none below them, as completion walks them."""
    below = [word for word, help_text in shell.completed(*path, "") if help_text]
    leaves = []
    for word in below:
        helped = shell.run(*path, word, "--help")
        if helped.returncode == 0 and "orderhub " + " ".join((*path, word)) in helped.stdout:
            leaves += commands(shell, (*path, word)) if "Subcommands:" in helped.stdout else [(*path, word)]
    return leaves


def prepare_examples(shell, hub, mock):
    """What the examples' orders are said to be; a webhook."""
    for key, says, vendor, operation, effect in (
            ("order-002", "look-up: 503", "shippo", "label", "drop_after"),
            ("order-003", "refused", "shippo", "label", "refuse"),
            ("order-004", "refused", "stripe", "charge", "refuse")):
        mock.control({"clear": True, "faults": [
            {"vendor": vendor, "operation": operation, "always": True, "times": 1, "effect": effect},
            {"vendor": "shippo", "operation": "list_labels", "always": True, "effect": "status", "status": 503}]})
        request(hub.port, "POST", f"/OrderOrchestrator/{key}/ProcessOrder/send", ORDER)
        until = time.monotonic() + 60
        while says not in (told := shell.run("orders", "explain", key).stdout):
            assert time.monotonic() < until, told
            time.sleep(0.1)


def slow_bulk(shell, hub):
    """One that is at work for longer than the next command takes."""
    keys = [f"many-{n}" for n in range(40)]
    for key in keys:
        request(hub.port, "POST", f"/OrderOrchestrator/{key}/ProcessOrder/send?delay=1h", ORDER)
    planned = shell.run("bulk", "plan", "pause", *keys, "--rate", "1", "--reason", "an example", "--json")
    bulk = json.loads(planned.stdout)["bulk"]
    assert bulk["count"] == len(keys), planned
    assert shell.run("bulk", "start", bulk["id"], "--count", str(len(keys))).returncode == 0


def example(path, line, mock):
    """As it is run: what goes on until it is ended is ended, and what draws on a terminal has one."""
    if path in (("serve",), ("mock",)):
        return "timeout --preserve-status 2 " + line
    if path == ("top",):
        return f"(sleep 1; echo q) | TERM=xterm script -qec '{line}' /dev/null >/dev/null"
    return line.replace("127.0.0.1:8090", f"127.0.0.1:{mock.port}")


def check_help(shell, hub, mock):
    all_leaves = commands(shell)
    assert len(all_leaves) > 40, all_leaves
    ran = 0
    for path in all_leaves:
        text = shell.run(*path, "--help").stdout
        lines = text.partition("Examples:\n")[2].splitlines()
        if path == ("bulk", "pause"):
            slow_bulk(shell, hub)
        if path == ("check-config",):
            mock.control({"clear": True})
        more = {"ORDERHUB_LISTEN": f"127.0.0.1:{0 if path == ('serve',) else hub.port}",
                "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET}
        if path == ("serve",):
            more |= {"ORDERHUB_ADMIN_LISTEN": "127.0.0.1:0", "ORDERHUB_DATA_DIR": "tried"}
        before = ran
        for line in lines:
            if not line.startswith("  "):
                break
            ended = shell.line(example(path, line.strip(), mock), **more)
            assert ended.returncode == 0, f"{line.strip()}: {ended}"
            ran += 1
        assert ran > before, f"orderhub {' '.join(path)} has no example"
    return len(all_leaves), ran


def completed_by_hub(shell, *words):
    for _ in range(30):
        if found := shell.completed(*words):
            return found
    return []


def check_completion(shell):
    words = [w for w, _ in shell.completed("")]
    assert {"serve", "orders", "vendors", "webhooks", "status", "check-config", "completion"} <= set(words), words
    assert [w for w, _ in shell.completed("or")] == ["orders"]
    assert ("explain", "why it stands so, and what comes next") in shell.completed("orders", "ex")
    assert [w for w, _ in shell.completed("orders", "list", "--out")] == ["--output"]
    assert [w for w, _ in shell.completed("orders", "list", "--output", "js")] == ["json", "jsonl"]
    assert [w for w, _ in shell.completed("orders", "list", "--output=js")] == ["--output=json", "--output=jsonl"]
    assert [w for w, _ in shell.completed("completion", "")] == ["bash", "zsh", "fish"]
    # What only the hub knows (a busy one may answer too late for a person who types, so it is asked
    # again); and nothing, soon, where there is none.
    assert ("order-001", "confirmed") in completed_by_hub(shell, "orders", "show", "order-0")
    assert [w for w, _ in completed_by_hub(shell, "vendors", "pause", "ship")] == ["shippo"]
    nobody = shell.run("__complete", "orders", "show", "o", ORDERHUB_ADMIN_URL="http://127.0.0.1:1")
    assert (nobody.returncode, nobody.stdout) == (0, ""), nobody
    # A file is the shell's own matter.
    assert shell.completed("serve", "--config", "") == []

    for name in ("bash", "zsh", "fish"):
        script = shell.run("completion", name)
        assert script.returncode == 0, script
        if shutil.which(name):
            file = shell.folder / f"script.{name}"
            file.write_text(script.stdout, encoding="utf-8")
            checked = shell.done([name, "-n", str(file)])
            assert checked.returncode == 0, checked
    asked = shell.line("eval \"$(orderhub completion bash)\"; COMP_WORDS=(orderhub orders ex); COMP_CWORD=2; "
                       "_orderhub; echo \"${COMPREPLY[@]}\"; complete -p orderhub")
    assert asked.stdout.splitlines()[0] == "explain", asked
    assert shell.run("completion", "tcsh").returncode == 2


def check_manuals(shell):
    for section, parts in (("1", ["orders explain", "EXIT STATUS", "orderhub completion bash"]),
                           ("5", ["label_timeout", "ORDERHUB_FALLBACK_MAIL", "stripe.api_key"])):
        page = shell.run("man", section)
        assert page.returncode == 0, page
        file = shell.folder / f"page.{section}"
        file.write_text(page.stdout, encoding="utf-8")
        for part in parts:
            assert part.replace("-", "\\-") in page.stdout, f"{part} is not in section {section}"
        if shutil.which("groff"):
            shown = shell.done(["groff", "-mandoc", "-Tutf8", "-ww", "-P-c", str(file)])
            assert shown.returncode == 0 and not shown.stderr, shown.stderr
    page = (shell.folder / "page.1").read_text(encoding="utf-8")
    for path in commands(shell):
        assert ("orderhub " + " ".join(path)).replace("-", "\\-") in page, f"{path} is not in the manual"


def check_statuses(shell, hub):
    for words, status in ((("status",), 0), (("orders", "show", "order-001"), 0), (("--version",), 0),
                          (("orders", "show", "nobody"), 3), (("orders", "find", "nobody"), 3),
                          (("orders", "shwo"), 2), ((), 2), (("orders", "list", "--output", "xml"), 2),
                          (("orders", "list", "--bogus"), 2), (("vendors", "pause", "stripe"), 2)):
        ended = shell.run(*words)
        assert ended.returncode == status, (words, ended)
    away = {"ORDERHUB_ADMIN_URL": "http://127.0.0.1:1"}
    assert shell.run("status", "--quiet", **away).returncode == 6
    quiet = shell.run("status", "--quiet")
    assert quiet.stdout == "" and quiet.returncode == 0, quiet
    assert json.loads(shell.run("status", "--json").stdout)["accepting"] is True
    assert shell.run("orders", "list", "--quiet").stdout == "order-001\n"
    denied = shell.run("orders", "list", ORDERHUB_ADMIN_TOKEN="a-wrong-token")
    assert denied.returncode in (0, 4), denied  # A hub without tokens lets everybody look.
    assert request(hub.admin_port, "GET", "/admin/status")[0] == 200


def check_lists(shell, hub):
    """The lists beside that of orders have the same forms, and words that nobody knows are helped."""
    names = shell.run("vendors", "list", "-q").stdout.split()
    assert {"stripe", "shippo"} <= set(names), names
    rows = [row.split("\t") for row in shell.run("vendors", "list", "-o", "tsv").stdout.splitlines()]
    assert rows[0][:2] == ["vendor", "state"] and [row[0] for row in rows[1:]] == names, rows
    bare = shell.run("vendors", "list", "-o", "tsv", "--no-header", "--columns", "state,vendor").stdout
    assert bare.splitlines() == [f"closed\t{name}" for name in names], bare
    lines = shell.run("vendors", "list", "-o", "jsonl").stdout.splitlines()
    assert [json.loads(line)["name"] for line in lines] == names, lines
    usual, wide = (shell.run("audit", "-o", form).stdout.splitlines()[0].split() for form in ("table", "wide"))
    assert usual[0] == "AT" and set(usual) < set(wide), (usual, wide)
    for words in (("audit",), ("bulk", "list"), ("webhooks", "list"), ("webhooks", "refused"), ("vendors", "list"),
                  ("vendors", "calls", "stripe"), ("bulk", "items", "none")):
        wrong = shell.run(*words, "--columns", "bogus")
        assert wrong.returncode == 2 and "--columns takes " in wrong.stderr, (words, wrong)

    for words, meant in (("orders lst", "list"), ("ordrs list", "orders"), ("vendors lits", "list"),
                         ("orders list --statu paid", "--status"), ("orders list --limt=3", "--limit"),
                         ("status --quite", "--quiet")):
        wrong = shell.line("orderhub " + words)
        assert wrong.returncode == 2 and f"did you mean {meant}?" in wrong.stderr, (words, wrong)
    assert "did you mean" not in shell.line("orderhub frobnicate").stderr
    late = shell.run("orders", "list", "--older-than", "soon")
    assert late.returncode == 2 and "--older-than must" in late.stderr, late
    assert shell.run("audit", "--limit", "600").returncode == 2
    up = next(line for line in shell.run("status").stdout.splitlines() if line.startswith("up "))
    assert re.fullmatch(r"up +(\d+m )?\d+s", up), up
    quiet = shell.run("status", "-q", ORDERHUB_ADMIN_URL="http://127.0.0.1:1")
    assert (quiet.returncode, quiet.stderr) == (6, ""), quiet

    def words_of(*line):
        return [word for word, _ in shell.completed(*line)]

    assert set(words_of("orders", "list", "--status", "pa")) == {"paid", "payment_failed"}
    assert words_of("orders", "list", "--status", "paid,disp") == ["paid,disputed"]
    assert words_of("orders", "list", "--waits-for=abs") == ["--waits-for=absence"]
    assert words_of("context", "use", "l") == ["live"]
    assert [w for w, _ in completed_by_hub(shell, "orders", "list", "--vendor", "ship")] == ["shippo"]


def check_called(shell):
    """With --strict an inbox that is not empty is not in order."""
    assert shell.run("status").returncode == 0
    strict = shell.run("status", "--strict")
    assert strict.returncode == 1 and "--needs-person" in strict.stderr, strict


def check_output(shell):
    """What cannot be written is no success, but for a reader who has had enough."""
    for words in ("orders list", "orders explain order-001", "status --json", "settings --markdown",
                  "completion bash", "man", "orders list --json", "check-config --config orderhub.toml"):
        full = shell.line(f"orderhub {words} >/dev/full")
        assert full.returncode == 8 and "No space left on device" in full.stderr, (words, full)
    assert shell.line("orderhub status --quiet >/dev/full").returncode == 0
    # Not well, and not shown either: what was answered counts.
    assert shell.line("orderhub orders show nobody >/dev/full").returncode == 3
    stopped = shell.line("orderhub orders watch order-001 --until settled >/dev/full")
    assert stopped.returncode == 8, stopped
    for ignored in ("", "trap '' PIPE; "):
        quiet = shell.line(f"{ignored}(orderhub settings --markdown; echo $? >&2) | true")
        assert quiet.stderr.strip() in ("0", "141"), quiet


def check_patience(shell):
    """A hub that takes what is asked and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as hung:
        away = {"ORDERHUB_ADMIN_URL": f"http://127.0.0.1:{hung.getsockname()[1]}"}

        def took(*words):
            began = time.monotonic()
            ended = shell.run(*words, **away)
            return ended.returncode, time.monotonic() - began

        status, seconds = took("orders", "watch", "x", "--timeout", "1")
        assert status == 7 and 1 <= seconds < 4, (status, seconds)
        status, seconds = took("status", "--quiet")
        assert status == 6 and seconds < 8, (status, seconds)
        status, seconds = took("orders", "retry", "x", "--yes", "--wait", "--timeout", "1s")
        assert status == 6 and seconds < 4, (status, seconds)
    for said, status in (("5m", 0), ("90s", 0), ("30", 0), ("0", 0), ("25h", 2), ("soon", 2), ("-1", 2)):
        ended = shell.run("orders", "watch", "order-001", "--until", "settled", "--timeout", said)
        assert ended.returncode == status, (said, ended)
    assert shell.run("orders", "retry", "order-001", "--yes", "--wait", "--timeout", "0").returncode == 2


def check_config(shell):
    sound = shell.run("check-config", "--config", "orderhub.toml", ORDERHUB_LABEL_TIMEOUT="7s")
    assert sound.returncode == 0, sound
    assert "The configuration is sound." in sound.stdout, sound.stdout
    rows = {line.split()[0]: line.split() for line in sound.stdout.splitlines() if line.strip()}
    assert rows["listen"] == ["listen", "127.0.0.1:8082", "file"], rows
    assert rows["label_timeout"] == ["label_timeout", "7s", "environment"], rows
    assert rows["stripe.api_key"][1:3] == ["set", "(sha256"] and "sk_test_abc" not in sound.stdout, rows
    flagged = shell.run("check-config", "--config", "orderhub.toml", "--label-timeout", "8s", "--json")
    assert json.loads(flagged.stdout)["settings"]["label_timeout"] == {"value": "8s", "from": "flag"}, flagged
    everything = json.loads(shell.run("check-config", "--config", "orderhub.toml", "--json", "--all").stdout)
    assert everything["settings"]["data_dir"] == {"value": "./data", "from": "default"}, everything

    wrong = shell.folder / "wrong.toml"
    wrong.write_text('listen = "nowhere"\ndata_dirr = "x"\nlabel_timeout = 10\n[stripe]\n'
                     'api_key = "sk_test hush"\n[fallback]\nmail = "custom/lost"\n', encoding="utf-8")
    os.chmod(wrong, 0o644)
    found = shell.run("check-config", "--config", "wrong.toml", "--json", ORDERHUB_WORKERS="many")
    assert found.returncode == 2, found
    faults = "\n".join(json.loads(found.stdout)["faults"])
    for part in ("listen in wrong.toml must", "data_dirr in wrong.toml is not a setting; did you mean data_dir?",
                 "label_timeout in wrong.toml must be a duration", "stripe.api_key in wrong.toml must",
                 "ORDERHUB_WORKERS must be a whole number", "SHIPPO_API_KEY is not set",
                 "fallback.mail (ORDERHUB_FALLBACK_MAIL) names custom/lost"):
        assert part in faults, (part, faults)
    assert "hush" not in found.stdout and "STRIPE_API_KEY is not set" not in faults, found.stdout
    quiet = shell.run("check-config", "--config", "wrong.toml", "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (2, "", ""), quiet
    os.chmod(shell.folder / "orderhub.toml", 0o644)
    open_file = json.loads(shell.run("check-config", "--config", "orderhub.toml", "--json").stdout)
    assert any("chmod 600" in note for note in open_file["notes"]), open_file
    # What it takes for sound serve takes too, and the other way round.
    refused = shell.run("serve", "--config", "wrong.toml", "--data-dir", "never")
    assert refused.returncode != 0 and not (shell.folder / "never").exists(), refused


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        mock = Mock(PROGRAM, folder)
        hub = Hub(PROGRAM, folder, mock.vendor_environment() | mock.more_environment() |
                  {"STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET})
        hub.start()
        status, _, body = request(hub.port, "POST", "/OrderOrchestrator/order-001/ProcessOrder", ORDER, timeout=60)
        assert status == 200, body
        shell = Shell(folder, hub, mock)
        check_completion(shell)
        check_manuals(shell)
        check_statuses(shell, hub)
        assert shell.run("status", "--strict").returncode == 0
        check_output(shell)
        check_patience(shell)
        check_config(shell)
        check_lists(shell, hub)
        prepare_examples(shell, hub, mock)
        sent = shell.run("webhooks", "send", "stripe", "payment_intent.succeeded", "--order", "order-001",
                         ORDERHUB_LISTEN=f"127.0.0.1:{hub.port}", STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET)
        assert sent.returncode == 0, sent
        check_called(shell)
        leaves, ran = check_help(shell, hub, mock)
        assert hub.process.terminate() == 0
        mock.process.terminate()
    print(f"{leaves} commands complete, are in the manual, and {ran} examples of their help texts ran")


if __name__ == "__main__":
    main()
