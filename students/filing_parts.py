"""Files of the picture that a person has already, in another size: finished parts join it, smaller copies do not replace it."""

from dataclasses import replace

from django.core.files.base import ContentFile
from django.db import transaction

from photocampus.events import record
from photocampus.models import User
from students.check_bounds import REFUSE
from students.filing import NotFiled, Profiles, put_file, rendition_row
from students.models import Decision, Graduate, IngestFile, Photo, Rendition
from students.models.pictures import rendition_name
from students.processing import Processed, Rendered, same_picture, thumbprint_of_jpeg
from units.models import ProfileName


def finished_part(graduate: Graduate, processed: Processed, studio_id: int) -> Rendered | None:
    """A finished smaller file of the picture that the person has already: the rendition it replaces, else None.

    It is the same picture if a few grey pixels agree; and it joins only while nobody has decided on that picture.
    """
    photo = graduate.picture
    finished = [item for item in processed.renditions if item.is_studio_file]
    if photo is None or not finished or not _may_join(photo, finished[0], studio_id):
        return None
    return finished[0] if is_same_picture(photo, processed) else None


def is_same_picture(photo: Photo, processed: Processed) -> bool:
    """Whether a file shows what a filed picture shows, in whatever size."""
    known = photo.renditions.exclude(file="").order_by("-width").first()
    if known is None:
        return False
    with known.file.open("rb") as file:
        return same_picture(thumbprint_of_jpeg(file.read()), processed.thumbprint)


def must_not_lose_pixels(photo: Photo, processed: Processed) -> None:
    """A new picture supersedes the old one; a smaller file of the old one, or one too small, does not. Raises `NotFiled`.

    The studio's finished large file is as good as the original that it was made from, until somebody has decided.
    """
    header = processed.header
    if header.width < photo.width and is_same_picture(photo, processed):
        is_large = any(
            item.is_studio_file and item.profile.name == ProfileName.LARGE for item in processed.renditions
        )
        if not is_large or Decision.objects.filter(photo=photo).exists():
            raise NotFiled("smaller_copy")
    if _is_enough(photo) and any(
        result.check == "pixels" and result.severity == REFUSE for result in processed.results
    ):
        raise NotFiled("too_small")


def _is_enough(photo: Photo) -> bool:
    """Whether the picture has the pixels of every profile that bounds its bytes."""
    measured = photo.findings.filter(check_name="pixels").first()
    return measured is not None and measured.severity != REFUSE


def with_parts_of(photo: Photo, processed: Processed, profiles: Profiles, studio_id: int) -> Processed:
    """With the studio's finished smaller files of the same picture, which came before it (R11)."""
    if photo.studio_id != studio_id:
        return processed
    theirs = photo.renditions.filter(
        is_studio_file=True,
        profile__in=[row.pk for row in profiles.rows.values()],
        width__lt=processed.header.width,
    )
    kept = {row.profile_id: row for row in theirs.exclude(file="").exclude(profile__name=ProfileName.LARGE)}
    if not kept or not is_same_picture(photo, processed):
        return processed
    made = {item.profile.name: item for item in processed.renditions}
    results = {result.check: result for result in processed.results}
    for spec in profiles.specs:
        row = kept.get(profiles.rows[spec.name].pk)
        if row is None or (spec.name in made and made[spec.name].is_studio_file):
            continue
        with row.file.open("rb") as file:
            data = file.read()
        made[spec.name] = Rendered(spec, data, row.width, row.height, row.quality, is_studio_file=True)
        results.pop(f"bytes_{spec.name}", None)  # measured on what is not used
    return replace(processed, renditions=tuple(made.values()), results=tuple(results.values()))


def _may_join(photo: Photo, part: Rendered, studio_id: int) -> bool:
    if photo.studio_id != studio_id or part.width >= photo.width or part.profile.name == ProfileName.LARGE:
        return False
    if Decision.objects.filter(photo=photo).exists():
        return False
    return not photo.renditions.filter(profile__name=part.profile.name, is_studio_file=True).exists()


def write_part(photo: Photo, part: Rendered, profiles: Profiles) -> None:
    """Put the studio's finished file into the storage where the derived one lay, so that nothing is ever left over."""
    rendition = Rendition(photo=photo, profile=profiles.rows[part.profile.name])
    put_file(rendition_name(rendition, ""), ContentFile(part.data))


@transaction.atomic
def join_rendition(
    *, row: IngestFile, graduate: Graduate, part: Rendered, profiles: Profiles, by: User
) -> Photo | None:
    """Let the studio's finished file take the place of the derived one; the caller writes it before the lock ends.

    None if another picture was chosen, somebody decided, or such a file came, since `finished_part` looked.
    """
    profile = profiles.rows[part.profile.name]
    locked = Graduate.objects.select_for_update(of=("self",)).get(pk=graduate.pk)
    if locked.picture_id is None or locked.picture_id != graduate.picture_id:
        return None
    # Deriving again writes under the same lock (`students.rederive.settle`).
    photo = Photo.objects.select_for_update().get(pk=locked.picture_id)
    if not _may_join(photo, part, row.batch.studio_id):
        return None
    old = Rendition.objects.filter(photo=photo, profile=profile).first()
    rendition = rendition_row(photo, part, profiles)
    if old:
        rendition.pk = old.pk
    rendition.save()
    record(photo, "studio_file_joined", by=by, data={"profile": profile.name, "file": row.public_id})
    return photo
