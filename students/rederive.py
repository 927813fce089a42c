"""Renditions and findings under a new version of the profiles, or of the program, from the originals that are there.

Only what is missing is made: a rendition that exists keeps its bytes, because submissions, deliveries and frozen batches
point to it. Findings are measured anew. The same again changes nothing: each picture says what it was checked with.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from photocampus.errors import DomainError
from photocampus.events import record
from photocampus.jobs import JobCancelled, JobContext, job_kind, start_job
from photocampus.models import Job, User
from students.check_bounds import BOUNDS, GEOMETRY, NOTE, PLAIN, REFUSE, Result
from students.faces import get_detector
from students.filing import (
    Profiles,
    checked_with,
    finding_row,
    profiles_of,
    put_file,
    rendition_row,
    window_result,
)
from students.imaging import read_header
from students.models import Finding, Graduate, Origin, Photo, Rendition
from students.models.pictures import rendition_name
from students.near_pictures import mark_all_near_pictures
from students.processing import Processed, Rendered, ScanRule, finished_file, process_picture
from students.profiles import ProfileSpec
from units.models import Campaign, ImageProfile, ProfileName

logger = logging.getLogger("photocampus.rederive")
JOB_KIND = "students.rederive"
MEASURED = {*BOUNDS, *GEOMETRY, *PLAIN}  # what a profile has a say in; others' findings stay
BLOCK = 100
COUNTS = ("made", "checked", "incomplete", "unreadable", "to_refuse", "compared")


class NothingToDerive(DomainError):
    code = "nothing_to_derive"
    message = _("All pictures have been made and checked with the present profiles; there is nothing to do.")


@dataclass(frozen=True)
class Derived:
    """What one original gives under the profiles. `refusals` are codes that are a reason to refuse."""

    processed: Processed
    missing: tuple[Rendered, ...]
    incomplete: tuple[str, ...]  # names of profiles whose image cannot be made
    refusals: tuple[str, ...]

    @property
    def counted(self) -> dict[str, int]:
        """What this picture adds to the counts of a job, besides the renditions made."""
        return {"checked": 1, "incomplete": int(bool(self.incomplete)), "to_refuse": int(bool(self.refusals))}


def chosen_photos(campaign: Campaign) -> QuerySet[Photo]:
    """The pictures that people of the campaign have chosen, also an earlier campaign's (R9), whose original is there."""
    chosen = Graduate.objects.filter(campaign=campaign).exclude(picture=None).values("picture")
    return Photo.objects.filter(pk__in=chosen).exclude(original="").order_by("pk")


def outdated_photos(campaign: Campaign, profiles: Profiles) -> QuerySet[Photo]:
    """Those whose renditions or findings do not follow from the present profiles and program."""
    return chosen_photos(campaign).exclude(checked_with=checked_with(profiles))


def derive(photo: Photo, profiles: Profiles, *, standing: list[Rendition]) -> Derived:
    """Process the original; write nothing. Raises `BadPicture` and other refusals of the file, and `OSError`."""
    scan = None
    if photo.origin == Origin.SCAN:
        campaign = photo.campaign
        scan = ScanRule(campaign.scan_min_dpi, campaign.scan_print_width_mm, campaign.scan_print_height_mm)
    with photo.original.open("rb") as file:
        processed = process_picture(file, profiles.specs, detector=get_detector(), scan=scan)
    there = {row.profile_id: row for row in standing}
    results = [_as_stored(result, there, profiles) for result in processed.results]
    results += window_result(photo, profiles)
    processed = replace(processed, results=tuple(results))
    made = {rendered.profile.name: rendered for rendered in processed.renditions}
    for spec in profiles.specs:
        if studio := _studio_file(standing, spec):
            made[spec.name] = studio
    missing = tuple(made[name] for name, row in profiles.rows.items() if row.pk not in there and name in made)
    incomplete = tuple(
        name for name, row in profiles.rows.items() if row.pk not in there and name not in made
    )
    refusals = tuple(result.code for result in results if result.code and result.severity == REFUSE)
    return Derived(processed, missing, incomplete, refusals)


def _as_stored(result: Result, there: dict[int, Rendition], profiles: Profiles) -> Result:
    """A rendition that stays is measured by its own bytes."""
    name = result.check.removeprefix("bytes_")
    row = there.get(profiles.rows[name].pk) if name in profiles.rows else None
    if row is None or not result.check.startswith("bytes_"):
        return result
    return replace(result, measure=float(row.size), code="", severity=NOTE)


def _studio_file(standing: list[Rendition], spec: ProfileSpec) -> Rendered | None:
    """The studio's finished file of an earlier version, where it keeps to this one, too (R11)."""
    for row in standing:
        if row.is_studio_file and row.profile.name == spec.name:
            with row.file.open("rb") as file:
                data = BytesIO(file.read())
            if finished := finished_file(data, read_header(data), [spec]):
                return finished
    return None


def standing_renditions(photo: Photo) -> list[Rendition]:
    """Newest version first."""
    return list(photo.renditions.select_related("profile").order_by("-profile__version", "-pk"))


def settle(
    photo: Photo, derived: Derived, profiles: Profiles, *, counts: Counter[str], context: JobContext
) -> Counter[str]:
    """Write the missing renditions and the findings of one picture; returns the job's counts with it, kept as well."""
    with transaction.atomic():
        context.hold()
        photo = Photo.objects.select_for_update().select_related("campaign").get(pk=photo.pk)
        if not photo.original:
            return counts  # retention was faster
        _remove_left(photo, profiles)
        there = set(photo.renditions.values_list("profile", flat=True))
        new = [part for part in derived.missing if profiles.rows[part.profile.name].pk not in there]
        for rendered in new:
            # The name follows from photo and version: what a killed attempt left is written over.
            row = Rendition(photo=photo, profile=profiles.rows[rendered.profile.name])
            put_file(rendition_name(row, ""), ContentFile(rendered.data))
            context.checkpoint("rederive.file_written")
        Rendition.objects.bulk_create(rendition_row(photo, rendered, profiles) for rendered in new)
        Finding.objects.filter(photo=photo, check_name__in=MEASURED).delete()
        Finding.objects.bulk_create(finding_row(photo, result) for result in derived.processed.results)
        counts = counts + Counter(derived.counted)
        counts["made"] += len(new)
        counts["compared"] += derived.processed.look != photo.look
        photo.checked_with, photo.look = checked_with(profiles), derived.processed.look
        photo.save(update_fields=["checked_with", "look"])
        context.keep(counts)
        context.checkpoint("rederive.rows_written")
    context.checkpoint("rederive.settled")
    return counts


def _remove_left(photo: Photo, profiles: Profiles) -> None:
    """Files that a killed attempt wrote under a version which has been replaced since: no row will ever name them."""
    newest = [row.pk for row in profiles.rows.values()]
    campaigns = {row.campaign_id for row in profiles.rows.values()}
    older = ImageProfile.objects.filter(campaign__in=campaigns).exclude(pk__in=newest)
    for profile in older.exclude(renditions__photo=photo):
        name = rendition_name(Rendition(photo=photo, profile=profile), "")
        if default_storage.exists(name):
            default_storage.delete(name)


def start_rederive(*, campaign: Campaign, by: User) -> Job:
    """Let a worker do it. While it runs, asking again gives the same job. Raises `NothingToDerive`."""
    running = Job.objects.filter(
        kind=JOB_KIND, finished_at=None, args__campaign=campaign.pk, cancel_requested_at=None
    )
    if job := running.order_by("-pk").first():
        return job
    total = outdated_photos(campaign, profiles_of(campaign)).count()
    if not total:
        raise NothingToDerive()
    with transaction.atomic():
        record(campaign, "pictures_derived_again", by=by, data={"pictures": total})
        return start_job(
            JOB_KIND,
            by=by,
            args={"campaign": campaign.pk},
            label=campaign.code,
            url=reverse("students:pictures-again") + f"?campaign={campaign.code}",
            total=total,
        )


@job_kind(JOB_KIND, title=_("Derive and check pictures again"), cancellable=True)
def rederive_pictures(context: JobContext) -> dict[str, int]:
    """Every outdated picture of the campaign, one committed piece each; goes on where a killed attempt ended."""
    campaign = Campaign.objects.get(pk=context.args["campaign"])
    profiles = profiles_of(campaign)
    # What an attempt that died had settled counts; what it could not read is met again.
    counts: Counter[str] = Counter({**dict.fromkeys(COUNTS, 0), **context.job.result, "unreadable": 0})
    total = max(context.job.total, outdated_photos(campaign, profiles).count())
    left = outdated_photos(campaign, profiles).count()
    try:
        for photo in each(outdated_photos(campaign, profiles)):
            try:
                derived = derive(photo, profiles, standing=standing_renditions(photo))
            except (DomainError, OSError):
                logger.warning("picture %s cannot be derived again", photo.public_id)
                counts["unreadable"] += 1
            else:
                counts = settle(photo, derived, profiles, counts=counts, context=context)
            left -= 1
            context.progress(max(0, total - left), total)
    except JobCancelled:
        _compare(campaign, counts)  # what was settled so far is looked at by people now
        raise
    _compare(campaign, counts)
    return {name: counts[name] for name in COUNTS}


def _compare(campaign: Campaign, counts: Counter[str]) -> None:
    if counts["compared"]:
        mark_all_near_pictures(campaign)


def each(photos: QuerySet[Photo]) -> Iterator[Photo]:
    """All of them in blocks by key, so that no read stays open over the writes."""
    last = 0
    while block := list(photos.filter(pk__gt=last).select_related("campaign")[:BLOCK]):
        yield from block
        last = block[-1].pk


def newest_versions(campaign: Campaign) -> dict[str, int]:
    """The present version of each profile, by its name in the reader's language."""
    rows = ImageProfile.objects.filter(campaign=campaign).values("name").annotate(newest=Max("version"))
    return {str(ProfileName(row["name"]).label): row["newest"] for row in rows.order_by("name")}
