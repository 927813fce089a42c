"""Taking the demonstration out again, before a real campaign goes in: rows, files, accounts, logs.

Everything in the portal belongs to the demonstration then, except the accounts of real people: so this does not follow
single rows but empties the tables, in an order derived from the model graph, in one transaction.
"""

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.files.storage import Storage, default_storage
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from photocampus import clock
from photocampus.errors import DomainError
from photocampus.events import record
from photocampus.lists import join_words
from photocampus.models import Job, JobState, School, User
from photocampus.triggers import APPEND_ONLY_TABLES, append_only_sql, drop_append_only_sql

OWN_APPS = ("photocampus", "units", "students", "shoots")
# Traces of people in tables of other packages.
OTHER_APPS = ("axes", "django_tasks_database")


class NoDemonstration(DomainError):
    code = "no_demonstration"
    message = _("There is no demonstration in this portal.")


class RealCampaign(DomainError):
    code = "real_campaign"
    message = _(
        "There is a real campaign (%(codes)s) in this portal; removing everything would remove it, too."
    )


class JobsRunning(DomainError):
    code = "jobs_running"
    message = _("%(count)d jobs are running. Stop the worker, or wait until they have ended.")


def remove_demo() -> dict[str, int]:
    """Empty the portal; gives how many rows, files and accounts went.

    Accounts that are no demonstration's stay while an administrator is among them, and the school with them. Without one
    everything goes, and the next visitor meets the first set-up. Raises `NoDemonstration`, `RealCampaign`, `JobsRunning`.
    The refusal codes and export profiles that come with the program are loaded again afterwards.
    """
    with transaction.atomic():
        _check()
        keeps = User.objects.filter(is_demo=False, is_superuser=True, is_active=True).exists()
        _guard(False)
        counts = {"rows": _empty_tables(), "accounts": _remove_accounts(all_of_them=not keeps)}
        if keeps:
            School.objects.update(demo_date=None)
        else:
            counts["rows"] += School.objects.all().delete()[0]
        _guard(True)
        # Last: whatever failed before leaves the demonstration whole, and a second run finds the rest.
        counts["files"] = remove_files(default_storage)
    clock.forget()
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    (settings.VAR / "demo-logins.txt").unlink(missing_ok=True)
    if keeps and (school := School.objects.first()):
        record(school, "demo_removed", by=None, data=counts)
    _shrink()
    return counts


def _check() -> None:
    campaigns = apps.get_model("units", "Campaign")._default_manager
    real = campaigns.filter(is_demo=False).values_list("code", flat=True)
    if real:
        raise RealCampaign(codes=join_words(real))
    is_there = (
        School.objects.filter(demo_date__isnull=False).exists()
        or User.objects.filter(is_demo=True).exists()
        or campaigns.exists()
    )
    if not is_there:
        raise NoDemonstration()
    running = Job.objects.filter(state=JobState.RUNNING, lease_until__gt=timezone.now()).count()
    if running:
        raise JobsRunning(count=running)


def domain_models() -> list[type[models.Model]]:
    """All our models in an order in which rows may go: whoever refers before what is referred to."""
    found = [
        model
        for label in OWN_APPS
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
        if model not in (User, School) and model._meta.managed and not model._meta.proxy
    ]
    return deletion_order(found)


def deletion_order(found: Iterable[type[models.Model]]) -> list[type[models.Model]]:
    """Children first. A cycle has no such order; the database checks foreign keys at the end of the transaction anyway."""
    chosen = list(found)
    graph: dict[Any, set[Any]] = {model: set() for model in chosen}
    for model in chosen:
        for field in model._meta.concrete_fields:
            target = field.related_model if field.is_relation else None
            if target in graph and target is not model:
                graph[target].add(model)  # the target goes after the model that points to it
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError:
        return chosen


def _delete_all(model: type[models.Model]) -> int:
    """One DELETE, past PROTECT and signals."""
    return model._default_manager.all()._raw_delete(using="default") or 0  # type: ignore[attr-defined]


def _empty_tables() -> int:
    others: list[type[models.Model]] = [
        model
        for config in apps.get_app_configs()
        if config.label in OTHER_APPS
        for model in config.get_models()
    ]
    everything: list[type[models.Model]] = [*domain_models(), *others, Session, LogEntry]
    return sum(_delete_all(model) for model in everything if not _keeps(model))


def _keeps(model: type[models.Model]) -> bool:
    """Which groups and permissions an account has goes with the account."""
    return model in (User.groups.through, User.user_permissions.through)


def _remove_accounts(*, all_of_them: bool) -> int:
    gone = User.objects.all() if all_of_them else User.objects.filter(is_demo=True)
    ids = list(gone.values_list("pk", flat=True))
    for through in (User.groups.through, User.user_permissions.through):
        through._default_manager.filter(user_id__in=ids)._raw_delete(using="default")
    User.objects.filter(pk__in=ids)._raw_delete(using="default")  # type: ignore[attr-defined]
    return len(ids)


def _guard(on: bool) -> None:
    make = append_only_sql if on else drop_append_only_sql
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table with checks still pending takes no trigger.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in APPEND_ONLY_TABLES:
            for statement in make(connection.vendor, table):
                cursor.execute(statement)


def remove_files(storage: Storage, folder: str = "") -> int:
    """Every file of the storage, through its own interface; empty folders go where there are folders."""
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return 0
    count = 0
    for name in files:
        storage.delete(f"{folder}/{name}" if folder else name)
        count += 1
    for name in folders:
        path = f"{folder}/{name}" if folder else name
        count += remove_files(storage, path)
        storage.delete(path)
    return count


def _shrink() -> None:
    """Give the space back, and with SQLite also what the write-ahead log still holds."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
