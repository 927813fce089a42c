from io import BytesIO

import pytest
from PIL import Image

from students.checks import judged
from students.faces import find_faces, get_detector
from students.portraits import draw_portrait, portrait_jpeg
from students.processing import process_picture
from students.profiles import DEFAULT_PROFILES, REGISTRATION, ProfileSpec
from tests.students import odd_pictures as odd

needs_faces = pytest.mark.skipif(get_detector() is None, reason="OpenCV below 5 is not installed")


def codes(data: bytes, severity: str = "", detector=None) -> set[str]:
    result = process_picture(BytesIO(data), DEFAULT_PROFILES, detector=detector)
    return {item.code for item in result.results if item.code and severity in ("", item.severity)}


def test_portraits_differ_and_are_the_same_again():
    drawn = [portrait_jpeg(seed, size=(300, 400)) for seed in range(20)]
    assert len(set(drawn)) == 20
    assert drawn[3] == portrait_jpeg(3, size=(300, 400))


@needs_faces
def test_nearly_every_drawn_portrait_has_one_face():
    detector = get_detector()
    found = sum(
        len(find_faces(draw_portrait(seed, size=(480, 640)).image, detector)) == 1 for seed in range(60)
    )
    assert found >= 57


@needs_faces
@pytest.mark.parametrize("zoom", [1.0, 0.75])
def test_eyes_and_width_are_found_where_they_were_drawn(zoom):
    for seed in range(12):
        portrait = draw_portrait(seed, size=(900, 1200), zoom=zoom)
        (face,) = find_faces(portrait.image, get_detector())
        line = (portrait.left_eye[1] + portrait.right_eye[1]) / 2
        assert abs(face.eye_middle[1] - line) <= 12
        assert abs(face.width / portrait.face_width - 1) <= 0.10
        assert abs(face.tilt - portrait.tilt) <= 2


@needs_faces
@pytest.mark.parametrize("seed", range(10))
def test_good_portrait_has_no_refusing_finding(seed):
    assert codes(odd.jpeg(seed), "refuse", get_detector()) == set()


@needs_faces
def test_camera_frame_is_cropped_by_the_face():
    data = portrait_jpeg(5, size=(2400, 3600), zoom=0.7)
    result = process_picture(BytesIO(data), DEFAULT_PROFILES, detector=get_detector())
    measures = {item.check: item.measure for item in result.results}
    assert 240 <= measures["eye_line"] <= 260
    assert 200 <= measures["face_width"] <= 280
    assert measures["pixels"] >= 1200


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


@needs_faces
@pytest.mark.parametrize(("faults", "code"), [({"tilt": 8}, "head_tilt"), ({"nobody": True}, "no_face")])
def test_planted_fault_of_the_face_has_its_finding(faults, code):
    assert code in codes(odd.faulty(3, **faults), detector=get_detector())


def test_slight_gradient_is_no_fault():
    assert codes(odd.faulty(3, gradient=0.05)) == set()


def test_wrong_background_is_refused():
    red = odd.saved(draw_portrait(1, background=(200, 60, 60)).image, "JPEG", quality=92)
    assert "background_colour" in codes(red, "refuse")


def test_grey_picture_is_refused():
    assert "format" in codes(odd.saved(odd.drawing(1, 1200, 1600).convert("L"), "JPEG"), "refuse")


def test_picture_that_ends_in_one_colour_is_worth_a_look():
    image = odd.drawing(1, 1200, 1600).copy()
    image.paste(Image.new("RGB", (1200, 300), (128, 128, 128)), (0, 1300))
    assert "format" in codes(odd.saved(image, "JPEG", quality=92), "look")


def test_profile_may_move_a_bound():
    strict = ProfileSpec("registration", 480, 640, checks={"tilt": {"high": 1.0}})
    assert judged("tilt", 2.0, REGISTRATION).code == ""
    assert judged("tilt", 2.0, strict).code == "head_tilt"
