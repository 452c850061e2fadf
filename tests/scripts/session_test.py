#!/usr/bin/env python3
"""A browser's session at a real hub: known again after a SIGKILL, by no other hub, gone with its token, for
https alone where people come by https, and in no log, metric, audit or answer.

    session_test.py ORDERHUB
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import Hub, request  # noqa: E402


def wait_for(what, condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


def new_token(program, file, name, role):
    made = subprocess.run([str(program), "token", "new", "--file", str(file), "--name", name,
                           "--role", role], capture_output=True, text=True, timeout=30, check=True)
    return made.stdout.strip()


def asked(hub, path, body=None, token=None, cookie=None, more=None):
    headers = dict(more or {})
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if cookie:
        headers["Cookie"] = f"orderhub_session={cookie}"
    status, heads, text = request(hub.admin_port, "GET" if body is None else "POST", path, body, headers)
    heads = {name.lower(): value for name, value in heads.items()}
    return status, text.decode(), heads.get("set-cookie", "")


def begun(hub, token):
    """The cookie's value, and all of what is set."""
    status, text, line = asked(hub, "/admin/session", b"{}", token)
    assert status == 200, text
    return line.partition("=")[2].partition(";")[0], line


def main():
    program = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        tokens, settings = directory / "tokens.toml", directory / "orderhub.toml"
        ada, eve = (new_token(program, tokens, name, role)
                    for name, role in (("ada", "operate"), ("eve", "read")))
        settings.write_text(f'mock_mode = true\nadmin_tokens = "{tokens}"\n', encoding="utf-8")
        environment = {"ORDERHUB_CONFIG": str(settings)}
        hub = Hub(program, directory, environment)
        hub.start()
        cookie, line = begun(hub, ada)
        assert "HttpOnly" in line and "SameSite=Strict" in line and "Secure" not in line, line

        def status_of(path="/admin/session", at=hub, **of):
            return asked(at, path, cookie=cookie, **of)[0]

        assert json.loads(asked(hub, "/admin/session", cookie=cookie)[1])["name"] == "ada"
        assert status_of("/admin/config") == 403
        assert status_of(more={"Sec-Fetch-Site": "same-origin"}) == 200
        assert status_of(more={"Sec-Fetch-Site": "cross-site"}) == 403
        assert status_of(more={"Origin": "https://evil.example"}) == 403
        hub.process.kill()
        hub.start()
        assert status_of() == 200, "a restart ended the session"

        elsewhere = directory / "elsewhere"
        elsewhere.mkdir()
        other = Hub(program, elsewhere, environment)
        other.start()
        assert status_of(at=other) == 401, "another hub took the session"
        assert other.process.terminate() == 0

        # People come by https from now on.
        settings.write_text(settings.read_text("utf-8") +
                            'admin_public_url = "https://hub.example.com/ops"\n', encoding="utf-8")
        os.kill(hub.process.pid, signal.SIGHUP)
        wait_for("a session for https alone", lambda: begun(hub, ada)[1].endswith("; Secure"))
        assert status_of(more={"Origin": "https://hub.example.com"}) == 200

        # Who is in the file no more has no session either: a copy of the cookie is worth nothing.
        text = tokens.read_text(encoding="utf-8")
        tokens.write_text(text[text.index("[[token]]", 1):], encoding="utf-8")
        os.kill(hub.process.pid, signal.SIGHUP)
        wait_for("ada shut out", lambda: status_of() == 401)
        refusal = asked(hub, "/admin/session", cookie=cookie)[1]
        assert "token of this session is no longer valid" in refusal, refusal
        assert asked(hub, "/admin/session", b"{}", "not-a-token")[0] == 401

        def done():
            audit = asked(hub, "/admin/audit", token=eve)[1]
            return [(a["who"], a["role"], a["action"], a["outcome"]) for a in json.loads(audit)["actions"]]
        wait_for("both logins on record", lambda: {
            ("ada", "operate", "login", "accepted"), ("unknown", "read", "login", "unauthorized")} <= set(done()))
        audit = asked(hub, "/admin/audit", token=eve)[1]
        metrics = asked(hub, "/metrics", token=eve)[1]
        assert hub.process.terminate() == 0
        log = (directory / "hub.log").read_text(encoding="utf-8")
        assert all(f'"event":"{e}"' in log for e in ("operator_action", "session_begun"))
        printed = subprocess.run([str(program), "journal", "dump", "--data-dir", str(hub.data)],
                                 capture_output=True, text=True, timeout=60, check=True).stdout
        for where, said in (("log", log), ("metrics", metrics), ("audit", audit), ("answer", refusal),
                            ("journal", printed)):
            assert not any(part in said for part in (ada, eve, cookie, "not-a-token")), where
        checked = subprocess.run([str(program), "journal", "verify", "--data-dir", str(hub.data)],
                                 capture_output=True, text=True, timeout=60, check=False)
        assert checked.returncode == 0, checked.stdout
    print("session_test: logged in, killed, refused elsewhere, shut out")


if __name__ == "__main__":
    main()
