"""The OPC UA server through asyncua's own client: security, roles, statuses, time stamps, speed."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from asyncua import Client, ua
from asyncua.crypto.security_policies import (
    SecurityPolicy,
    SecurityPolicyAes128Sha256RsaOaep,
    SecurityPolicyAes256Sha256RsaPss,
    SecurityPolicyBasic256Sha256,
)
from asyncua.ua.uaerrors import BadCertificateUntrusted, BadUserAccessDenied

from hil.servers.opcua import NodeSpec, OpcUaServer, OpenToAll, Sample, Secured, status_code
from hil.servers.opcua_access import Account
from hil.servers.pki import Identity, make_identity

NODES = (
    NodeSpec("TI1.PV", "float32"),
    NodeSpec("TI1.MODE", "string"),
    NodeSpec("TI1.ON", "bool"),
    NodeSpec("APC.HB", "uint32", writable=True),
    NodeSpec("APC.SP.a", "float32", writable=True),
)
CLIENT_URI = "urn:test:client"
ACCOUNTS = {"setwise-read": Account("right", writes=False), "setwise-write": Account("right", writes=True)}


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Identity, Identity, Identity]:
    folder = tmp_path_factory.mktemp("pki")
    server = make_identity(folder, "server", "urn:test:server", "server")
    client = make_identity(folder, "client", CLIENT_URI, "client")
    stranger = make_identity(folder, "stranger", CLIENT_URI, "client")
    (folder / "trusted").mkdir()
    (folder / "trusted" / "client.der").write_bytes(client.certificate.read_bytes())
    return folder, server, client, stranger


class Rig:
    def __init__(self, server: OpcUaServer, writes: list[tuple[str, object]]) -> None:
        self.server, self.writes = server, writes

    async def client(
        self, identity: Identity, server: Identity, password: str = "right", user: str = "setwise-write"
    ) -> Client:
        client = Client(f"opc.tcp://127.0.0.1:{self.server.port}", timeout=2, watchdog_intervall=5)
        client.application_uri = CLIENT_URI
        client.set_user(user)
        client.set_password(password)
        await client.set_security(
            SecurityPolicyBasic256Sha256, str(identity.certificate), str(identity.private_key),
            server_certificate=str(server.certificate),
        )  # fmt: skip
        return client


@pytest.fixture
async def rig(pki: tuple[Path, Identity, Identity, Identity]) -> AsyncIterator[Rig]:
    writes: list[tuple[str, object]] = []
    secured = Secured(pki[1], pki[0] / "trusted", ACCOUNTS)
    server = OpcUaServer(NODES, lambda name, value: writes.append((name, value)), secured)
    await server.start()
    yield Rig(server, writes)
    await server.stop()


def node_id(name: str) -> ua.NodeId:
    return ua.NodeId.from_string(f"ns=2;s={name}")


def value_of(value: object, kind: ua.VariantType) -> ua.DataValue:
    return ua.DataValue(ua.Variant(value, kind), StatusCode=None)


async def test_values_statuses_and_stamps_arrive_and_only_apc_can_be_written(
    rig: Rig, pki: tuple[Path, Identity, Identity, Identity]
) -> None:
    stamp = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
    async with await rig.client(pki[2], pki[1]) as client:
        for status in ("Good", "BadSensorFailure", "UncertainLastUsableValue", "GoodLocalOverride"):
            await rig.server.publish([Sample("TI1.PV", 81.5, stamp.timestamp(), status)])
            data = await client.get_node(node_id("TI1.PV")).read_data_value(raise_on_bad_status=False)
            assert data.StatusCode == status_code(status)
            assert data.Value is not None
            assert (data.Value.Value, data.Value.VariantType) == (81.5, ua.VariantType.Float)
            assert data.SourceTimestamp == stamp
        await rig.server.publish([Sample("TI1.MODE", "CAS", 0.0), Sample("TI1.ON", True, 0.0)])
        assert await client.get_node(node_id("TI1.MODE")).read_value() == "CAS"
        results = await client.uaclient.write_attributes(
            [node_id("APC.HB"), node_id("APC.SP.a"), node_id("TI1.PV"), node_id("APC.HB")],
            [
                value_of(7, ua.VariantType.UInt32),
                value_of(181.25, ua.VariantType.Float),
                value_of(99.0, ua.VariantType.Float),
                value_of(7.0, ua.VariantType.Double),
            ],
        )
        assert [result.name for result in results] == ["Good", "Good", "BadUserAccessDenied", "BadTypeMismatch"]
        assert rig.writes == [("APC.HB", 7), ("APC.SP.a", 181.25)]
        assert await client.get_node(node_id("APC.HB")).read_value() == 7
        assert rig.server.shown("TI1.PV").value == 81.5
        empty = ua.DataValue(ua.Variant(None, ua.VariantType.Null), StatusCode=status_code("BadNoData"))
        await client.uaclient.write_attributes([node_id("APC.HB")], [empty])
        assert rig.server.shown("APC.HB").value == 7


async def test_the_reading_account_reads_all_and_writes_nothing(
    rig: Rig, pki: tuple[Path, Identity, Identity, Identity]
) -> None:
    names = ["APC.HB", "APC.SP.a", "TI1.PV"]
    nodes = [node_id(name) for name in names]
    kinds = (ua.VariantType.UInt32, ua.VariantType.Float, ua.VariantType.Float)
    rights = {}
    for user in ACCOUNTS:
        async with await rig.client(pki[2], pki[1], user=user) as client:
            assert rig.server.sessions() == {user: 1}
            await client.read_values([client.get_node(node) for node in nodes])
            found = await client.read_attributes(
                [client.get_node(node) for node in nodes], ua.AttributeIds.UserAccessLevel
            )
            rights[user] = [bool(data.Value.Value >> 1 & 1) for data in found if data.Value is not None]
            results = await client.uaclient.write_attributes(nodes, [value_of(7, kind) for kind in kinds])
            if user == "setwise-read":
                assert [result.name for result in results] == ["BadUserAccessDenied"] * 3
                assert rig.writes == []
    assert rights == {"setwise-read": [False] * 3, "setwise-write": [True, True, False]}
    assert rig.writes == [("APC.HB", 7), ("APC.SP.a", 7.0)]  # the positive control
    assert rig.server.sessions() == {}
    assert rig.server.logins == {"setwise-read": 1, "setwise-write": 1}


async def test_a_subscription_sees_updates(rig: Rig, pki: tuple[Path, Identity, Identity, Identity]) -> None:
    async with await rig.client(pki[2], pki[1]) as client:
        subscription = await client.create_subscription(20)
        await subscription.subscribe_data_change([client.get_node(node_id("TI1.PV"))])
        async with subscription:
            await rig.server.publish([Sample("TI1.PV", 55.5, 0.0)])
            seen = [(await subscription.next_event(timeout=2)) for _ in range(2)]
    assert any("55.5" in repr(event) for event in seen)


async def test_wrong_password_is_refused(rig: Rig, pki: tuple[Path, Identity, Identity, Identity]) -> None:
    client = await rig.client(pki[2], pki[1], password="wrong")
    with pytest.raises(BadUserAccessDenied):
        await client.connect()


async def test_an_untrusted_certificate_is_refused_until_it_is_put_into_the_folder(
    rig: Rig, pki: tuple[Path, Identity, Identity, Identity]
) -> None:
    client = await rig.client(pki[3], pki[1])
    with pytest.raises(BadCertificateUntrusted):
        await client.connect()
    trusted = pki[0] / "trusted" / "stranger.der"
    trusted.write_bytes(pki[3].certificate.read_bytes())
    try:
        async with await rig.client(pki[3], pki[1]) as client:
            assert await client.get_node(node_id("APC.HB")).read_value() == 0
    finally:
        trusted.unlink()


async def test_no_security_is_refused(rig: Rig) -> None:
    with pytest.raises(ua.UaError):
        await Client(f"opc.tcp://127.0.0.1:{rig.server.port}", timeout=2).connect()


def test_private_keys_are_private(pki: tuple[Path, Identity, Identity, Identity]) -> None:
    assert pki[2].private_key.stat().st_mode & 0o077 == 0


async def test_two_hundred_open_tags_are_cheap_to_keep_fresh() -> None:
    names = [f"BENCH.T{number:03d}" for number in range(200)]
    server = OpcUaServer([NodeSpec(name, "float64") for name in names], lambda _name, _value: None, OpenToAll())
    await server.start()
    try:
        began = time.process_time()
        for turn in range(50):
            await server.publish(Sample(name, float(turn), float(turn)) for name in names)
        per_update_s = (time.process_time() - began) / (50 * 200)
        async with Client(f"opc.tcp://127.0.0.1:{server.port}", timeout=2) as client:
            values = await client.read_values([client.get_node(node_id(name)) for name in names])
        assert values == [49.0] * 200
    finally:
        await server.stop()
    assert per_update_s < 100e-6  # about 3 us on a quiet machine; 60 nodes at 10 Hz must stay far below one core


async def test_nothing_is_shown_before_it_was_published() -> None:
    server = OpcUaServer(NODES, lambda _name, _value: None, OpenToAll())
    with pytest.raises(RuntimeError):
        server.shown("TI1.PV")
    await server.start()
    try:
        assert isinstance(server.shown("TI1.PV").value, float)
        assert math.isnan(float(server.shown("TI1.PV").value))
    finally:
        await server.stop()


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(ValueError, match="no OPC UA status"):
        status_code("BadWeather")


@pytest.mark.parametrize(
    "policy",
    [SecurityPolicyBasic256Sha256, SecurityPolicyAes128Sha256RsaOaep, SecurityPolicyAes256Sha256RsaPss],
)
async def test_each_policy_of_a_plant_file_is_served_also_to_whoever_has_no_user(
    pki: tuple[Path, Identity, Identity, Identity], policy: type[SecurityPolicy]
) -> None:
    name = {
        SecurityPolicyBasic256Sha256: "Basic256Sha256/SignAndEncrypt",
        SecurityPolicyAes128Sha256RsaOaep: "Aes128_Sha256_RsaOaep/SignAndEncrypt",
        SecurityPolicyAes256Sha256RsaPss: "Aes256_Sha256_RsaPss/SignAndEncrypt",
    }[policy]
    nodes = [
        NodeSpec("maker", "float64", node="nsu=urn:maker:line;s=T|1"),
        NodeSpec("high", "float64", node="ns=9;i=4"),
    ]
    secured = Secured(pki[1], pki[0] / "trusted", {"": Account("", writes=True)}, name)
    server = OpcUaServer(nodes, lambda _name, _value: None, secured)
    await server.start()
    try:
        await server.publish([Sample("maker", 1.5, 0.0), Sample("high", 2.5, 0.0)])
        client = Client(f"opc.tcp://127.0.0.1:{server.port}", timeout=2)
        client.application_uri = CLIENT_URI
        await client.set_security(
            policy, str(pki[2].certificate), str(pki[2].private_key), server_certificate=str(pki[1].certificate)
        )
        async with client:
            index = await client.get_namespace_index("urn:maker:line")
            assert await client.get_node(ua.NodeId("T|1", index)).read_value() == 1.5
            assert await client.get_node(ua.NodeId(4, 9)).read_value() == 2.5
    finally:
        await server.stop()


async def test_namespace_0_is_not_ours_to_fill() -> None:
    server = OpcUaServer([NodeSpec("clock", "float64", node="i=2258")], lambda _name, _value: None, OpenToAll())
    with pytest.raises(ValueError, match="namespace 0"):
        await server.start()
