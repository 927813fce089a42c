"""Every check on portraits whose geometry and faults are known, and on one real portrait."""

from functools import lru_cache
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from students.background import background_results, oklab
from students.check_bounds import judged, placed, problems_of, weighed
from students.checks import REFUSE, Result, Subject, check_portrait
from students.faces import find_faces, get_detector
from students.portrait_people import Faults
from students.portraits import Portrait, draw_portrait, portrait_jpeg
from students.processing import process_picture
from students.profiles import DEFAULT_PROFILES, REGISTRATION, ProfileSpec
from tests.students import odd_pictures as odd

FRAME = (480, 640)


@lru_cache(maxsize=64)
def portrait(seed: int, size: tuple[int, int] = FRAME, zoom: float = 1.0, **faults: float) -> Portrait:
    return draw_portrait(seed, size=size, zoom=zoom, faults=Faults(**faults))


def results_of(image: Image.Image, profile: ProfileSpec = REGISTRATION) -> dict[str, Result]:
    """The picture as it is, in the standard's frame, through all checks."""
    detector = get_detector()
    subject = Subject(image, find_faces(image, detector), searched=detector is not None)
    return {result.check: result for result in check_portrait(subject, profile)}


def codes_of(image: Image.Image, severity: str = "") -> set[str]:
    return {item.code for item in results_of(image).values() if item.code and severity in ("", item.severity)}


def codes(data: bytes, severity: str = "", detector=None) -> set[str]:
    result = process_picture(BytesIO(data), DEFAULT_PROFILES, detector=detector)
    return {item.code for item in result.results if item.code and severity in ("", item.severity)}


def test_portraits_differ_and_are_the_same_again():
    drawn = [portrait_jpeg(seed, size=(300, 400)) for seed in range(20)]
    assert len(set(drawn)) == 20
    assert drawn[3] == portrait_jpeg(3, size=(300, 400))


# -- geometry


def assert_found_where_drawn(drawn: Portrait) -> None:
    (face,) = find_faces(drawn.image, get_detector())
    line = (drawn.left_eye[1] + drawn.right_eye[1]) / 2
    assert face.eyes_found
    assert abs(face.eye_middle[1] - line) <= 0.01 * drawn.image.height
    assert abs(face.width / drawn.face_width - 1) <= 0.08
    assert abs(face.tilt - drawn.tilt) <= 2


@pytest.mark.parametrize(("size", "zoom"), [(FRAME, 1.0), ((900, 1200), 0.75)])
def test_eye_line_width_and_tilt_are_found_where_they_were_drawn(size, zoom):
    for seed in range(12):
        assert_found_where_drawn(draw_portrait(seed, size=size, zoom=zoom))


@pytest.mark.parametrize("degrees", [-8, -4, 4, 8])
def test_tilt_is_measured_with_its_direction(degrees):
    assert_found_where_drawn(portrait(6, tilt=degrees))


def test_geometry_of_a_real_portrait():
    """The astronaut of scikit-image. Measured by hand: pupils at (203.9, 101.0) and (246.7, 103.1), 88.7 at the cheeks."""
    picture = Image.fromarray(astronaut())
    (face,) = find_faces(picture, get_detector())
    assert abs(face.eye_middle[1] - 102.05) <= 0.01 * picture.height
    assert abs(face.width / 88.7 - 1) <= 0.08
    assert abs(face.tilt - 2.8) <= 1


def test_portraits_inside_the_bounds_have_no_refusing_finding():
    assert [codes_of(portrait(seed).image, REFUSE) for seed in range(12)] == [set()] * 12


@pytest.mark.parametrize("seed", range(2))
def test_good_file_has_no_refusing_finding(seed):
    assert codes(odd.jpeg(seed), REFUSE, get_detector()) == set()


def test_camera_frame_is_cropped_by_the_face():
    data = portrait_jpeg(5, size=(2400, 3600), zoom=0.7)
    result = process_picture(BytesIO(data), DEFAULT_PROFILES, detector=get_detector())
    measures = {item.check: item.measure for item in result.results}
    assert 240 <= measures["eye_line"] <= 260
    assert 200 <= measures["face_width"] <= 280
    assert measures["pixels"] >= 1200


# -- each planted fault has its finding, and no other


@pytest.mark.parametrize(
    ("faults", "found"),
    [
        ({"tilt": 5}, {"head_tilt": "look"}),
        ({"tilt": 9}, {"head_tilt": "refuse"}),
        ({"shift_x": 45}, {"centring": "look"}),
        ({"shift_x": -80}, {"centring": "refuse"}),
        ({"shift_y": -66}, {"eye_line": "look", "hairline": "look"}),
        ({"shift_y": 75}, {"eye_line": "refuse", "hairline": "look"}),
        ({"scale": 0.65}, {"face_width": "refuse", "hairline": "look"}),
        ({"gradient": 0.10}, {"background_uneven": "look"}),
        ({"blur": 1.5}, {"unsharp": "look"}),
        ({"blur": 2.5}, {"unsharp": "refuse"}),
        ({"glare": True}, {"highlight": "look"}),
        ({"nobody": True}, {"no_face": "look"}),
    ],
    ids=lambda value: "-".join(map(str, value)),
)
def test_planted_fault_has_its_own_finding(faults, found):
    results = results_of(portrait(3, **faults).image)
    assert {item.code: item.severity for item in results.values() if item.code} == found


def test_head_too_large_is_refused():
    """Nearer than the frame allows: too wide, and cut at the top."""
    assert codes_of(portrait(3, scale=1.6).image, REFUSE) == {"face_width", "head_cut"}


def test_two_faces_are_found():
    both = Image.new("RGB", FRAME, (100, 197, 255))
    for seed, left in ((1, 0), (2, 240)):
        both.paste(portrait(seed).image.resize((240, 320), Image.Resampling.LANCZOS), (left, 160))
    results = results_of(both)
    assert (results["face"].measure, results["face"].code) == (2.0, "several_faces")
    assert "eye_line" not in results


@pytest.mark.parametrize(("brightness", "severity"), [(0.25, "refuse"), (1.8, "refuse")])
def test_wrong_exposure_is_found(brightness, severity):
    found = results_of(portrait(3, brightness=brightness).image)["exposure"]
    assert (found.code, found.severity) == ("exposure", severity)


def test_face_lit_from_one_side_is_found():
    image = portrait(3).image
    ramp = np.where(np.arange(480) < 240, 0.45, 1.0)
    dark = Image.fromarray((np.asarray(image) * ramp[None, :, None]).astype(np.uint8))
    assert results_of(dark)["half_light"].code == "half_lit"


@pytest.mark.parametrize(("factor", "code"), [(1.00, ""), (1.06, "face_width"), (1.15, "face_width")])
def test_width_near_its_bound_is_a_warning(factor, code):
    result = placed("face_width", 300 / 1.09 * factor, (180, 300), REGISTRATION)
    assert (result.code, result.severity) == (code, "look" if code else "note")
    assert placed("face_width", 330, (180, 300), REGISTRATION).severity == "refuse"


# -- the background, without any face library


@pytest.mark.parametrize("background", [(100, 197, 255), (255, 255, 255), (240, 240, 240)])
def test_ten_per_cent_of_gradient_are_a_fault_and_five_are_not(background):
    for share, code in ((0.05, ""), (0.10, "background_uneven")):
        image = draw_portrait(4, size=FRAME, background=background, faults=Faults(gradient=share)).image
        found = {item.check: item for item in background_results(np.asarray(image), REGISTRATION)}
        assert found["background_gradient"].code == code
        assert (found["background_colour"].code, found["background_even"].code) == ("", "")


def test_light_that_falls_from_above_is_a_fault():
    pixels = np.asarray(portrait(4).image)
    for share, code in ((0.05, ""), (0.30, "background_uneven")):
        ramp = 1 - share * np.linspace(0, 1, 640)
        fallen = (pixels * ramp[:, None, None]).astype(np.uint8)
        found = {item.check: item for item in background_results(fallen, REGISTRATION)}
        assert found["background_gradient"].code == code
        assert found["background_gradient"].data["across"] < 0.01


def test_spots_in_a_corner_are_uneven():
    image = portrait(4).image.copy()
    image.paste((60, 120, 160), (20, 30, 50, 60))
    found = {item.check: item for item in background_results(np.asarray(image), REGISTRATION)}
    assert found["background_even"].code == "background_uneven"
    assert found["background_gradient"].code == ""


@pytest.mark.parametrize(
    ("background", "severity"),
    [((200, 60, 60), "refuse"), ((40, 110, 200), "refuse"), ((67, 142, 219), "look")],
)
def test_background_of_another_colour_is_found(background, severity):
    image = draw_portrait(1, size=FRAME, background=background).image
    found = results_of(image)["background_colour"]
    assert (found.code, found.severity) == ("background_colour", severity)
    assert np.abs(np.array(found.data["rgb"]) - background).max() <= 3


def test_oklab_puts_black_at_nothing_and_white_at_one():
    assert np.allclose(oklab(np.array([[0, 0, 0], [255, 255, 255]])), [[0, 0, 0], [1, 0, 0]], atol=1e-3)


# -- without a face library


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ({"gradient": 0.10}, "background_uneven"),
        ({"brightness": 0.3}, "exposure"),
        ({"blur": 2.5}, "unsharp"),
        ({"glare": True}, "highlight"),
    ],
)
def test_planted_fault_has_its_finding_without_a_face_library(faults, code):
    assert code in codes(odd.faulty(3, **faults))


def test_without_a_face_library_geometry_stays_unchecked():
    result = process_picture(BytesIO(odd.faulty(3, tilt=9)), DEFAULT_PROFILES, detector=None)
    by_name = {item.check: item for item in result.results}
    assert by_name["face"].data == {"unchecked": True}
    assert not {"eye_line", "tilt", "centring", "face_width", "top_of_head"} & set(by_name)
    assert {item.profile.name for item in result.renditions} == {"small", "registration", "large"}


# -- the file


def test_grey_picture_is_refused():
    assert "format" in codes(odd.saved(odd.drawing(1, 1200, 1600).convert("L"), "JPEG"), "refuse")


def test_picture_that_ends_in_one_colour_is_worth_a_look():
    image = odd.drawing(1, 1200, 1600).copy()
    image.paste(Image.new("RGB", (1200, 300), (90, 110, 140)), (0, 1300))
    assert "format" in codes(odd.saved(image, "JPEG", quality=92), "look")


def test_bytes_of_each_rendition_are_measured_within_their_bounds():
    result = process_picture(BytesIO(odd.jpeg(1)), DEFAULT_PROFILES, detector=None)
    sizes = {item.check: (item.measure, item.high, item.code) for item in result.results}
    made = {item.profile.name: len(item.data) for item in result.renditions}
    assert sizes["bytes_small"] == (made["small"], 8192, "")
    assert sizes["bytes_registration"] == (made["registration"], 40_000, "")


# -- what a profile may change


def profile_with(**checks) -> ProfileSpec:
    return ProfileSpec("registration", 480, 640, eyes=(200, 300), face=(180, 300), checks=checks)


def test_profile_may_move_a_bound():
    strict = profile_with(tilt={"high": 1.0, "refuse_high": 1.5})
    assert judged("tilt", 2.0, REGISTRATION).code == ""
    assert (judged("tilt", 2.0, strict).code, judged("tilt", 2.0, strict).severity) == ("head_tilt", "refuse")


def test_profile_may_say_how_much_a_check_weighs():
    mild = profile_with(
        tilt={"severity": "note"}, eye_line={"severity": "look", "tolerance": 20}, face={"severity": "refuse"}
    )
    assert judged("tilt", 9.0, mild).severity == "note"
    assert placed("eye_line", 350, (200, 300), mild).severity == "look"
    nobody = Result("face", 0.0, 1.0, 1.0, "no_face", REFUSE)
    assert (weighed(nobody, REGISTRATION).severity, weighed(nobody, mild).severity) == ("look", "refuse")


def test_geometry_is_measured_in_the_pixels_of_the_profile():
    double = ProfileSpec("registration", 960, 1280, eyes=(400, 600), face=(360, 600), hairline=(100, 220))
    one, two = results_of(portrait(3).image), results_of(portrait(3).image, double)
    assert two["eye_line"].measure == pytest.approx(2 * one["eye_line"].measure, abs=0.2)
    assert two["top_of_head"].measure == pytest.approx(2 * one["top_of_head"].measure, abs=0.2)
    assert two["centring"].measure == one["centring"].measure
    assert two["eye_line"].data["frame"] == [960, 1280]


@pytest.mark.parametrize(
    "checks",
    [
        [],
        {"smile": {"high": 1}},
        {"tilt": 3},
        {"tilt": {"high": "much"}},
        {"tilt": {"high": True}},
        {"tilt": {"high": -1}},
        {"tilt": {"low": 1}},
        {"tilt": {"code": "x"}},
        {"tilt": {"high": 7}},
        {"tilt": {"severity": "bad"}},
        {"eye_line": {"high": 3}},
        {"face": {"high": 3}},
    ],
)
def test_bounds_that_cannot_be_used_are_named(checks):
    assert len(problems_of(checks)) == 1


def test_bounds_that_can_be_used_pass():
    good = {
        "tilt": {"high": 2.5, "refuse_high": 5, "severity": "look"},
        "exposure": {"low": 90},
        "eye_line": {"tolerance": 8},
        "face": {"severity": "refuse"},
        "captured": {"severity": "note"},
        "bytes_small": {"severity": "look"},
    }
    assert problems_of(good) == []
