#!/usr/bin/python3
"""A vendor behind TLS with HTTP/2, for tests of the transport: it does the work of each request
and then answers, or fails as its path says. Prints its port; ends with its standard input.

usage: http2_server.py DIRECTORY [ALPN,...]   (writes DIRECTORY/ca.pem; default: h2,http/1.1)

/answer          200
/decline         402
/wait/MS         200, so much later
/large/BYTES     200 with a body of that size
/tell/BYTES?WORD 200 with a body of that size that begins with the word
/hang            nothing
/refuse          the stream is refused (REFUSED_STREAM): "not processed", though it was
/break           the stream is reset (INTERNAL_ERROR)
/goaway          GOAWAY that says no stream was processed, and the connection ends
/drop/N          the connection is cut when so many of these are open on it
/log             what has come: "NAME COUNT" lines; not counted itself
"""
import asyncio
import collections
import pathlib
import ssl
import subprocess
import sys

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

counts = collections.Counter()


def log_text():
    return "".join(f"{name} {count}\n" for name, count in sorted(counts.items())).encode()


def certificate(directory):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=vendor of the test", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", directory / "key.pem", "-out",
         directory / "ca.pem"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return directory / "ca.pem", directory / "key.pem"


class Connection:
    """One connection of HTTP/2."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.paths = {}
        self.unsent = {}
        self.open = set()
        self.dropping = 0

    def flush(self):
        self.writer.write(self.h2.data_to_send())

    async def serve(self):
        self.h2.initiate_connection()
        self.flush()
        while data := await self.reader.read(65536):
            for event in self.h2.receive_data(data):
                self.take(event)
            self.flush()

    def take(self, event):
        if isinstance(event, h2.events.RequestReceived):
            self.paths[event.stream_id] = dict(event.headers)[b":path"].decode()
            self.open.add(event.stream_id)
            counts["streams_at_once"] = max(counts["streams_at_once"], len(self.open))
        elif isinstance(event, h2.events.DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.work(event.stream_id, self.paths[event.stream_id])
        elif isinstance(event, h2.events.StreamReset):
            self.open.discard(event.stream_id)
            self.unsent.pop(event.stream_id, None)
        elif isinstance(event, h2.events.WindowUpdated):
            for stream in list(self.unsent):
                try:
                    self.send_on(stream)
                except h2.exceptions.StreamClosedError:  # Its reset is one of the next events.
                    del self.unsent[stream]

    def work(self, stream, path):
        verb, _, value = path[1:].partition("/")
        if verb == "log":
            self.answer(stream, 200, log_text())
            return
        counts[path] += 1
        value, _, word = value.partition("?")
        if verb == "answer":
            self.answer(stream, 200)
        elif verb == "decline":
            self.answer(stream, 402)
        elif verb == "wait":
            asyncio.get_running_loop().call_later(int(value) / 1000, self.late, stream)
        elif verb == "large":
            self.answer(stream, 200, b"x" * int(value))
        elif verb == "tell":
            self.answer(stream, 200, word.encode().ljust(int(value), b"."))
        elif verb in ("refuse", "break"):
            self.open.discard(stream)
            self.h2.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM if verb == "refuse"
                                 else h2.errors.ErrorCodes.INTERNAL_ERROR)
        elif verb == "goaway":
            self.h2.close_connection(last_stream_id=0)
            self.flush()
            self.writer.close()
        elif verb == "drop":
            self.dropping += 1
            if self.dropping == int(value):
                self.writer.transport.abort()

    def late(self, stream):
        if stream in self.open:
            self.answer(stream, 200)
            self.flush()

    def answer(self, stream, status, body=b"{}"):
        self.h2.send_headers(stream, [(":status", str(status)), ("content-type", "text/plain"),
                                      ("content-length", str(len(body)))])
        self.unsent[stream] = body
        self.send_on(stream)

    def send_on(self, stream):
        body = self.unsent[stream]
        while body:
            size = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size,
                       len(body))
            if size == 0:
                self.unsent[stream] = body
                return
            self.h2.send_data(stream, body[:size])
            body = body[size:]
        self.h2.end_stream(stream)
        del self.unsent[stream]
        self.open.discard(stream)


async def serve_http_1(reader, writer):
    while head := await reader.readuntil(b"\r\n\r\n"):
        path = head.split(b" ")[1].decode()
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                await reader.readexactly(int(value))
        if path != "/log":
            counts[path] += 1
        verb, _, value = path[1:].partition("/")
        if verb == "wait":
            await asyncio.sleep(int(value) / 1000)
        body = log_text() if path == "/log" else b"{}"
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


async def connected(reader, writer):
    protocol = writer.get_extra_info("ssl_object").selected_alpn_protocol()
    counts["connections_h2" if protocol == "h2" else "connections_h1"] += 1
    try:
        if protocol == "h2":
            await Connection(reader, writer).serve()
        else:
            await serve_http_1(reader, writer)
    except (OSError, asyncio.IncompleteReadError, h2.exceptions.ProtocolError):
        pass  # The client has gone, as clients do.
    finally:
        writer.close()


async def main():
    directory = pathlib.Path(sys.argv[1])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(directory))
    context.set_alpn_protocols(sys.argv[2].split(",") if len(sys.argv) > 2 else ["h2", "http/1.1"])
    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
