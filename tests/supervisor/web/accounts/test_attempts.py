"""Wrong passwords make the next try wait."""

from __future__ import annotations

import pytest

from supervisor.web.accounts.attempts import (
    ACCOUNT_S_MAX,
    ADDRESS_S_MAX,
    FORGOTTEN_S,
    FREE,
    FREE_OF_ADDRESS,
    begun,
    delay_s,
    network,
    succeeded,
)


def tried(accounts, now_s, name="ann", address="10.0.0.1"):
    with accounts.store.writing() as connection:
        return begun(connection, name, address, now_s)


def test_the_delay_doubles_up_to_its_cap():
    assert [delay_s(count, 3, 60.0) for count in (0, 3, 4, 5, 8, 9, 10**6)] == [0, 0, 2, 4, 32, 60, 60]


def test_a_few_wrong_tries_cost_nothing_then_each_waits_longer(accounts):
    now_s = 0.0
    assert [tried(accounts, now_s) for _ in range(FREE + 1)] == [0.0] * (FREE + 1)
    waits = []
    for _ in range(7):
        waits.append(tried(accounts, now_s))
        now_s += waits[-1]
        assert tried(accounts, now_s) == 0.0
    assert waits == [2, 4, 8, 16, 32, 60, ACCOUNT_S_MAX]


def test_trying_while_one_has_to_wait_does_not_make_it_longer(accounts):
    for _ in range(FREE + 1):
        tried(accounts, 0.0)
    assert [tried(accounts, 1.0) for _ in range(20)] == [1.0] * 20


def test_an_address_that_tries_many_names_waits_too(accounts):
    waits = [tried(accounts, 0.0, name=f"user{n}") for n in range(FREE_OF_ADDRESS + 2)]
    assert waits[-1] > 0.0
    assert tried(accounts, 0.0, name="ann", address="10.0.0.2") == 0.0


def test_one_customers_many_ipv6_addresses_are_one():
    assert network("2001:db8::1") == network("2001:db8::ffff:1") != network("2001:db8:0:1::1")
    assert network("::ffff:10.0.0.1") == network("10.0.0.1") == "10.0.0.1"
    assert network("not an address") == "not an address"


def test_success_forgives_the_account_but_not_the_address(accounts):
    for n in range(FREE_OF_ADDRESS):
        tried(accounts, 0.0, name=f"user{n}")
    assert tried(accounts, 0.0, name="mine") == 0.0
    with accounts.store.writing() as connection:
        succeeded(connection, "mine", "10.0.0.1")
    assert tried(accounts, 0.0, name="next") == 0.0
    assert tried(accounts, 0.0, name="next") == 2.0  # the eleventh wrong one: its own success gave nothing away


@pytest.mark.parametrize("later_s", [FORGOTTEN_S + 1.0, -FORGOTTEN_S])
def test_a_day_forgets_and_a_clock_that_was_set_back_locks_nobody_out(accounts, later_s):
    for _ in range(FREE + 5):
        tried(accounts, 0.0)
    assert tried(accounts, later_s) == 0.0


def test_the_address_is_capped_higher_than_the_account():
    assert ADDRESS_S_MAX > ACCOUNT_S_MAX
