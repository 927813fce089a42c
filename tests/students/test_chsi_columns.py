"""The register's columns: widths are bytes in GBK, and nothing is cut or replaced."""

import pytest

from students.chsi_columns import (
    CATALOGUE,
    DEFAULT_COLUMNS,
    characters_outside_gbk,
    check_value,
    describe_misfit,
    fields_from_profile,
    fit_row,
)


def field(name, **given):
    return fields_from_profile([{"name": name, **given}])[0]


def test_catalogue_has_the_registers_columns_in_its_order():
    widths = " ".join(f"{column.name}{column.width}" for column in CATALOGUE.values())
    assert widths == (
        "YXDM5 YXMC40 KSH18 XH15 XM40 XB2 CSRQ8 SFZH18 ZYDM6 ZYMC50 CC12 XZ3 XXXS10 RXRQ8 BH24 YJBYRQ8 BZ40"
    )


@pytest.mark.parametrize("text", ["王" * 20, "a" * 40, "阿卜杜拉·买买提", "O'Neil Mary-Ann"])
def test_value_that_fits_has_no_misfit(text):
    assert check_value(field("XM"), text) is None


def test_width_is_counted_in_gbk_bytes_and_one_byte_more_is_reported():
    misfit = check_value(field("XM"), "王" * 20 + "a")
    assert (misfit.column, misfit.cause, misfit.have, misfit.allowed) == ("XM", "too_wide", 41, 40)


def test_letters_that_gbk_has_are_not_reported():
    assert characters_outside_gbk("Müller 阿卜杜拉·买买提") == ""


@pytest.mark.parametrize(("text", "lacking"), [("李㛃", "㛃"), ("䶮䶮㛃", "䶮㛃")])
def test_characters_that_gbk_lacks_are_named(text, lacking):
    misfit = check_value(field("XM"), text)
    assert (misfit.cause, misfit.characters) == ("outside_gbk", lacking)


def test_empty_value_is_a_misfit_only_where_the_register_needs_one():
    assert check_value(field("SFZH"), "").cause == "missing"
    assert check_value(field("KSH"), "") is None


def test_control_characters_are_reported():
    assert check_value(field("ZYMC"), "法\t学").cause == "control_character"


def test_row_is_fitted_in_the_profiles_order_with_every_misfit_named():
    fields = fields_from_profile(["XM", "XH", "BZ"])
    values, misfits = fit_row(fields, {"name": " 李㛃 ", "student_number": "2" * 16})
    assert values == ["李㛃", "2" * 16, ""]
    assert [(misfit.column, misfit.cause) for misfit in misfits] == [
        ("XM", "outside_gbk"),
        ("XH", "too_wide"),
    ]


def test_stored_misfit_reads_as_the_same_sentence():
    misfit = check_value(field("XM"), "䶮")
    assert describe_misfit(misfit.as_data()) == str(misfit)
    assert "䶮" in str(misfit)
    assert "XM" in str(misfit)


def test_profile_may_rename_widen_and_reorder_columns():
    fields = fields_from_profile([{"name": "xm", "heading": "XMING", "width": 60}, "XH"])
    assert [(one.column.name, one.heading, one.width) for one in fields] == [
        ("XM", "XMING", 60),
        ("XH", "XH", 15),
    ]


@pytest.mark.parametrize(
    "columns",
    [[], ["NOPE"], ["XM", "XM"], [{"name": "XM", "width": 255}], [{"name": "XM", "heading": "XH"}, "XH"]],
)
def test_profile_that_makes_no_file_is_refused(columns):
    with pytest.raises(ValueError):
        fields_from_profile(columns)


def test_default_profile_is_the_whole_catalogue():
    assert [one.heading for one in fields_from_profile(DEFAULT_COLUMNS)] == list(CATALOGUE)
