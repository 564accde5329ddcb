"""What a server offers -> tags, and where file and server disagree."""

from __future__ import annotations

from constraints.plantfile.taglists.offers import Offered, offers


def node(name, *path, **more):
    return Offered(name, path, f"dcs:ns=2;s={'.'.join((*path, name))}", **{"unit": "degC", **more})


def test_unit_and_range_are_filled_in():
    made = offers([node("PV", "TIC1", span=(0.0, 150.5), desc="Inlet")], {})
    assert [(each.name, dict(each.keys)) for each in made.drafts] == [
        ("PV", {"source": "dcs:ns=2;s=TIC1.PV", "unit": "degC", "desc": "Inlet", "range": [0, 150.5]})
    ]


def test_names_take_as_much_of_the_path_as_it_needs_to_tell_them_apart():
    found = offers(
        [node("PV", "A", "TIC1"), node("PV", "A", "TIC2"), node("PV", "B", "TIC2"), node("SP", "A", "TIC1")], {}
    )
    assert [each.name for each in found.drafts] == ["TIC1_PV", "A_TIC2_PV", "B_TIC2_PV", "SP"]


def test_a_name_that_the_file_has_for_something_else_is_not_taken():
    made = offers([node("PV", "TIC1")], {"PV": {"source": "dcs:ns=2;s=other", "unit": "bar"}})
    assert [each.name for each in made.drafts] == ["TIC1_PV"]


def test_nodes_that_cannot_be_told_apart_by_path_go_by_their_address():
    twins = [Offered("PV", (), "dcs:ns=2;i=7", "bar"), Offered("PV", (), "dcs:ns=2;i=8", "bar")]
    assert [each.name for each in offers(twins, {}).drafts] == ["ns_2_i_7", "ns_2_i_8"]


def test_what_has_no_unit_or_an_unknown_one_is_not_offered():
    made = offers([node("a", unit=""), node("b", unit="", unit_shown="furlong")], {})
    assert made.drafts == ()
    assert [each.why for each in made.skipped] == ["no unit", "unknown unit"]


def test_a_tag_of_the_file_is_left_alone_and_differences_are_told():
    existing = {"T": {"source": "dcs:ns=2;s=TIC1.PV", "unit": "K", "range": [0, 150]}}
    made = offers([node("PV", "TIC1", span=(0.0, 200.0))], existing)
    assert (made.drafts, made.known) == ((), ("T",))
    assert made.differences == (
        "tags.T.unit: the file says K, the device degC",
        "tags.T.range: the file says [0, 150], the device [0, 200]",
    )


def test_an_empty_span_is_no_range():
    assert "range" not in offers([node("PV", span=(0.0, 0.0))], {}).drafts[0].keys
