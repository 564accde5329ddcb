"""A handshake that nobody configured, and a time-out that is endless in another spelling."""

from __future__ import annotations

import pytest

from safety.plc import HandshakeRule


def test_without_a_word_in_the_plant_file_there_is_no_handshake():
    assert HandshakeRule() == HandshakeRule(kind="none", every_s=15.0, plc_timeout_s=90.0, probe=None, mv_order=())


def test_a_plc_that_would_never_shed_is_refused():
    with pytest.raises(ValueError, match="both finite"):
        HandshakeRule(plc_timeout_s=float("inf"))
