"""What may be a password, and that argon2id is asked in the same way for everybody."""

from __future__ import annotations

import pytest
from argon2 import extract_parameters, profiles

from supervisor.web.accounts.passwords import Hasher, one_time, refusal
from tests.supervisor.web.accounts.rig import CHEAP


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("x7!qP2#vLm0", "too_short"),
        ("x7!qP2#vLm0s", ""),
        ("four words will do", ""),
        ("only small letters", ""),
        ("é" * 3 + "abcdefghz", ""),
        ("abcdefgh " * 14 + "zz", ""),
        ("abcdefgh " * 14 + "zzz", "too_long"),
        ("password1234", "common"),
        ("P4ssword2026!!", ""),
        ("Password-2026!", "common"),
        ("qwertyuiop12", "common"),
        ("123456789012", "common"),
        ("901234567890", "common"),
        ("aaaaaaaaaaaab", "common"),
        ("I am ann and I say", "has_name"),
        ("North Mill is our mill", "has_name"),
    ],
)
def test_length_counts_and_what_everybody_tries_does_not(password, why):
    assert refusal(password, "ann", "Northmill") == why


def test_a_name_counts_however_it_is_written():
    assert refusal("NORTHMILL forever", "ann", "North Mill") == "has_name"
    assert refusal("a long enough one", "ann", "") == ""


def test_length_is_of_characters_not_of_bytes():
    assert refusal("äöüßéèêçñåø" + "x", "ann", "") == ""


def test_the_hash_is_argon2id_with_the_parameters_of_rfc_9106():
    hasher = Hasher()
    hash_ = hasher.hashed("correct horse battery")
    assert extract_parameters(hash_) == profiles.RFC_9106_LOW_MEMORY
    assert "correct" not in hash_
    assert hasher.is_right(hash_, "correct horse battery")
    assert not hasher.is_right(hash_, "correct horse batterz")


def test_the_same_letter_from_another_keyboard_is_the_same():
    hasher = Hasher(CHEAP)
    assert hasher.is_right(hasher.hashed("Mu\u0308hle am Bach 7"), "M\u00fchle am Bach 7")


@pytest.mark.parametrize("hash_", [None, "", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"])
def test_nobodys_password_takes_one_verification_and_is_never_right(hash_):
    hasher = Hasher(CHEAP)
    assert not hasher.is_right(hash_, "correct horse battery")
    assert hasher.verified == 1


def test_a_password_beyond_the_longest_is_not_cut_into_the_right_one():
    hasher = Hasher(CHEAP)
    longest = "abcdefgh" * 16
    assert not hasher.is_right(hasher.hashed(longest), longest + "x")


def test_one_time_passwords_differ_and_may_be_used():
    made = {one_time() for _ in range(50)}
    assert len(made) == 50
    assert {refusal(each, "olivia", "Northmill") for each in made} == {""}  # no i, l, o in them
