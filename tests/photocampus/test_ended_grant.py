"""A studio whose grant has ended: no address of its own says any more who the people of that unit are (design §5)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Set

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from photocampus import clock
from photocampus.views import MemberPage
from sessions.models import DeliveryItem
from students.models import Enrolment, IngestFile, Photo
from tests import factories as make
from tests.photocampus.test_access_walk import PORTAL, bare_refusals, client_of  # noqa: F401
from tests.world import OBJECTS, ONLY_LOGGED, World, add_studio_work, make_world, of
from units.access import StudioPage
from units.models import StudioGrant

# Where the studio reads who somebody is, while it may.
WITH_PEOPLE = {
    *("shoots:console", "shoots:cash", "shoots:receipts", "shoots:receipt"),
    *(
        "shoots:studio-plan",
        "shoots:studio-plan-print",
        "shoots:studio-plan-sheet",
        "shoots:studio-plan-classes",
    ),
    "shoots:studio-number-cards",
    *("shoots:studio-delivery", "shoots:delivery-labels", "shoots:delivery-packing-list"),
    *("shoots:studio-problems", "shoots:studio-problem", "shoots:console-find"),
    *("students:picture-batch", "students:picture-order", "students:picture-tray", "students:studio-sheet"),
}
FURTHER = {
    "shoots:studio-delivery": of("counter_delivery", "delivery"),
    "shoots:delivery-labels": of("counter_delivery", "delivery"),
    "shoots:delivery-packing-list": of("counter_delivery", "delivery"),
    "shoots:studio-delivery-files": of("counter_delivery", "delivery"),
    "students:picture-tray-preview": of("refused_file"),
}


@pytest.fixture
def world(db: None) -> World:
    world = make_world()
    add_studio_work(world)
    return world


def end_grants(world: World, *, but_one: bool = False) -> None:
    """Those of the campaign; or only that of unit A, while the studio goes on working for unit B."""
    if but_one:
        make.make_grant(world.studio, world.other_unit, world.campaign, by=world.people["studio"])
        make.make_graduate(world.campaign, world.other_unit)
    StudioGrant.objects.filter(unit=world.unit).update(ended_at=clock.now())


def text_of(answer: HttpResponse) -> str:
    """What can be read in an answer, also in the parts of a workbook."""
    data = b"".join(answer) if answer.streaming else answer.content
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data = b"".join(archive.read(name) for name in archive.namelist())
    return data.decode(errors="replace")


def walk(world: World, only: Set[str] = frozenset()) -> Iterable[tuple[str, HttpResponse]]:
    """Every answer that the studio gets at its own addresses and at those of whoever is logged in."""
    client, name = client_of(world.people["studio"]), world.secrets[0]
    posted = {"shoots:console-find": {"q": name[:2]}, **{key: {} for key in ONLY_LOGGED}}
    asked = {"students:picture-tray": {"file": world.things["refused_file"].public_id}}
    for address in PORTAL:
        if address.view is None or not issubclass(address.view, StudioPage | MemberPage):
            continue
        if only and address.name not in only:
            continue
        for opens in {OBJECTS.get(address.name), FURTHER.get(address.name, OBJECTS.get(address.name))}:
            url = address.url(world.values(opens))
            yield address.name, client.get(url)
            if address.name in asked:
                yield address.name, client.get(url, asked[address.name])
            if address.name in posted:
                yield address.name, client.post(url, posted[address.name], headers={"HX-Request": "true"})


def pages_with_people(world: World) -> set[str]:
    answers = [(name, text_of(answer)) for name, answer in walk(world) if answer.status_code == 200]
    return {name for name, text in answers if any(secret in text for secret in world.secrets)}


@pytest.mark.usefixtures("bare_refusals")
def test_while_the_grant_lasts_the_studio_reads_who_its_people_are(world: World) -> None:
    assert pages_with_people(world) == WITH_PEOPLE


@pytest.mark.parametrize("but_one", [False, True], ids=["all grants ended", "one grant ended"])
def test_after_the_end_of_the_grant_no_address_says_who_they_are(world: World, but_one: bool) -> None:
    end_grants(world, but_one=but_one)
    assert pages_with_people(world) == set()


@pytest.mark.usefixtures("bare_refusals")
@pytest.mark.parametrize("but_one", [False, True], ids=["all grants ended", "one grant ended"])
def test_after_the_end_of_the_grant_no_file_is_handed_out(world: World, but_one: bool) -> None:
    files = {"students:picture-file", "students:picture-tray-preview", "shoots:studio-delivery-files"}
    handed_out = {name for name, answer in walk(world, files) if answer.status_code == 200}
    assert handed_out == files
    end_grants(world, but_one=but_one)
    still = {name for name, answer in walk(world, files) if answer.status_code == 200}
    # What nobody was found for is the studio's own, as long as it works for anybody.
    assert still == ({"students:picture-tray-preview"} if but_one else set())
    refused = world.values(FURTHER["students:picture-tray-preview"])
    url = f"/studio/{refused['studio']}/{refused['campaign']}/pictures/tray/{refused['public_id']}/preview/"
    assert client_of(world.people["studio"]).get(url).status_code == 404


def test_files_of_people_no_longer_seen_are_counted_but_not_listed(world: World) -> None:
    client, batch = client_of(world.people["studio"]), world.things["batch"]
    url = f"/studio/S/2018/pictures/uploads/{batch.public_id}/"
    assert client.get(url).context["hidden"] == 0
    end_grants(world, but_one=True)
    answer = client.get(url)
    assert answer.context["hidden"] == 2
    assert [row.position for row in answer.context["page_obj"]] == [1, 2]


def test_who_moved_to_a_unit_without_a_grant_takes_the_archive_along(world: World) -> None:
    """The bag is not listed any more, and the archive, which holds the picture, is not handed out; the unit keeps it."""
    make.make_grant(world.studio, world.other_unit, world.campaign, by=world.people["studio"])
    stays = make.make_graduate(world.campaign, world.unit, class_name="二班")
    delivery = world.things["delivery"]
    DeliveryItem.objects.create(
        delivery=delivery, graduate=stays, photo=world.things["photo"], bag="二班", position=2, prints_2in=6,
        prints_1in=4,
    )  # fmt: skip
    Enrolment.objects.filter(pk=world.things["graduate"].enrolment_id).update(unit=make.make_unit("C"))
    studio, unit = client_of(world.people["studio"]), client_of(world.people["unit"])
    url = f"/studio/S/2018/deliveries/{delivery.public_id}/"
    page = studio.get(url)
    assert [item.graduate for item in page.context["items"]] == [stays]
    answer = studio.post(f"{url}files/", follow=True)
    assert answer.redirect_chain == [(url, 302)]
    assert "未获授权单位人员的图像" in answer.content.decode()
    assert unit.post(f"/unit/A/2018/deliveries/{delivery.public_id}/files/").status_code == 200


@pytest.mark.parametrize(
    "page", ["deliveries/{delivery}/", "deliveries/{delivery}/labels/", "pictures/uploads/{batch}/"]
)
def test_scoping_takes_the_same_number_of_queries_for_one_and_for_many(
    world: World, page: str, django_assert_num_queries
) -> None:
    client = client_of(world.people["studio"])
    keys = {"delivery": world.things["delivery"].public_id, "batch": world.things["batch"].public_id}
    url = f"/studio/S/2018/{page.format(**keys)}"
    client.get(url)
    with CaptureQueriesContext(connection) as once:
        client.get(url)
    for position in range(10, 13):
        person = make.make_graduate(world.campaign, world.unit, class_name=f"{position}班")
        photo = Photo.objects.create(
            enrolment=person.enrolment, campaign=world.campaign, studio=world.studio, sha256=f"{position:064d}",
            origin="attendance", size=1, width=1, height=1, format="JPEG", by=world.people["studio"],
        )  # fmt: skip
        DeliveryItem.objects.create(
            delivery=world.things["delivery"], graduate=person, photo=photo, bag="x", position=position,
            prints_2in=6, prints_1in=4,
        )  # fmt: skip
        IngestFile.objects.create(
            batch=world.things["batch"], position=position, name="x.jpg", state="filed", photo=photo
        )
    with django_assert_num_queries(len(once)):
        client.get(url)
