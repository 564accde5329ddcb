"""A real asyncua server in its own thread and loop, with a table of nodes and, where asked, a PLC that scans it."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from dataclasses import dataclass
from pathlib import Path

from asyncua import Server, ua
from asyncua.crypto.permission_rules import SimpleRoleRuleset, User, UserRole
from asyncua.crypto.truststore import TrustStore
from asyncua.crypto.validator import CertificateValidator, CertificateValidatorOptions
from asyncua.server.user_managers import UserManager
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.supervisor.drivers.field import ANSWERED, MVS, WRITTEN, TinyPlc

V = ua.VariantType
TYPES = {"uint16": V.UInt16, "uint32": V.UInt32}
TABLE: dict[str, tuple[object, V]] = {
    **{register: (0, TYPES[kind]) for register, kind in {**WRITTEN, **ANSWERED}.values()},
    **{f"{prefix}.{mv}": (50.0, V.Float) for prefix in ("SP", "ACT") for mv in MVS},
    "double": (1.5, V.Double),
    "float": (2.5, V.Float),
    "int": (-7, V.Int16),
    "flag": (True, V.Boolean),
    "mode": ("CAS", V.String),
    "label": (ua.LocalizedText("CAS", "en"), V.LocalizedText),
    "array": ([1.0, 2.0], V.Double),
    "nothing": (None, V.Null),
    "fixed": (3.0, V.Double),
    **{f"many.{i}": (float(i), V.Double) for i in range(60)},
}
READ_ONLY = {"fixed", *(register for register, _ in ANSWERED.values())}
USERS = {"setwise": "right"}


@dataclass(frozen=True)
class Pki:
    """The server's certificate and key, and the folder of clients that it trusts."""

    folder: Path
    certificate: Path
    key: Path
    trusted: Path


def make_pki(folder: Path, name: str = "server") -> Pki:
    folder.mkdir(parents=True, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier("urn:test:server"), x509.DNSName("localhost")]),
            critical=False,
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pki = Pki(folder, folder / f"{name}.der", folder / f"{name}.pem", folder / "trusted")
    pki.trusted.mkdir(exist_ok=True)
    pki.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.DER))
    pki.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pki


class _Users(UserManager):
    def get_user(self, iserver, username=None, password=None, certificate=None):
        return User(role=UserRole.User, name=username) if USERS.get(username) == password else None


class UaServer:
    """Start and stop it from the test's thread; ``set`` and ``get`` go straight into its address space."""

    def __init__(self, pki: Pki | None = None, port: int = 0, table: dict | None = None) -> None:
        self.pki = pki
        self.port = port
        self.table = table or TABLE
        self.plc: TinyPlc | None = None
        self.reads: list[int] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: Server | None = None
        self._ids: dict[str, ua.NodeId] = {}
        self._scan: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.port}/"

    def start(self) -> UaServer:
        if not self._thread.is_alive():
            self._thread.start()
        self._do(self._start())
        return self

    def stop(self) -> None:
        self._do(self._stop())

    def end(self) -> None:
        if self._server is not None:
            self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def set(self, name: str, value: object, status: int = 0, stamp: dt.datetime | None = None) -> None:
        data = ua.DataValue(
            Value=ua.Variant(value, self.table[name][1] if value is not None else V.Null),
            StatusCode=ua.StatusCode(status),
            SourceTimestamp=stamp,
        )
        self._loop.call_soon_threadsafe(self._put, name, data)
        self._do(asyncio.sleep(0))

    def get(self, name: str) -> object:
        return self._value(name).Value.Value

    def data(self, name: str) -> ua.DataValue:
        return self._value(name)

    def reset(self) -> None:
        """Everything as in the table."""
        self.plc = None
        for name, (value, _) in self.table.items():
            self.set(name, value)

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _start(self) -> None:
        server = Server(user_manager=_Users() if self.pki else None)
        await server.init()
        server.set_endpoint(f"opc.tcp://127.0.0.1:{self.port}/")
        if self.pki is not None:
            await server.set_application_uri("urn:test:server")
            await server.load_certificate(str(self.pki.certificate))
            await server.load_private_key(str(self.pki.key))
            server.set_security_policy(
                [ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt], permission_ruleset=SimpleRoleRuleset()
            )
            server.set_identity_tokens([ua.UserNameIdentityToken])
            if any(self.pki.trusted.iterdir()):
                store = TrustStore([self.pki.trusted], [])
                await store.load()
                options = CertificateValidatorOptions.TRUSTED_VALIDATION | CertificateValidatorOptions.PEER_CLIENT
                server.set_certificate_validator(CertificateValidator(options, store))
        else:
            server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        await server.register_namespace("urn:test")
        for name, (value, kind) in self.table.items():
            node = await server.nodes.objects.add_variable(
                ua.NodeId.from_string(f"ns=2;s={name}"), f"2:{name}", value, kind
            )
            if name not in READ_ONLY:
                await node.set_writable()
            self._ids[name] = node.nodeid
        await server.start()
        self.port = server.bserver.port
        self._server = server
        self._scan = asyncio.create_task(self._scanning())

    async def _stop(self) -> None:
        self._scan.cancel()
        server, self._server = self._server, None
        await server.stop()

    async def _scanning(self) -> None:
        names = [*(r for r, _ in {**WRITTEN, **ANSWERED}.values()), *(f"{p}.{m}" for p in ("SP", "ACT") for m in MVS)]
        while True:
            await asyncio.sleep(0.01)
            if self.plc is None:
                continue
            before = {name: self.get(name) for name in names}
            after = dict(before)
            self.plc.scan(after)
            for name in names:
                if after[name] != before[name]:
                    self._put(name, ua.DataValue(ua.Variant(after[name], self.table[name][1])))

    def _put(self, name: str, data: ua.DataValue) -> None:
        self._server.iserver.aspace[self._ids[name]].attributes[ua.AttributeIds.Value].value = data

    def _value(self, name: str) -> ua.DataValue:
        return self._server.iserver.aspace[self._ids[name]].attributes[ua.AttributeIds.Value].value
