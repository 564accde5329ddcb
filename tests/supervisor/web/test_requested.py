"""Hosts, paths and redirects that could be read in two ways, sent through the real guard."""

from __future__ import annotations

import asyncio

import pytest

from supervisor.web.guarding import Guard, Policy
from supervisor.web.requested import local, way_back
from tests.supervisor.web.accounts.rig import OURS, echo, guard, raw


@pytest.mark.parametrize(
    "host",
    [
        b"evil.example", b"plant.evil.example", b"plant:80:80", b"plant:x", b"plant/../x", b"plant@evil.example", b"",
        b"plant, evil.example", b" plant", b"plant\t", b"[plant]", [b"plant", b"evil.example"], [b"plant", b"plant"],
        [],
    ],
)  # fmt: skip
def test_a_host_that_is_not_ours_or_not_one_is_refused(host):
    status, _, text = raw(guard(), "/", host=host)
    assert status == 400
    assert "evil" not in text


@pytest.mark.parametrize("host", [b"plant", b"PLANT", b"plant:8443"])
def test_our_host_with_any_port_is_ours(host):
    assert raw(guard(), "/", host=host)[0] == 200


@pytest.mark.parametrize("host", [b"[::1]:8443", b"127.0.0.1", b"localhost:1"])
def test_loopback_is_ours_without_any_setting(host):
    assert raw(Guard(echo, Policy(), lambda: 0.0), "/", host=host)[0] == 200


@pytest.mark.parametrize(
    ("path", "raw_path"),
    [
        ("//off", None),
        ("/off/..", None),
        ("/off/../limit", None),
        ("/off/./x", None),
        ("/off//x", None),
        ("off", None),
        ("/off/../limit", b"/off/%2e%2e/limit"),
        ("/off/../limit", b"/off%2f..%2flimit"),
        ("/off/x", b"/off%2Fx"),
        ("/off\\..\\limit", b"/off%5c..%5climit"),
        ("/off\\..\\limit", b"/off\\..\\limit"),
        ("/limit\x00", b"/limit%00"),
        ("/limit\r\nX: y", b"/limit%0d%0aX: y"),
        ("/li\u202emit", b"/li%E2%80%AEmit"),
        ("/caf\xe9", b"/caf\xe9"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_path_that_could_be_read_in_two_ways_is_read_in_none(path, raw_path, method):
    assert raw(guard(), path, method, OURS, raw_path)[0] == 400


@pytest.mark.parametrize(
    ("path", "raw_path"), [("/u/T_in.sp", None), ("/u/Trockner 2", b"/u/Trockner%202"), ("/u/Ü%2f", b"/u/%C3%9C%252f")]
)
def test_names_of_variables_get_through(path, raw_path):
    assert raw(guard(), path, raw_path=raw_path)[2] == path


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "CONNECT", "get", "FOO"])
def test_other_methods_do_nothing(method):
    assert raw(guard(), "/", method)[0] == 405


def test_a_web_socket_is_closed():
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(guard()({"type": "websocket", "path": "/"}, None, send))
    assert [each["type"] for each in sent] == ["websocket.close"]


@pytest.mark.parametrize("to", ["/\\evil.example", "\\\\evil.example", "/x\r\nSet-Cookie: a=b", "http://[", "x"])
def test_a_redirect_that_a_browser_could_read_otherwise_is_none_of_ours(to):
    assert not local(to, "http", "plant", frozenset())
    assert way_back(to) == "/"


@pytest.mark.parametrize("wanted", ["//evil.example", "http://evil.example", "", "x", "/ü", "/" + "x" * 500])
def test_after_signing_in_one_goes_to_a_plain_page_of_ours(wanted):
    assert way_back(wanted) == "/"
