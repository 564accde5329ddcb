"""Who may do what on the bench's OPC UA server: accounts, and the certificates that it trusts."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from asyncua import ua
from asyncua.common.callback import CallbackService, CallbackType, ServerItemCallback
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.crypto.truststore import TrustStore
from asyncua.crypto.validator import CertificateValidator, CertificateValidatorOptions
from asyncua.server.address_space import AttributeService
from asyncua.server.internal_server import InternalServer
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes
from cryptography import x509


@dataclass(frozen=True, slots=True)
class Account:
    """One account of the server."""

    password: str
    writes: bool
    """It may write what is writable; otherwise each of its writes is refused with BadUserAccessDenied."""


class Users(UserManager):
    """asyncua's user manager: a known user with the right password, or, where there are no accounts, anyone."""

    def __init__(self, accounts: Mapping[str, Account] | None) -> None:
        """Keep the accounts by name; None = anyone may do anything."""
        self._accounts = accounts
        self.logins: Counter[str] = Counter()
        """How often each account has logged in."""

    def get_user(
        self,
        iserver: InternalServer,
        username: str | None = None,
        password: str | None = None,
        certificate: bytes | None = None,
    ) -> User | None:
        """Return the user, or None."""
        del iserver, certificate  # the certificate was checked when the channel was opened
        if self._accounts is None:
            return User(role=UserRole.User)
        name = username or ""
        account = self._accounts.get(name)
        if account is None or not hmac.compare_digest(account.password.encode(), (password or "").encode()):
            return None
        self.logins[name] += 1
        return User(role=UserRole.User, name=name)

    def may_write(self, user: User | None) -> bool:
        """Return whether this user may write what is writable."""
        if self._accounts is None:
            return True
        account = self._accounts.get(user.name or "") if user is not None else None
        return account is not None and account.writes


def enforce(server: Server, users: Users) -> None:
    """Have ``server`` refuse the writes of accounts that may not, and show them so in UserAccessLevel."""
    server.iserver.attribute_service = _ByAccount(server.iserver, users)

    def shown(event: ServerItemCallback, _service: CallbackService) -> None:
        if not event.is_external or users.may_write(event.user):
            return
        for index, asked in enumerate(event.request_params.NodesToRead):
            if asked.AttributeId == AttributeIds.UserAccessLevel:
                reads_only = ua.Variant(1 << ua.AccessLevel.CurrentRead.value, ua.VariantType.Byte)
                event.response_params[index] = ua.DataValue(reads_only)

    server.subscribe_server_callback(CallbackType.PostRead, shown)


def sessions(server: Server) -> Counter[str]:
    """Return how many sessions are logged in, by account."""
    open_ones = server.iserver._external_sessions.values()  # asyncua shows them nowhere else
    return Counter(session.user.name or "" for session in open_ones if session.is_activated())


class _ByAccount(AttributeService):
    """asyncua's own knows one right for all users."""

    def __init__(self, iserver: InternalServer, users: Users) -> None:
        super().__init__(iserver.aspace)
        self._users = users

    async def write(self, params: ua.WriteParameters, user: User = User(role=UserRole.Admin)) -> list[ua.StatusCode]:  # noqa: B008 - theirs
        """Write, where the user may."""
        if user.role is UserRole.Admin or self._users.may_write(user):
            return await super().write(params, user)
        return [ua.StatusCode(ua.UInt32(StatusCodes.BadUserAccessDenied)) for _ in params.NodesToWrite]


class TrustFolder:
    """Checks a client's certificate against a folder that may grow while the server runs."""

    def __init__(self, folder: Path) -> None:
        """Keep the folder."""
        self._folder = folder

    async def __call__(self, certificate: x509.Certificate, application: ua.ApplicationDescription) -> None:
        """Raise asyncua's ServiceError for a certificate that is not trusted, not valid now, or not this client's."""
        store = TrustStore([self._folder], [])
        await store.load()
        options = CertificateValidatorOptions.TRUSTED_VALIDATION | CertificateValidatorOptions.PEER_CLIENT
        await CertificateValidator(options, store).validate(certificate, application)
