"""Roster work that people watch: reading, applying, undoing."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from photocampus.jobs import JobContext, job_kind
from photocampus.models import User
from students.models import RosterUpload, UploadState
from students.roster_apply import apply_roster
from students.roster_read import read_roster
from students.roster_undo import undo_roster


def _upload(context: JobContext) -> RosterUpload:
    return RosterUpload.objects.select_related("campaign", "unit", "by").get(pk=context.args["upload"])


def _by(context: JobContext) -> User:
    assert context.by is not None
    return context.by


@job_kind("students.roster_read", title=_("Reading a roster"))
def run_read(context: JobContext) -> dict[str, Any]:
    upload = _upload(context)
    read_roster(upload=upload, progress=context)
    upload.refresh_from_db()
    return {"state": upload.state, **upload.counts}


@job_kind("students.roster_apply", title=_("Applying a roster"))
def run_apply(context: JobContext) -> dict[str, Any]:
    upload = _upload(context)
    applied = apply_roster(upload=upload, by=_by(context), progress=context)
    upload.refresh_from_db()
    return {"applied": applied, "state": upload.state, **upload.counts}


@job_kind("students.roster_undo", title=_("Undoing a roster"))
def run_undo(context: JobContext) -> dict[str, Any]:
    upload = _upload(context)
    if upload.state == UploadState.APPLIED:
        undo_roster(upload=upload, by=_by(context), progress=context)
    return {"state": UploadState.UNDONE}
