"""Coordinators from a spreadsheet: checked line by line, then made with one-time passwords that are shown once."""

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from photocampus.accounts import Issued, require_manager
from photocampus.errors import DomainError
from photocampus.models import Role, User
from photocampus.sheets import sheet_bytes
from photocampus.small_tables import read_table
from units.accounts import add_coordinator, create_coordinator
from units.models import Membership, Unit
from units.notices import PHONE

COLUMNS = {
    "username": ["用户名", "工号", "账号", "登录名", "user name", "username"],
    "name": ["姓名", "name"],
    "unit": ["单位", "单位名称", "单位代码", "unit"],
    "phone": ["手机号", "电话", "联系电话", "telephone", "phone"],
    "email": ["邮箱", "电子邮箱", "e-mail", "email"],
}
REQUIRED = ["username", "name", "unit"]
HEADINGS = [COLUMNS[name][0] for name in COLUMNS]


class NothingToImport(DomainError):
    code = "nothing_to_import"
    message = _("No line of this file can be taken over.")


@dataclass
class Line:
    """One line of the file: what it would do (`new`, `add` a unit, `known`, `refused`), and why not."""

    number: int
    values: dict[str, str]
    kind: str = "new"
    unit: Unit | None = None
    user: User | None = None
    problems: list[Any] = field(default_factory=list)

    @property
    def label(self) -> Any:
        return LABELS[self.kind]


LABELS = {
    "new": pgettext_lazy("account import", "new account"),
    "add": pgettext_lazy("account import", "one more unit"),
    "known": pgettext_lazy("account import", "already there"),
    "refused": pgettext_lazy("account import", "refused"),
}


def template_bytes() -> bytes:
    """The spreadsheet to fill in, with one invented line."""
    return sheet_bytes(
        headings=HEADINGS,
        rows=[["zhangsan", "张三", "会计学院", "13800000000", "zhangsan@example.edu.cn"]],
        title="单位专人",
        widths=[18, 14, 28, 18, 30],
    )


def read_coordinators(upload: UploadedFile) -> list[tuple[int, dict[str, str]]]:
    """The file's rows as text; raises what `read_table` raises."""
    return read_table(upload, columns=COLUMNS, required=REQUIRED)


def preview_coordinators(rows: list[tuple[int, dict[str, str]]]) -> list[Line]:
    """What each line would do, in the order of the file; three queries whatever its length."""
    units = list(Unit.objects.filter(is_active=True))
    places = {unit.name: unit for unit in units} | {unit.code: unit for unit in units}
    names = {User.normalize_username(values["username"]) for _line, values in rows}
    users = {user.username: user for user in User.objects.filter(username__in=names)}
    members = set(
        Membership.objects.filter(user__username__in=names, ended_at=None).values_list(
            "user__username", "unit"
        )
    )
    lines: list[Line] = []
    first: dict[str, Line] = {}
    for number, values in rows:
        line = Line(number, {**values, "username": User.normalize_username(values["username"])})
        line.unit = places.get(values["unit"])
        line.user = users.get(line.values["username"])
        _check(line, first.get(line.values["username"]))
        if line.problems:
            line.kind = "refused"
        else:
            first.setdefault(line.values["username"], line)
            line.kind = _kind(line, first[line.values["username"]], members)
        lines.append(line)
    return lines


def _kind(line: Line, first: Line, members: set[tuple[str, int]]) -> str:
    assert line.unit is not None
    key = (line.values["username"], line.unit.pk)
    if key in members:
        return "known"
    members.add(key)
    return "new" if line.user is None and first is line else "add"


def _check(line: Line, before: Line | None) -> None:
    """Plain checks of one line; problems are collected, not raised."""
    values, problems = line.values, line.problems
    for name in REQUIRED:
        if not values[name]:
            problems.append(_("%(column)s is missing") % {"column": COLUMNS[name][0]})
    if values["unit"] and line.unit is None:
        problems.append(_("there is no unit with the name or code “%(unit)s”") % {"unit": values["unit"]})
    if values["username"]:
        for validate in User._meta.get_field("username").validators:
            try:
                validate(values["username"])
            except ValidationError as error:
                problems.extend(error.messages)
    if len(values["name"]) > 40:
        problems.append(_("the name is longer than 40 characters"))
    if values["phone"] and not PHONE.match(values["phone"]):
        problems.append(_("the telephone number is not one"))
    if values["email"]:
        try:
            validate_email(values["email"])
        except ValidationError as error:
            problems.extend(error.messages)
    _check_owner(line, before)


def _check_owner(line: Line, before: Line | None) -> None:
    """One user name, one person: neither the portal nor an earlier line may know it under another name."""
    user, name = line.user, line.values["name"]
    if user is not None and user.role != Role.UNIT:
        line.problems.append(_("this user name belongs to somebody who is no coordinator"))
    elif user is not None and (not user.is_active or user.name != name):
        line.problems.append(_("this user name belongs to another person or is switched off"))
    if before is not None and before.values["name"] != name:
        line.problems.append(
            _("line %(line)d has the same user name with another name") % {"line": before.number}
        )


@transaction.atomic
def import_coordinators(*, rows: list[tuple[int, dict[str, str]]], by: User) -> list[Issued]:
    """Take over every good line at once; gives the new accounts with their passwords, once.

    Lines are judged anew, so that an account made in the meantime is not made twice. Raises `NothingToImport`, `NotAllowed`.
    """
    require_manager(by, "photocampus.add_user")
    lines = [line for line in preview_coordinators(rows) if line.kind in ("new", "add")]
    if not lines:
        raise NothingToImport()
    issued: list[Issued] = []
    made: dict[str, User] = {}
    for line in lines:
        assert line.unit is not None
        values = line.values
        user = line.user or made.get(values["username"])
        if user is not None:
            add_coordinator(user=user, unit=line.unit, by=by)
            continue
        account = create_coordinator(
            username=values["username"],
            name=values["name"],
            units=[line.unit],
            by=by,
            phone=values["phone"],
            email=values["email"],
        )
        made[values["username"]] = account.user
        issued.append(account)
    return issued
