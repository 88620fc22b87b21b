"""The countries."""

from capture.countries import countries, country_name


def test_countries_are_sorted_by_name():
    names = list(countries().values())
    assert names[:3] == ["Afghanistan", "Åland Islands", "Albania"]
    assert names[-1] == "Zimbabwe"


def test_groups_of_countries_are_not_listed():
    assert len(countries()) == 250
    assert {"EU", "UN", "ZZ", "001"}.isdisjoint(countries())


def test_a_name_is_found_by_its_code_in_any_case():
    assert country_name("de") == "Germany"
    assert country_name("??") == "??"
