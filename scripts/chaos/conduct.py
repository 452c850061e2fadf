"""All of a run: vendors, hub, load, faults and kills, then the judgement."""
import json
import threading
import time

from chaos.clients import Clients
from chaos.clock import ClockSteps, ShiftedClock
from chaos.ending import Ending
from chaos.faults import Faults
from chaos.kills import Kills
from chaos.report import print_counts
from chaos.verdict import Verdict
from chaos.webhooks import (ENVIRONMENT, SWEEPS, Kept, Told, judge_webhooks, mock_arguments,
                            secrets_of)
from hub_processes import Hub, Mock, find_program

ABSENCE_MS = 1500  # Look-ups prove absence after this; late work is done sooner.
PERSON_AFTER_S = 600  # What waits for a vendor so long calls a person.


def conduct(run, directory):
    """The verdict. Everything it starts has ended when it returns."""
    a = run.a
    environment = {"ORDERHUB_ABSENCE_AFTER": f"{ABSENCE_MS}ms", "ORDERHUB_LOG_LEVEL": "info"}
    if a.broken == "unstable-keys":
        environment["ORDERHUB_TEST_UNSTABLE_KEYS"] = "1"
    elif a.broken == "absence-zero":
        environment["ORDERHUB_ABSENCE_AFTER"] = "0ms"
    program = find_program(a.program)
    if a.patience > PERSON_AFTER_S:  # Who is so patient calls nobody before.
        environment["ORDERHUB_CALL_AFTER"] = f"{a.patience:.0f}s"
    hub = Hub(program, directory, environment)
    tells = mock_arguments(hub.port, directory, a.webhooks_lost) if a.webhooks else []
    mock = Mock(program, directory, seed=a.seed, more=tells)
    environment.update(mock.vendor_environment())
    environment.update(mock.more_environment())
    if a.webhooks:
        environment.update(ENVIRONMENT)
        if a.webhooks_lost:
            environment.update(SWEEPS)
        environment.update(secrets_of(directory))
    clock = None
    if a.clock_steps:
        clock = ShiftedClock(directory / "clock", program.parent / "liborderhub_clock_shift.so")
        environment.update(clock.environment())
    hub.environment = environment
    try:
        hub.start()
        run.began_at = time.time()
        load(run, hub, mock, clock)
        load_ended_at = time.time()
        ending = Ending(run, hub, mock)
        ending.wait_until_finished()
        run.finish_s = time.time() - load_ended_at
        ledger = mock.ledger()
        (directory / "ledger.json").write_text(json.dumps(ledger))
        verdict = Verdict(run)
        verdict.judge(ledger)
        print_counts(run, verdict, ledger)
        ending.stop_cleanly(program)
        if a.webhooks:
            judge_webhooks(run, Told(directory / "webhooks.log"), Kept(program, hub.data))
        return verdict
    finally:
        for process in (hub.process, mock.process):
            if process and process.alive():
                process.kill()


def load(run, hub, mock, clock):
    """Orders, faults, clock steps and kills, until every client has its answer."""
    faults, steps, clients = Faults(run, mock), ClockSteps(run, clock), Clients(run, hub)
    stepping = threading.Thread(target=steps.at_moments, daemon=True)
    stepping.start()
    client_threads = clients.start()
    faulting = threading.Thread(target=faults.inject, daemon=True)
    faulting.start()
    Kills(run, hub, steps).kill_and_restart()
    run.sleep_until(run.began_at + run.duration)
    run.stop.set()
    faulting.join()
    stepping.join()
    # What is broken on purpose needs its faults for longer than the load lasts, and a mix is one of
    # all calls.
    lasting = run.a.broken or run.a.mix
    if not lasting:
        faults.set([])
    join(client_threads, run.a.patience)
    if lasting:
        faults.set([])
        # What refusals held back is sent now, before anybody asks how it ended.
        join(client_threads, run.a.patience)
    if any(thread.is_alive() for thread in client_threads):
        run.violate("not terminal", "clients still wait for an answer")
    if not clients.errors.empty():
        raise clients.errors.get()


def join(threads, seconds):
    """Waits for all of them, so long at most."""
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
