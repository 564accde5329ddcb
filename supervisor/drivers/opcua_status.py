"""What an OPC UA status code says about a value or a write. Pure.

The low 16 bits of a code are flags (overflow, limits); asyncua 2.1 names a code with any of them set just ``Good``, so
that a forced input would pass. Here they are cut off first.
"""

from __future__ import annotations

from typing import Final

from asyncua import ua
from asyncua.ua.status_codes import StatusCodes, get_name_and_doc

from safety.signals import Quality

_CODE_BITS: Final = 0xFFFF0000
_USABLE: Final = frozenset({StatusCodes.Good, StatusCodes.GoodClamped, StatusCodes.GoodOverload})
_FORCED: Final = frozenset(
    {
        StatusCodes.GoodLocalOverride,
        StatusCodes.GoodInitiateFaultState,
        StatusCodes.GoodFaultStateActive,
        StatusCodes.UncertainTransducerInManual,
        StatusCodes.UncertainSubstituteValue,
        StatusCodes.UncertainSimulatedValue,
    }
)
"""Somebody or something put this value there instead of measuring it (reference: fault F11)."""
_REFUSALS: Final = frozenset(
    {
        StatusCodes.BadAttributeIdInvalid,
        StatusCodes.BadIndexRangeInvalid,
        StatusCodes.BadNodeIdInvalid,
        StatusCodes.BadNodeIdUnknown,
        StatusCodes.BadNotWritable,
        StatusCodes.BadOutOfRange,
        StatusCodes.BadSecurityModeInsufficient,
        StatusCodes.BadServiceUnsupported,
        StatusCodes.BadSessionClosed,
        StatusCodes.BadSessionIdInvalid,
        StatusCodes.BadSessionNotActivated,
        StatusCodes.BadTooManyOperations,
        StatusCodes.BadTypeMismatch,
        StatusCodes.BadUserAccessDenied,
        StatusCodes.BadWriteNotSupported,
    }
)
"""Codes by which a server says that it wrote nothing. Any other bad code (``BadTimeout`` of a gateway, ...) leaves open
whether the value reached the controller behind it."""


def code_of(status: ua.StatusCode | None) -> int:
    """Return the code without its flag bits; an absent status means Good (OPC 10000-4, 7.11)."""
    return int(status.value) & _CODE_BITS if status is not None else int(StatusCodes.Good)


def name_of(code: int) -> str:
    """Return the code's name, ``0x80AB0000`` where it has none."""
    name = get_name_and_doc(code)[0]
    return str(name) if code == StatusCodes.Good or name not in ("Good", "Uncertain", "Bad") else _numbered(code, name)


def quality_of(status: ua.StatusCode | None) -> tuple[Quality, str]:
    """Return quality and reason code of a value with this status.

    Good, and the few good codes that say nothing against the value, are good. Forced, substituted or simulated values
    are bad (``forced``), whatever the severity. A good code that is not known to be harmless is uncertain.
    """
    code = code_of(status)
    if code in _FORCED:
        return Quality.BAD, "forced"
    if code in _USABLE:
        return Quality.GOOD, ""
    if code >> 30 in (0, 1):
        return Quality.UNCERTAIN, name_of(code)
    return Quality.BAD, name_of(code)


def refuses(status: ua.StatusCode | None) -> bool:
    """Return whether a write with this status certainly did not happen."""
    return code_of(status) in _REFUSALS


def accepts(status: ua.StatusCode | None) -> bool:
    """Return whether the server took the write; the read-back says what it made of it."""
    return code_of(status) >> 30 == 0


def _numbered(code: int, name: str) -> str:
    plain = {"Uncertain": StatusCodes.Uncertain, "Bad": StatusCodes.Bad}
    return name if plain.get(name) == code else f"0x{code:08X}"
