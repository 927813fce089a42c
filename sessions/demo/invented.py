"""Invented units and people. Everything follows from the seed; nobody of this name and number is meant."""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass

from students.identity import make_gb_number

FIXED_SIZES = (99, 100, 101)
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
RARE_SURNAMES = ("欧阳", "上官", "司徒", "诸葛")
GIVEN_FEMALE = "婷静雅欣怡梦琪思雨佳慧敏丽娜倩颖洁莹玥晨芳蕊岚"
GIVEN_MALE = "伟强磊洋勇军杰涛超明刚平辉鹏宇浩轩俊铭博文昊泽"
UNIT_NAMES = (
    "人文学院", "经济管理学院", "信息与工程学院", "外语学院", "艺术设计学院", "城市管理学院", "教育学院", "文法学院",
    "东城分校", "西城分校", "朝阳分校", "海淀分校", "丰台分校", "石景山分校", "通州分校", "昌平分校", "顺义分校",
    "大兴分校", "房山分校", "怀柔分校", "密云分校", "平谷分校", "延庆分校", "门头沟分校",
)  # fmt: skip
CAMPUSES = ("本部校区", "东校区", "西校区", "南校区")
MAJORS = (
    ("120203", "会计学", "会计"),
    ("120204", "财务管理", "财管"),
    ("120206", "人力资源管理", "人力"),
    ("080901", "计算机科学与技术", "计科"),
    ("050201", "英语", "英语"),
    ("030101", "法学", "法学"),
    ("040106", "学前教育", "学前"),
    ("120401", "公共事业管理", "公管"),
)  # fmt: skip
HEADINGS = (
    "学号", "姓名", "性别", "证件类型", "证件号码", "单位", "班级", "层次", "毕业批次", "出生日期", "专业代码", "专业名称",
    "学习形式", "学制", "入学日期", "预计毕业日期", "考生号", "类别", "手机号",
)  # fmt: skip


@dataclass(frozen=True)
class InventedUnit:
    code: str
    name: str
    campus: str
    size: int
    is_admissions: bool


@dataclass(frozen=True)
class InventedPerson:
    """One row of a roster, as text, in the order of `HEADINGS`."""

    number: int
    cells: tuple[str, ...]

    @property
    def student_number(self) -> str:
        return self.cells[0]

    @property
    def id_number(self) -> str:
        return self.cells[4]


def unit_sizes(units: int, graduates: int, rng: random.Random) -> list[int]:
    """Sizes of all units, `graduates` in all: 99, 100 and 101 exist, all distinct, at least half below 100.

    From 900 graduates on one unit has more than 400. Raises ValueError when the numbers cannot be had.
    """
    rest_units = units - len(FIXED_SIZES)
    rest = graduates - sum(FIXED_SIZES)
    smallest = rest_units * (rest_units + 1) // 2
    if rest_units < 1 or rest < smallest:
        raise ValueError(
            f"{units} units of distinct sizes with 99, 100 and 101 among them need {smallest + 300} graduates or more"
        )
    if graduates >= 900:
        return _with_one_large(rest_units, rest, rng)
    return [*FIXED_SIZES, *_distinct(rest_units, rest, rng)]


def _with_one_large(rest_units: int, rest: int, rng: random.Random) -> list[int]:
    """One unit over 400; the others small, so that at least half of all stay below 100."""
    small = rest_units - 1
    least = small * (small + 1) // 2
    most = sum(range(98, 98 - small, -1)) if small < 98 else 98 * 99 // 2
    for_small = min(most, max(least, min(rest - 401, 45 * small)))
    large = rest - for_small
    if large <= 400:
        raise ValueError("too many units for one to have more than 400 graduates")
    return [*FIXED_SIZES, large, *(_distinct(small, for_small, rng) if small else [])]


def _distinct(count: int, total: int, rng: random.Random) -> list[int]:
    """`count` distinct sizes that add up to `total`, all below 99 but perhaps the largest, which is no fixed one."""
    sizes = list(range(1, count + 1))
    each, more = divmod(total - sum(sizes), count)
    # The larger ones get the remainder, so that sizes stay distinct.
    sizes = [size + each + (index >= count - more) for index, size in enumerate(sizes)]
    if sizes[-1] <= 98:
        return _spread(sizes, rng)
    sizes = [min(size, 98 - (count - 1 - index)) for index, size in enumerate(sizes)]
    sizes[-1] += total - sum(sizes)
    while sizes[-1] in FIXED_SIZES:
        sizes[-1] += 1
        sizes[0] -= 1
    if sizes[0] < 1:
        raise ValueError("these numbers of units and graduates cannot be had with distinct sizes")
    return sizes


def _spread(sizes: list[int], rng: random.Random) -> list[int]:
    """Move people between neighbours while sizes stay distinct, for a natural look."""
    for _ in range(4 * len(sizes)):
        low, high = sorted(rng.sample(range(len(sizes)), 2)) if len(sizes) > 1 else (0, 0)
        changed = sizes.copy()
        changed[low] -= 1
        changed[high] += 1
        if changed[low] >= 1 and changed[high] <= 98 and len(set(changed)) == len(changed):
            sizes = changed
    return sorted(sizes)


def invent_units(units: int, graduates: int, rng: random.Random) -> list[InventedUnit]:
    """Units in the order of their codes; some of the small ones are admissions units of a college."""
    invented = []
    for index, size in enumerate(unit_sizes(units, graduates, rng)):
        name = UNIT_NAMES[index] if index < len(UNIT_NAMES) else f"第{index + 1}分校"
        invented.append(
            InventedUnit(
                code=f"{index + 1:02d}",
                name=name,
                campus=CAMPUSES[index % len(CAMPUSES)],
                size=size,
                is_admissions=index >= len(FIXED_SIZES) + 2 and index % 4 == 1,
            )
        )
    return invented


def invent_people(unit: InventedUnit, first_number: int, rng: random.Random) -> Iterator[InventedPerson]:
    """The roster of one unit: classes of 18 to 45, mostly graduates of July, some of January, a few early ones beside."""
    early = max(1, unit.size // 40)
    left_in_class, class_index, major = 0, 0, rng.choice(MAJORS)
    for index in range(unit.size + early):
        if left_in_class == 0:
            class_index += 1
            major = rng.choice(MAJORS)
            left_in_class = min(rng.randint(18, 45), unit.size + early - index)
        left_in_class -= 1
        is_early = index >= unit.size
        yield _person(unit, first_number + index, class_index, major, is_early, rng)


def _person(
    unit: InventedUnit,
    number: int,
    class_index: int,
    major: tuple[str, str, str],
    is_early: bool,
    rng: random.Random,
) -> InventedPerson:
    is_female = rng.random() < 0.55
    birth = dt.date(1988, 1, 1) + dt.timedelta(days=rng.randrange(3650))
    # The three digits before the check digit count people of one day and area; the parity tells the gender.
    order = 2 * rng.randrange(499) + (2 if is_female else 1)
    area = rng.choice(("110101", "110102", "110105", "110106", "110108", "110112", "130102", "120101"))
    id_number = make_gb_number(f"{area}{birth:%Y%m%d}{order:03d}")
    term = "2018-07" if rng.random() < 0.8 else "2018-01"
    graduation = "2018-07-15" if term == "2018-07" else "2018-01-15"
    level = "本科" if rng.random() < 0.6 else "专科"
    cells = (
        f"15{unit.code}{number:06d}", _name(is_female, rng), "女" if is_female else "男", "居民身份证", id_number,
        unit.name, f"15秋{major[2]}{class_index}班", level, term, f"{birth:%Y-%m-%d}", major[0], major[1],
        "开放教育", "2.5", "2015-09-01", graduation, f"1511{number:010d}", "提前" if is_early else "毕业生",
        f"139{rng.randrange(10**8):08d}",
    )  # fmt: skip
    return InventedPerson(number, cells)


def _name(is_female: bool, rng: random.Random) -> str:
    surname = rng.choice(RARE_SURNAMES) if rng.random() < 0.02 else rng.choice(SURNAMES)
    given = GIVEN_FEMALE if is_female else GIVEN_MALE
    return surname + "".join(rng.sample(given, 1 if rng.random() < 0.25 else 2))
