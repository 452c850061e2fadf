#!/usr/bin/env python3
"""Runs every fuzz target for some seconds, from the corpus in tests/fuzz/corpus.

    scripts/fuzz.py [--seconds 10] [--jobs 4] [--only stripe.read]… [--keep]

The program is built/fuzz/tests/fuzz/webhooks_fuzz (preset `fuzz`). What a run finds beyond the corpus
is thrown away, unless --keep merges what adds coverage into it; an input that breaks something is
left in build/fuzz/found and its name printed. Exits 1 where one was found.

    scripts/fuzz.py --seeds      writes the corpus anew from tests/golden/webhook-vectors.json
"""
import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build/fuzz/tests/fuzz/webhooks_fuzz"
CORPUS = ROOT / "tests/fuzz/corpus"
FOUND = ROOT / "build/fuzz/found"
VENDORS = ["stripe", "sendgrid", "shippo", "slack", "twilio", "github", "custom"]
TARGETS = [f"{vendor}.{part}" for vendor in VENDORS for part in ("verify", "read")]
TARGETS.append("custom.sources")
# Beside the vectors, which have one or two events of each vendor.
EVENTS = {
    "stripe.read": [
        '{"id":"evt_1","type":"charge.refunded","created":1,"data":{"object":{"object":"charge",'
        '"id":"ch_1","amount_refunded":1,"currency":"usd","metadata":{"hub":"h","order_id":"o"}}}}',
        '{"id":"evt_1","type":"refund.failed","data":{"object":{"object":"refund","status":"failed",'
        '"id":"re_1","charge":{"id":"ch_1"},"failure_reason":"lost_or_stolen_card"}}}',
        '{"id":"evt_1","type":"charge.dispute.closed","data":{"object":{"object":"dispute",'
        '"status":"won","id":"dp_1","reason":"fraudulent"}},"request":{"idempotency_key":"k"}}',
    ],
    "sendgrid.read": [
        '[{"event":"bounce","sg_event_id":"a","bounce_classification":"Invalid Address"},1]\r\n',
        '[{"event":"dropped","sg_event_id":"a","sg_message_id":"b.c","reason":"Bounced Address"}]',
    ],
    "shippo.read": [
        '{"event":"transaction_updated","test":false,"data":{"object_id":"t","status":"SUCCESS",'
        '"object_updated":"2026-11-25T09:35:06.123Z","metadata":"oh:0123456789abcdef gen:1 '
        'order_id:ord-1001 step:label","rate":{"object_id":"r"}}}',
    ],
    "slack.read": [
        "payload=%7B%22type%22%3A%22block_actions%22%2C%22user%22%3A%7B%22id%22%3A%22U1%22%7D%2C"
        "%22actions%22%3A%5B%7B%22action_id%22%3A%22retry_label%22%2C%22value%22%3A%22ord-1%22%2C"
        "%22action_ts%22%3A%221.2%22%7D%5D%7D",
    ],
    "custom.read": ['{"id":7,"type":"order.asked","at":1,"r":"x","a":[{"b/c":"o"}],'
                    '"data":{"awakeable":"prom_1","order_id":"o"}}'],
    "custom.sources": ['[{"name":"a","scheme":"hmac","secret":"s","header":"x","id":"/id",'
                       '"algorithm":"sha512","encoding":"base64","events":{"*":"packed"}}]'],
}


def seeds():
    """Yields (target, bytes). The parts of an input are described in webhooks_fuzz.cpp."""
    bodies = set()  # Most vectors of a vendor have the same one.
    refused = collections.Counter()
    for vector in json.loads((ROOT / "tests/golden/webhook-vectors.json").read_text()):
        url = vector.get("url", "")
        target = url[url.find("?"):] if "?" in url else ""
        headers = "".join(f"{name}: {value}\n" for name, value in vector["headers"].items())
        if vector["vendor"] == "github":
            headers += "X-GitHub-Event: deployment_status\n"
        whole = "\0".join([target, headers, vector["body"]]).encode()
        refused[vector["vendor"]] += vector["expect"] == "reject"
        if vector["expect"] == "accept" or refused[vector["vendor"]] <= 4:
            yield f"{vector['vendor']}.verify", whole
        if vector["expect"] == "accept" and (vector["vendor"], vector["body"]) not in bodies:
            bodies.add((vector["vendor"], vector["body"]))
            yield f"{vector['vendor']}.read", whole
    for target, texts in EVENTS.items():
        for body in texts:
            yield target, (body if target == "custom.sources" else "\0\0" + body).encode()


def write_seeds():
    shutil.rmtree(CORPUS, ignore_errors=True)
    for target, text in seeds():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha256(text).hexdigest()[:16]).write_bytes(text)


def run(target, seconds, keep):
    """The output of a run that found something; None of a good one."""
    environment = dict(os.environ, ORDERHUB_FUZZ=target)
    FOUND.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        command = [PROGRAM, f"-max_total_time={seconds}", "-max_len=8192", "-timeout=10",
                   "-rss_limit_mb=1024", "-print_final_stats=1",
                   f"-artifact_prefix={FOUND}/{target}-", work, CORPUS / target]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace")
        if done.returncode == 0 and keep:
            subprocess.run([PROGRAM, "-merge=1", "-max_len=8192", CORPUS / target, work],
                           env=environment, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    runs = [line.split()[-1] for line in done.stdout.splitlines() if "number_of_executed" in line]
    print(f"fuzz.py: {target}: {'ok' if done.returncode == 0 else 'FAILED'}, "
          f"{runs[0] if runs else '?'} runs", flush=True)
    return None if done.returncode == 0 else done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10, help="for each target")
    parser.add_argument("--jobs", type=int, default=4, help="targets at a time")
    parser.add_argument("--only", action="append", choices=TARGETS)
    parser.add_argument("--keep", action="store_true", help="add to the corpus what was new")
    parser.add_argument("--seeds", action="store_true", help="write the corpus anew and stop")
    options = parser.parse_args()
    if options.seeds:
        write_seeds()
        return 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda target: run(target, options.seconds, options.keep),
                                options.only or TARGETS))
    for output in results:
        if output is not None:
            print("\n".join(output.splitlines()[-40:]))
    return 1 if any(output is not None for output in results) else 0


if __name__ == "__main__":
    sys.exit(main())
