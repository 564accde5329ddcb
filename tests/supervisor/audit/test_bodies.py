"""What the chain itself says of a cycle, beside the hash of the packed row."""

from __future__ import annotations

import hashlib
import json

from supervisor.audit.bodies import cycle_entries
from supervisor.history.pack import pack


def test_f68_a_bypass_is_in_the_chain_in_every_cycle_with_owner_reason_and_end(make_record):
    record = make_record(7)
    blob = pack(record)
    (entry,) = cycle_entries(record, blob)
    body = json.loads(entry.body)
    assert body["bypassed"] == {"Hot": {"owner": "ann", "reason": "sensor", "until_utc_s": 1_607.5}}
    assert body["packed_sha256"] == hashlib.sha256(blob).hexdigest()
    (entry,) = cycle_entries(make_record(7, bypassed={}), blob)
    assert json.loads(entry.body)["bypassed"] == {}


def test_what_people_did_about_alarms_is_in_the_chain_with_who_and_why(make_record):
    record = make_record(7)
    (entry,) = cycle_entries(record, pack(record))
    assert json.loads(entry.body)["alarm_steps"] == [
        {
            "id": "link:dcs", "step": "shelved", "state": "shelved", "occurrence": 3, "priority": "medium",
            "by": "ann", "why": "cable", "until_utc_s": 3_600.25,
        }
    ]  # fmt: skip
