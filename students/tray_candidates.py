"""Candidates for one file of the tray, with the reasons in words; and the search for somebody else.

A constant number of queries however many people, files and shot numbers there are. Where the studio must not know
people (design §5), candidates are shot numbers, and nothing else of a person is read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils.translation import gettext as _

from students.ingest import clean_name
from students.matching import IssuedShot, granted_graduates, match_name, shot_lists, stem_of
from students.models import ClassGroup, Exemption, Graduate, IngestFile, IngestState
from students.natural import natural_key
from students.nearest import Around, Candidate, File, Person, Shot, Why, nearest
from units.models import Campaign, IdentityMode, Studio

MOST_FOUND = 9  # each has a digit of the keyboard
WINDOW = 60  # files before and after, among which the neighbours by name are looked for
LEAST_WORDS = 2  # one character is enough where it is a surname


@dataclass(frozen=True)
class Choice:
    """What one key assigns. `graduate` is None where the studio must not know people; then `shot` says whose it is."""

    key: str
    graduate: Graduate | None
    shot: str
    words: tuple[str, ...] = ()
    has_picture: bool = False
    ties_shot: bool = False  # the assignment names the shot number, not only the person


@dataclass(frozen=True)
class Known:
    """Everybody who may be meant, and the shot numbers issued to them; read once for a page."""

    people: list[Person]
    shots: list[Shot]
    enrolments: dict[int, int]  # enrolment → graduate
    codes: dict[int, str]  # graduate → the newest shot number
    shows_people: bool


def shows_people(campaign: Campaign) -> bool:
    return campaign.identity_mode == IdentityMode.ID_CARD


def known_people(studio: Studio, campaign: Campaign) -> Known:
    """Two queries: the granted people who need a picture, and the valid shot numbers."""
    wanted = granted_graduates(studio, campaign).active().filter(exemption=Exemption.NONE).order_by()
    fields = ["pk", "enrolment", "enrolment__class_group", "picture"]
    by_name = shows_people(campaign)
    if by_name:
        fields += ["enrolment__student_number", "enrolment__student__name"]
    people, enrolments = [], {}
    for pk, enrolment, group, picture, *named in wanted.values_list(*fields):
        number, name = named if named else ("", "")
        people.append(Person(pk, number, name, group, picture is not None))
        enrolments[enrolment] = pk
    issued: list[IssuedShot] = shot_lists().issued(studio, campaign)
    codes = {shot.graduate: shot.code for shot in issued}
    return Known(people, [Shot(*shot) for shot in issued], enrolments, codes, by_name)


def candidates_for(row: IngestFile, known: Known) -> list[Choice]:
    """The nearest first, each with a key and its reasons."""
    name = clean_name(row.name.reveal())
    named = match_name(row.batch, name).graduate
    around = _neighbours(row, known)
    groups = {person.key: person.group for person in known.people}
    beside = {groups[key] for one in around for key in (one.before, one.after) if key and key in groups}
    file = File(
        stem=stem_of(name),
        named=named.pk if named else None,
        ordered=row.shot,
        around=around,
        groups=frozenset(beside or _classes_of_upload(row)),
    )
    found = nearest(file, known.people, known.shots)
    if not known.shows_people:
        found = [one for one in found if one.shot or one.person in known.codes]
    return _as_choices(found, known)


def _neighbours(row: IngestFile, known: Known) -> list[Around]:
    """Whose the nearest filed frames of the same upload are, by file name and by the camera's clock."""
    near = list(
        row.batch.files.filter(position__range=(row.position - WINDOW, row.position + WINDOW))
        .exclude(state=IngestState.UNPACKED)
        .select_related("photo")
    )
    near.sort(key=lambda one: natural_key(clean_name(one.name.reveal())))
    at = next((index for index, one in enumerate(near) if one.pk == row.pk), 0)
    filed = [(index, one) for index, one in enumerate(near) if one.state == IngestState.FILED and one.photo]
    before = next((one for index, one in reversed(filed) if index < at), None)
    after = next((one for index, one in filed if index > at), None)
    found = [Around("order", _person_of(before, known), _person_of(after, known))]
    if row.taken_at:
        timed = row.batch.files.filter(state=IngestState.FILED, photo__captured_at__isnull=False)
        timed = timed.select_related("photo")
        earlier = timed.filter(photo__captured_at__lte=row.taken_at).order_by("-photo__captured_at").first()
        later = timed.filter(photo__captured_at__gt=row.taken_at).order_by("photo__captured_at").first()
        found.append(Around("time", _person_of(earlier, known), _person_of(later, known)))
    return [one for one in found if one.before or one.after]


def _classes_of_upload(row: IngestFile) -> set[int]:
    """Whose pictures came in the same upload; before any of it was filed, the classes of the unit it is for."""
    filed = row.batch.files.filter(state=IngestState.FILED).values_list("photo__enrolment__class_group")
    found = {group for (group,) in filed.distinct().order_by()}
    if not found and row.batch.unit_id:
        found = set(ClassGroup.objects.filter(unit=row.batch.unit_id).values_list("pk", flat=True))
    return found


def _person_of(row: IngestFile | None, known: Known) -> int | None:
    return known.enrolments.get(row.photo.enrolment_id) if row and row.photo else None


def _as_choices(found: Sequence[Candidate], known: Known) -> list[Choice]:
    """With names where they may be shown, in one query for the candidates and those that their reasons speak of."""
    spoken = {key for one in found for why in one.whys for key in (why.before, why.after) if key}
    rows = _rows({one.person for one in found} | spoken) if known.shows_people else {}
    pictures = {person.key: person.has_picture for person in known.people}

    def label(key: int | None) -> str:
        if not known.shows_people:
            return known.codes.get(key or 0, "?")
        return rows[key].enrolment.student.name if key in rows else "?"

    return [
        Choice(
            key=str(number),
            graduate=rows.get(one.person),
            shot=one.shot or known.codes.get(one.person, ""),
            words=tuple(why_words(why, label(why.before), label(why.after)) for why in said(one)),
            has_picture=pictures[one.person],
            ties_shot=bool(one.shot) or not known.shows_people,
        )
        for number, one in enumerate(found, start=1)
    ]


def said(candidate: Candidate) -> list[Why]:
    """The clues worth reading: who is named exactly needs no number beside it."""
    named = any(why.kind == "named" for why in candidate.whys)
    return [why for why in candidate.whys if not (named and why.kind in ("number_same", "shot_same"))]


def _rows(keys: Iterable[int]) -> dict[int, Graduate]:
    rows = Graduate.objects.filter(pk__in=list(keys))
    found = rows.select_related("enrolment__student", "enrolment__class_group", "enrolment__unit")
    return {row.pk: row for row in found}


def why_words(why: Why, before: str, after: str) -> str:
    """A reason as a sentence; `before` and `after` are how the neighbours are called."""
    around = {"before": before, "after": after}
    if why.kind in ("between_order", "between_time"):
        if why.kind == "between_order":
            return _("between %(before)s and %(after)s by file name") % around
        return _("between %(before)s and %(after)s by time of capture") % around
    if why.kind in ("after_order", "after_time"):
        return _("next after %(before)s") % around
    if why.kind in ("before_order", "before_time"):
        return _("last before %(after)s") % around
    return {
        "named": _("named by the file"),
        "name": _("the name is in the file's name"),
        "ordered": _("by its order the likeliest shot number"),
        "number_same": _("the student number is in the file's name"),
        "number_digit": _("one character of the student number differs"),
        "number_swap": _("two characters of the student number are exchanged"),
        "number_missing": _("one character of the student number is missing"),
        "number_extra": _("one character too many in the student number"),
        "number_two": _("two characters of the student number differ"),
        "number_end": _("the student number ends like this"),
        "shot_same": _("the shot number, written differently"),
        "shot_digit": _("one character of the shot number differs"),
        "shot_swap": _("two characters of the shot number are exchanged"),
        "shot_missing": _("one character of the shot number is missing"),
        "shot_extra": _("one character too many in the shot number"),
        "missing_in_class": _("still without a picture in this class"),
    }[why.kind]


def find_choices(studio: Studio, campaign: Campaign, words: str, known: Known) -> list[Choice]:
    """What somebody searches for: people by number or name, where they may be known, and shot numbers."""
    words = words.strip()
    if len(words) < LEAST_WORDS and words.isascii():
        return []
    typed = words.upper()
    active = {person.key: person.has_picture for person in known.people}
    by_shot = {shot.person: shot.code for shot in known.shots if typed in shot.code and shot.person in active}
    if not known.shows_people:
        hits = list(by_shot.items())[:MOST_FOUND]
        return [
            Choice(str(number), None, code, has_picture=active[key], ties_shot=True)
            for number, (key, code) in enumerate(hits, start=1)
        ]
    people = find_people(studio, campaign, words)
    known_pks = {person.pk for person in people}
    others = [key for key in by_shot if key not in known_pks][: MOST_FOUND - len(people)]
    rows = _rows(others)
    people += [rows[key] for key in others if key in rows]
    return [
        Choice(
            str(number),
            person,
            by_shot.get(person.pk) or known.codes.get(person.pk, ""),
            has_picture=person.picture_id is not None,
            ties_shot=person.pk in by_shot,
        )
        for number, person in enumerate(people, start=1)
    ]


def find_people(studio: Studio, campaign: Campaign, words: str) -> list[Graduate]:
    """People of the granted units by student number or name; who has no picture yet comes first."""
    found = (
        granted_graduates(studio, campaign)
        .active()
        .filter(Q(enrolment__student_number__contains=words) | Q(enrolment__student__name__contains=words))
    )
    has_picture = ExpressionWrapper(Q(picture__isnull=False), output_field=BooleanField())
    found = found.annotate(has_picture=has_picture).order_by("has_picture", "enrolment__student_number")
    return list(found[:MOST_FOUND])
