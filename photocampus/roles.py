"""The group of academic-affairs staff and its permissions, kept right after every migration."""

from typing import Any

from django.apps import AppConfig

ACADEMIC_AFFAIRS = "academic affairs"
# Rows that staff add or change directly; everything else happens through use cases with permissions of their own.
CHANGED_BY_STAFF = {
    "photocampus": ["user"],
    "units": [
        "campaign", "term", "imageprofile", "notice", "noticeattachment", "unit", "membership", "studio",
        "studiomembership", "contract",
    ],
    "students": ["classgroup", "refusalcode", "exportprofile", "graduate", "submission", "exportbatch", "correction"],
    "shoots": ["weeklyhours", "closure", "dayexception", "station", "stationdayoff", "routeoverride", "booking"],
}  # fmt: skip
# Named acts, beyond adding, changing and viewing.
NAMED_ACTS = {
    "publish",
    "close",
    "freeze",
    "verify",
    "report",
    "reveal",
    "decide",
    "reset",
    "import",
    "export",
}


def give_permissions(sender: AppConfig, using: str = "default", **kwargs: Any) -> None:
    """After `migrate`: the group may see everything, add and change what staff keep, and do the named acts; never delete."""
    from django.apps import apps
    from django.contrib.auth.models import Group, Permission
    from django.db import connections
    from django.db.models import Q

    last = list(apps.get_app_configs())[-1]
    if sender.label != last.label:
        return  # permissions are made app by app; only after the last one they are all there
    if Group._meta.db_table not in connections[using].introspection.table_names():
        return  # a partial migration on the way up

    group, _created = Group.objects.using(using).get_or_create(name=ACADEMIC_AFFAIRS)
    wanted = Q(codename__startswith="view_", content_type__app_label__in=CHANGED_BY_STAFF)
    for label, models in CHANGED_BY_STAFF.items():
        names = [f"{act}_{model}" for model in models for act in ("add", "change")]
        wanted |= Q(content_type__app_label=label, codename__in=names)
    for act in NAMED_ACTS:
        wanted |= Q(codename__startswith=f"{act}_", content_type__app_label__in=CHANGED_BY_STAFF)
    permissions = Permission.objects.using(using).filter(wanted).exclude(codename__startswith="delete_")
    group.permissions.set(permissions)
