from __future__ import annotations

import pytest
from asyncua import ua

from safety.signals import Quality
from supervisor.drivers.opcua_status import accepts, name_of, quality_of, refuses

ALL = {name: getattr(ua.StatusCodes, name) for name in dir(ua.StatusCodes) if name[0].isupper()}
USABLE = {"Good", "GoodClamped", "GoodOverload"}
FORCED = {
    "GoodLocalOverride", "GoodInitiateFaultState", "GoodFaultStateActive",
    "UncertainTransducerInManual", "UncertainSubstituteValue", "UncertainSimulatedValue",
}  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_every_code_there_is(name):
    quality, why = quality_of(ua.StatusCode(ALL[name]))
    assert (quality is Quality.GOOD) == (name in USABLE)
    assert (why == "forced") == (name in FORCED)
    if name.startswith("Bad"):
        assert (quality, why) == (Quality.BAD, name)
    elif name not in USABLE | FORCED:
        assert (quality, why) == (Quality.UNCERTAIN, name)


@pytest.mark.parametrize("flags", [0x0001, 0x0100, 0x0400, 0x0480, 0xFFFF])
@pytest.mark.parametrize("name", ["Good", "GoodLocalOverride", "BadSensorFailure", "UncertainSubNormal"])
def test_flag_bits_change_nothing(name, flags):
    assert quality_of(ua.StatusCode(ALL[name] | flags)) == quality_of(ua.StatusCode(ALL[name]))


def test_no_status_is_good_and_the_reserved_severity_is_bad():
    assert quality_of(None) == (Quality.GOOD, "")
    assert quality_of(ua.StatusCode(0xC0000000))[0] is Quality.BAD


def test_an_unknown_code_is_told_by_number():
    assert name_of(0x8FFF0000) == "0x8FFF0000"
    assert name_of(0x80000000) == "Bad"


@pytest.mark.parametrize("name", ["BadNotWritable", "BadUserAccessDenied", "BadTypeMismatch", "BadOutOfRange"])
def test_a_refusal_is_one(name):
    assert refuses(ua.StatusCode(ALL[name])) and not accepts(ua.StatusCode(ALL[name]))


@pytest.mark.parametrize(
    "name", ["BadTimeout", "BadCommunicationError", "BadDeviceFailure", "BadInternalError", "Uncertain"]
)
def test_what_leaves_open_whether_it_landed_is_neither(name):
    assert not refuses(ua.StatusCode(ALL[name])) and not accepts(ua.StatusCode(ALL[name]))


@pytest.mark.parametrize("name", ["Good", "GoodClamped", "GoodCompletesAsynchronously"])
def test_what_was_taken_is_left_to_the_read_back(name):
    assert accepts(ua.StatusCode(ALL[name])) and not refuses(ua.StatusCode(ALL[name]))
