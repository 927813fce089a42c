import datetime as dt

import pytest

from students import identity
from students.identity import check_agreement, check_birth_date, check_number, make_gb_number

TODAY = dt.date(2018, 4, 17)


def code(id_type, number):
    found = check_number(id_type, number, today=TODAY)
    return found.problem.code if found.problem else None


def test_resident_number_tells_birth_date_and_gender():
    number = make_gb_number("11010519960307003")
    found = check_number("id_card", number, today=TODAY)
    assert found == (number, dt.date(1996, 3, 7), "M", None, None)
    assert check_number("id_card", make_gb_number("11010519960307002"), today=TODAY).gender == "F"


def test_small_x_blanks_and_hyphens_are_cleaned():
    number = next(
        n for n in (make_gb_number(f"1101051996030{i:04d}") for i in range(7001, 7100)) if n[-1] == "X"
    )
    assert (
        check_number("id_card", f" {number[:6]}-{number[6:14]} {number[14:].lower()}", today=TODAY).number
        == number
    )


@pytest.mark.parametrize("position", range(18))
def test_every_changed_digit_is_noticed(position):
    number = make_gb_number("11010519960307003")
    other = "1" if number[position] != "1" else "2"
    assert code("id_card", number[:position] + other + number[position + 1 :]) is not None


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("110105960307003", "gb_fifteen"),
        ("1101051996030700", "gb_form"),
        ("A10105199603070038", "gb_form"),
        ("", "gb_form"),
        (make_gb_number("11010519960230003"), "gb_birth_date"),
        (make_gb_number("11010519291231003"), "birth_too_early"),
        (make_gb_number("11010520040418003"), "birth_too_late"),
        (make_gb_number("81000019960307003"), "is_residence_permit"),
    ],
)
def test_resident_refusals(number, expected):
    assert code("id_card", number) == expected


def test_birth_limits_include_both_ends():
    assert check_birth_date(dt.date(1930, 1, 1), today=TODAY) is None
    assert check_birth_date(dt.date(2004, 4, 17), today=TODAY) is None
    assert check_birth_date(dt.date(2004, 4, 18), today=TODAY) is not None
    assert check_birth_date(dt.date(2004, 2, 28), today=dt.date(2018, 2, 28)) is None
    assert identity.years_before(dt.date(2016, 2, 29), 14) == dt.date(2002, 2, 28)


@pytest.mark.parametrize("area", ["810000", "820000", "830000"])
def test_residence_permits_of_all_three_areas_pass_without_warning(area):
    found = check_number("residence_permit", make_gb_number(f"{area}19960307003"), today=TODAY)
    assert (found.problem, found.warning) == (None, None)


def test_residence_permit_of_another_area_is_refused():
    assert code("residence_permit", make_gb_number("11010519960307003")) == "not_residence_permit"


def test_unknown_area_is_only_a_warning():
    found = check_number("id_card", make_gb_number("99010519960307003"), today=TODAY)
    assert found.problem is None
    assert found.warning.code == "gb_area"


def test_renewal_digits_of_hong_kong_and_macao_permits_are_dropped():
    assert check_number("hk_macao_permit", "h1234567802", today=TODAY).number == "H12345678"
    assert check_number("hk_macao_permit", "M12345678", today=TODAY).number == "M12345678"
    assert code("hk_macao_permit", "H123456780") == "hk_macao_form"
    assert code("hk_macao_permit", "C12345678") == "hk_macao_form"


def test_taiwan_permit_and_passport():
    assert code("taiwan_permit", "12345678") is None
    assert code("taiwan_permit", "1234567") == "taiwan_form"
    assert code("passport", "e12345678") is None
    assert code("passport", "PASS") == "passport_form"
    assert code("passport", "AB 123456") is None


def test_roster_must_agree_with_the_number():
    checked = check_number("id_card", make_gb_number("11010519960307003"), today=TODAY)
    assert check_agreement(checked, birth_date=dt.date(1996, 3, 7), gender="M") == []
    fields = [f for f, _p in check_agreement(checked, birth_date=dt.date(1996, 7, 3), gender="F")]
    assert fields == ["birth_date", "gender"]
    assert check_agreement(checked, birth_date=None, gender="") == []
