"""``setwise user`` and ``setwise token``: they work on the file of accounts, whether the pages run or not."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from supervisor.cli.about import About
from supervisor.cli.console import fail, say, say_json
from supervisor.cli.exits import Exit
from supervisor.cli.which import loaded_of
from supervisor.site import Site
from supervisor.web.accounts import events, managing, tokens, users
from supervisor.web.accounts.passwords import Hasher
from supervisor.web.accounts.service import Accounts
from supervisor.web.accounts.store import FILE, Store, StoreError
from supervisor.web.accounts.users import UsersError

EVENTS = 1_000


def add_user(name: str, role: str, plant: Path, data: Path | None) -> None:
    """Add a person and print the password for the first sign-in."""
    with _accounts(plant, data) as accounts:
        password = managing.add_user(accounts, name, role, _by())
    _say_password(users.plain_name(name), password)


def reset(name: str, plant: Path, data: Path | None) -> None:
    """Print a new password for a person, whose sessions end."""
    with _accounts(plant, data) as accounts:
        password = managing.reset_password(accounts, name, _by())
    _say_password(users.plain_name(name), password)


def list_users(plant: Path, data: Path | None, *, as_json: bool) -> None:
    """Print everybody; no hashes."""
    with _accounts(plant, data) as accounts, accounts.store.reading() as connection:
        found = users.everybody(connection)
    if as_json:
        say_json([{key: value for key, value in asdict(each).items() if key != "hash"} for each in found])
        return
    for each in found:
        marks = [word for word, is_so in (("disabled", each.disabled), ("new password", each.must_change)) if is_so]
        say(f"{each.name:32}  {each.role:14}  {', '.join(marks)}".rstrip())
    if not found:
        say("nobody yet: setwise user add NAME --role admin")


def set_role(name: str, role: str, plant: Path, data: Path | None) -> None:
    """Give a person another role."""
    with _accounts(plant, data) as accounts:
        managing.set_role(accounts, name, role, _by())
    say(f"{users.plain_name(name)} is {role} from now on")


def disable(name: str, plant: Path, data: Path | None) -> None:
    """Keep a person out."""
    with _accounts(plant, data) as accounts:
        managing.disable(accounts, name, _by())
    say(f"{users.plain_name(name)} is disabled; all sessions have ended")


def enable(name: str, plant: Path, data: Path | None) -> None:
    """Let a person in again."""
    with _accounts(plant, data) as accounts:
        managing.enable(accounts, name, _by())
    say(f"{users.plain_name(name)} may sign in again")


def sign_out(name: str, plant: Path, data: Path | None) -> None:
    """End a person's sessions."""
    with _accounts(plant, data) as accounts:
        ended = managing.end_sessions(accounts, name, _by())
    say(f"sessions of {users.plain_name(name)} that ended: {ended}")


def show_events(plant: Path, data: Path | None, *, as_json: bool) -> None:
    """Print what happened, and exit 1 where the record of it was changed."""
    with _accounts(plant, data) as accounts, accounts.store.reading() as connection:
        found, fault, head = events.latest(connection, EVENTS), events.broken(connection), events.head(connection)
    if as_json:
        say_json({"events": [asdict(each) for each in found], "broken": fault, "seq": head.seq, "hash": head.hash})
    else:
        for each in reversed(found):
            said = ", ".join(f"{key}: {value!r}" for key, value in each.body.items())
            say(f"{each.seq:6d}  {_time(each.utc_s)}  {each.kind:17}  {said}")
        say(fault or f"all as they were written; the last is {head.seq}, {head.hash}")
    if fault:
        raise SystemExit(int(Exit.FINDING))


def add_token(name: str, user: str, scope: str, days: float, plant: Path, data: Path | None) -> None:
    """Make a token and print it."""
    with _accounts(plant, data) as accounts:
        text, token = managing.add_token(accounts, user, name, scope, days, _by())
    say(text)
    say(f"token {token.number} of {token.who}, scope {token.scope}, until {_time(token.expires_utc_s)}")
    say("it is shown this once; keep it where only that program reads it")


def list_tokens(plant: Path, data: Path | None, *, as_json: bool) -> None:
    """Print the tokens there are and were."""
    with _accounts(plant, data) as accounts, accounts.store.reading() as connection:
        found = tokens.every(connection)
    if as_json:
        say_json([asdict(each) for each in found])
        return
    for each in found:
        mark = "  revoked" if each.revoked else ""
        say(f"{each.number:5d}  {each.who:32}  {each.scope:4}  until {_time(each.expires_utc_s)}  {each.name}{mark}")
    if not found:
        say("no token yet")


def revoke_token(number: int, plant: Path, data: Path | None) -> None:
    """Make a token worthless."""
    with _accounts(plant, data) as accounts:
        token = managing.revoke_token(accounts, number, _by())
    say(f"token {number} ({token.name}) of {token.who} is worth nothing from now on")


@contextmanager
def _accounts(plant: Path, data: Path | None) -> Iterator[Accounts]:
    """Open the accounts of a site; end with what is wrong."""
    name = next(iter(loaded_of(About(plant, data)).plants.values())).name
    site = Site.of(plant, data)
    try:
        yield Accounts(store=Store(site.data / FILE), hasher=Hasher(), plant=name)
    except UsersError as error:
        fail(Exit.REFUSED, str(error))
    except StoreError as error:
        fail(Exit.UNREACHABLE, str(error))


def _by() -> str:
    return f"console: {getpass.getuser()}"


def _say_password(name: str, password: str) -> None:
    say(password)
    say(f"that is the password of {name} for the next sign-in, shown this once; it is changed there")


def _time(utc_s: float) -> str:
    return datetime.fromtimestamp(utc_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
