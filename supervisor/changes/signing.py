"""Who signed a plan: one small file for each person, which the operating system says is theirs.

There is no password here: a signature counts where the file's owner is who it names, so two signatures take two
accounts of the machine. People who are signed in sign in ``supervisor.web.acting``; the two kinds are never added up.
"""

from __future__ import annotations

import json
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

FOLDER = "signatures"


class SigningError(Exception):
    """A plan cannot be signed; the message says why."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's yes to exactly one plan."""

    who: str
    utc_s: float
    why: str


def sign(data: Path, plan_sha256: str, why: str, utc_s: float) -> Signature:
    """Put down the signature of the account that this process runs as. Raises SigningError."""
    who = account(os.geteuid())
    folder = data / FOLDER / plan_sha256
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"plan": plan_sha256, "utc_s": utc_s, "why": why})
        (folder / f"{who}.json").write_text(text, encoding="utf-8")
    except OSError as error:
        raise SigningError(f"cannot sign in {folder}: {error}") from error
    return Signature(who, utc_s, why)


def signatures(data: Path, plan_sha256: str) -> tuple[Signature, ...]:
    """Return every signature of a plan that counts, by name."""
    found = []
    for path in sorted((data / FOLDER / plan_sha256).glob("*.json")):
        try:
            owner = account(path.lstat().st_uid)
            raw = json.loads(path.read_text(encoding="utf-8"))
            said, utc_s, why = raw["plan"], float(raw["utc_s"]), str(raw["why"])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # not a signature; whoever counts them says how many are missing
        if said == plan_sha256 and owner == path.stem and not path.is_symlink():
            found.append(Signature(owner, utc_s, why))
    return tuple(found)


def account(uid: int) -> str:
    """Return the name of a user of this machine."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
