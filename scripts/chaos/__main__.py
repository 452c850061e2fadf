"""Kills the real hub while real orders run against faulty vendors; checks what the vendors did.

The hub and the mock vendors are separate processes and the clients are real HTTP. From the seed
come the orders, the moments of SIGKILL and the vendors' faults (the operating system's scheduling
is not ours to repeat). At the end every order must be terminal, and the mock vendors' ledger,
which only tells what they really did, must agree with the orders.

--hang VENDOR: for more than half of the load that vendor accepts every call and answers late or
never, while other orders go on. The report then has the time from an order's request to its charge,
for orders from before and from within that time; it is no condition.

--clock-steps: the hub's wall clock steps by a second, ten minutes or a day, forward and back, at
moments of the seed and between a kill and the next start. The vendors' clocks and all that is
judged by stay right.

--webhooks: the vendors also tell the hub by signed webhooks what happens, each event once to five
times and in any order, and one in ten is forged besides. A parcel moves and is delivered within
seconds: an order that was confirmed must end as delivered. Every event that was answered with 2xx
must be in the journal, once, and none that no vendor has sent.

Exit status: 0 all guarantees held, 1 one was broken, 2 the run could not be made.
"""
import pathlib
import shutil
import sys
import tempfile

# This is run as a folder, `python3 scripts/chaos`; its files are a package beside hub_processes.
sys.path[0] = str(pathlib.Path(__file__).resolve().parent.parent)
from chaos.arguments import parse_arguments  # noqa: E402
from chaos.conduct import conduct  # noqa: E402
from chaos.run import Run  # noqa: E402
from hub_processes import Failure, check_tools  # noqa: E402

ALWAYS_COUNTED = ["lost", "double charges", "double labels", "double refunds", "double SMS",
                  "double deployments", "causeless repeats", "not terminal"]
WEBHOOKS_COUNTED = ["forged", "lost after 2xx", "applied twice"]


def main():
    a = parse_arguments(__doc__)
    check_tools()
    print(f"chaos: seed {a.seed}, {a.orders} orders, {a.kills} kills"
          + (f", broken on purpose: {a.broken}" if a.broken else "")
          + (f", {a.hang} hangs" if a.hang else "")
          + (f", {a.clock_steps} clock steps" if a.clock_steps else "")
          + (", webhooks" if a.webhooks else ""), flush=True)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="orderhub-chaos-"))
    run = Run(a)
    try:
        verdict = conduct(run, directory)
    except Failure as e:
        print(f"chaos: {e}", file=sys.stderr)
        return 2
    finally:
        if a.keep:
            print(f"kept: {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    for counter, texts in run.violations.items():
        for text in texts[:20]:
            print(f"VIOLATION {counter}: {text}")
        if len(texts) > 20:
            print(f"VIOLATION {counter}: and {len(texts) - 20} more")
    always = ALWAYS_COUNTED + (WEBHOOKS_COUNTED if a.webhooks else [])
    counters = always + [c for c in run.violations if c not in always]
    print(f"chaos: {a.orders} orders, {len(run.kills)} kills, " +
          ", ".join(f"{len(run.violations.get(c, []))} {c}" for c in counters) +
          f", {verdict.repeats['mail']} mails and {verdict.repeats['message']} messages repeated "
          f"with a cause (seed {a.seed})")
    return 1 if run.violations else 0


if __name__ == "__main__":
    sys.exit(main())
