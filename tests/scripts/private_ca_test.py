#!/usr/bin/env python3
"""Vendors behind TLS certificates of an authority of one's own: ORDERHUB_CA_FILE and SSL_CERT_FILE
of the real program, against the mock vendors behind a TLS server. Without either, and for another
host's name, nothing is sent."""
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from hub_processes import Hub, Mock, request  # noqa: E402
from order_of_tests import ORDER  # noqa: E402


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=60)


def make_certificates(directory):
    """ca.pem, and leaf certificates that it signed: `right` for 127.0.0.1, `wrong` for a name."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", f"{directory}/ca.key", "-out", f"{directory}/ca.pem",
            "-days", "2", "-subj", "/CN=authority of the test")
    for name, alternative in (("right", "IP:127.0.0.1"), ("wrong", "DNS:vendor.example")):
        openssl("req", *key, "-keyout", f"{directory}/{name}.key", "-out", f"{directory}/{name}.csr",
                "-subj", "/CN=vendor of the test")
        extension = directory / f"{name}.ext"
        extension.write_text(f"subjectAltName={alternative}\n", encoding="utf-8")
        openssl("x509", "-req", "-in", f"{directory}/{name}.csr", "-CA", f"{directory}/ca.pem",
                "-CAkey", f"{directory}/ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", str(extension), "-out", f"{directory}/{name}.pem")


class TlsFront:
    """A TLS server that hands every byte on to a port and back."""

    def __init__(self, directory, name, port):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / f"{name}.pem", directory / f"{name}.key")
        self.context, self.behind = context, port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.handshakes = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(plain,), daemon=True).start()

    def serve(self, plain):
        try:
            with self.context.wrap_socket(plain, server_side=True) as front, \
                    socket.create_connection(("127.0.0.1", self.behind)) as back:
                self.handshakes += 1
                threading.Thread(target=self.pump, args=(back, front), daemon=True).start()
                self.pump(front, back)
        except OSError:
            pass  # A client that does not trust us goes away.

    @staticmethod
    def pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def order(hub, name):
    return json.loads(request(hub.port, "POST", f"/OrderOrchestrator/{name}/GetOrder")[2])


def main():
    if not shutil.which("openssl"):
        print("openssl is missing: not shown")
        sys.exit(77)
    program = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        make_certificates(directory)
        mock = Mock(program, directory)
        right, wrong = (TlsFront(directory, name, mock.port) for name in ("right", "wrong"))

        def environment(front, **more):
            values = mock.vendor_environment()
            return {**{name: value.replace(f"http://127.0.0.1:{mock.port}",
                                           f"https://127.0.0.1:{front.port}")
                       for name, value in values.items()}, **more}

        authority = str(directory / "ca.pem")
        for number, more in enumerate(({"ORDERHUB_CA_FILE": authority},
                                       {"SSL_CERT_FILE": authority})):
            place = directory / f"trusts-{number}"
            place.mkdir()
            hub = Hub(program, place, environment(right, **more))
            hub.start()
            status, _, body = request(hub.port, "POST", f"/OrderOrchestrator/t-{number}/ProcessOrder",
                                      ORDER, timeout=60)
            assert status == 200 and json.loads(body)["status"] == "confirmed", (more, body)
            assert hub.process.terminate() == 0

        # The authority is not known; and it is, but the certificate is another host's.
        for number, (front, more) in enumerate(((right, {}),
                                                (wrong, {"ORDERHUB_CA_FILE": authority}))):
            place = directory / f"doubts-{number}"
            place.mkdir()
            hub = Hub(program, place, environment(front, **more))
            hub.start()
            accepted = request(hub.port, "POST", f"/OrderOrchestrator/d-{number}/ProcessOrder/send",
                               ORDER)
            assert accepted[0] == 202, accepted
            end = time.monotonic() + 30
            while "TLS" not in json.dumps(order(hub, f"d-{number}").get("waiting", [])):
                assert time.monotonic() < end, order(hub, f"d-{number}")
                time.sleep(0.05)
            hub.process.kill()
        charged = {e["order_id"] for e in mock.ledger()["effects"] if e["kind"] == "charge"}
        assert charged == {"t-0", "t-1"}, charged

        # Refused at start, by its name.
        (directory / "empty.pem").write_text("", encoding="utf-8")
        for setting in ("ORDERHUB_CA_FILE", "SSL_CERT_FILE"):
            for file in ("missing.pem", "empty.pem"):
                refused = subprocess.run(
                    [str(program), "serve", "--data-dir", str(directory / "never")],
                    env={**environment(right), setting: str(directory / file)},
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
                assert refused.returncode != 0 and setting.encode() in refused.stdout, refused
        assert not (directory / "never").exists(), "a refused start has made a directory"
        mock.process.terminate()
    print("private ca: trusted by either setting; unknown authorities and wrong names are refused")


if __name__ == "__main__":
    main()
