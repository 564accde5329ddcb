"""kill -9 at random moments: what was acknowledged is there, the chain holds, and the next run goes on.

This cannot tell a durable store from a lossy one (the kernel keeps what a killed process wrote); the power cut in
``test_power_cut.py`` can. It does show that recovery works and that nothing is acknowledged before its commit.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import pytest

from supervisor.audit.chain import EMPTY, follow, tail_of
from supervisor.audit.store import Store

CHILD = """
import itertools, sys
from supervisor.audit.store import Entry, Packed, Store, entry
store = Store(sys.argv[1])
for n in itertools.count():
    body = {"n": n, "fill": "x" * (n % 3000)}
    rows = [entry("intent", body, float(n)), Entry("cycle", "{}", float(n), Packed(n, float(n), bytes(500)))]
    sys.stdout.write(f"{store.write(rows)[-1]} {n}\\n")
    sys.stdout.flush()
"""
ROUNDS = 6


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_acknowledged_rows_survive_kill_9(url, seed, execute):
    rng = random.Random(seed)
    with subprocess.Popen([sys.executable, "-c", CHILD, url], stdout=subprocess.PIPE, text=True) as child:
        acknowledged = [child.stdout.readline().split()]
        time.sleep(rng.uniform(0.0, 0.25))
        child.send_signal(signal.SIGKILL)
        acknowledged += [line.split() for line in child.stdout if line.endswith("\n")]
    assert child.returncode == -signal.SIGKILL
    store = Store(url)
    rows, tail = store.rows(()), EMPTY
    for row in rows:
        assert follow(row, tail) is None
        tail = tail_of(row)
    by_seq = {row.seq: row for row in rows}
    for seq, n in acknowledged:
        assert by_seq[int(seq)].kind == "cycle"
        assert by_seq[int(seq) - 1].body.startswith('{"fill":')
        assert by_seq[int(seq)].utc_s == float(n)
    # One transaction, all or nothing: as many cycles as intents, each with its packed row.
    cycles = [row.seq for row in rows if row.kind == "cycle"]
    assert len(cycles) == sum(row.kind == "intent" for row in rows)
    assert [seq for (seq,) in execute(url, "SELECT seq FROM history ORDER BY seq")] == cycles
    assert store.append("note", {}, 1.0) == tail.seq + 2  # after its own ``opened``
    store.close()
