from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from students.faces import Face
from students.jpeg_file import bare_jpeg, read_facts
from students.portraits import draw_portrait
from students.processing import (
    NotAPrint,
    ScanRule,
    ScanTooCoarse,
    process_picture,
    same_picture,
    thumbprint_of_jpeg,
)
from students.profiles import DEFAULT_PROFILES, LARGE, REGISTRATION, SMALL, ProfileSpec
from students.renditions import CannotFit, crop_box, encode
from tests.students import odd_pictures as odd


def made(data: bytes, **options):
    result = process_picture(BytesIO(data), DEFAULT_PROFILES, detector=None, **options)
    return {rendered.profile.name: rendered for rendered in result.renditions}, result


def by_check(result):
    return {finding.check: finding for finding in result.results}


def noise(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("seed", range(6))
def test_renditions_keep_to_their_profiles(seed):
    renditions, _result = made(odd.jpeg(seed))
    for profile in DEFAULT_PROFILES:
        rendered = renditions[profile.name]
        facts = read_facts(rendered.data)
        with Image.open(BytesIO(rendered.data)) as image:
            assert image.size == profile.size == (rendered.width, rendered.height)
            assert image.mode == "RGB"
            assert not image.getexif()
        assert facts.is_baseline and facts.components == 3 and not facts.has_metadata and not facts.has_tail
        assert facts.dpi == profile.dpi
        assert profile.min_bytes <= len(rendered.data) <= (profile.max_bytes or len(rendered.data))
    assert read_facts(renditions["registration"].data).quality >= 60
    assert len(renditions["small"].data) > 0.975 * 8192


def test_small_renditions_are_filled_to_99_percent_on_average():
    sizes = [len(made(odd.jpeg(seed))[0]["small"].data) for seed in range(12)]
    assert max(sizes) <= 8192
    assert sum(sizes) / len(sizes) >= 0.99 * 8192


def test_renditions_are_reproducible():
    one, other = made(odd.jpeg(4))[0], made(odd.jpeg(4))[0]
    assert {name: item.data for name, item in one.items()} == {
        name: item.data for name, item in other.items()
    }


def test_large_is_never_enlarged():
    renditions, result = made(odd.jpeg(2, 900, 1200))
    assert (renditions["large"].width, renditions["large"].height) == (900, 1200)
    finding = by_check(result)["pixels"]
    assert (finding.code, finding.severity, finding.measure) == ("pixels", "look", 900)


def test_too_small_original_gives_no_registration_image():
    renditions, result = made(odd.jpeg(2, 300, 400))
    assert "registration" not in renditions
    assert renditions["small"].width == 240
    assert by_check(result)["pixels"].severity == "refuse"


def test_image_that_cannot_fit_is_a_finding_and_not_a_blur():
    with pytest.raises(CannotFit):
        encode(noise(480, 640), REGISTRATION)
    _renditions, result = made(odd.saved(noise(1200, 1600), "PNG"))
    assert by_check(result)["bytes_registration"].code == "bytes"


def test_smooth_picture_below_the_smallest_size_is_a_finding():
    with pytest.raises(CannotFit):
        encode(Image.new("RGB", (480, 640), (100, 197, 255)), REGISTRATION)


def test_registration_takes_the_highest_quality_that_fits():
    picture = draw_portrait(5, size=(480, 640)).image
    encoded = encode(picture, REGISTRATION)
    out = BytesIO()
    picture.save(out, "JPEG", quality=int(encoded.quality) + 1, subsampling=2, optimize=True, dpi=(300, 300))
    assert len(encoded.data) <= 40_000 < len(out.getvalue())


def test_metadata_never_leaves():
    renditions, _result = made(odd.with_position())
    for rendered in renditions.values():
        assert b"Exif" not in rendered.data and b"somebody" not in rendered.data


def test_crop_stays_inside_and_puts_the_eyes_in_the_middle():
    face = Face(left=1400, top=900, size=900, left_eye=(1680, 1250), right_eye=(2020, 1250), eyes_found=True)
    left, top, right, bottom = crop_box((4000, 6000), 0.75, face=face, profile=REGISTRATION, at_least=1200)
    across, down = right - left, bottom - top
    assert abs(across / down - 0.75) < 1e-6
    assert abs((1250 - top) / down * 640 - 250) < 1
    assert abs((1850 - left) / across - 0.5) < 0.01
    assert abs(face.width / across * 480 - 240) < 1


def test_crop_never_reaches_beyond_the_edge():
    for x, y in ((100, 100), (1100, 1500), (600, 60)):
        face = Face(x - 150, y - 150, 300, (x - 60, y), (x + 60, y), True)
        left, top, right, bottom = crop_box((1200, 1600), 0.75, face=face, profile=REGISTRATION)
        assert left >= 0 and top >= 0 and right <= 1200 and bottom <= 1600


def test_crop_takes_more_room_rather_than_lose_pixels():
    face = Face(
        300, 300, 620, (480, 520), (700, 520), True
    )  # 527 wide: the middle of the bounds would be 1054
    left, _top, right, _bottom = crop_box((1400, 1800), 0.75, face=face, profile=REGISTRATION, at_least=1200)
    assert right - left == 1200


def test_finished_files_are_taken_unchanged():
    renditions, _result = made(odd.jpeg(7))
    for profile in (SMALL, REGISTRATION):
        finished = renditions[profile.name].data
        again, _result = made(finished)
        assert again[profile.name].data == finished
        assert again[profile.name].is_studio_file
    assert (
        "large" not in made(renditions["small"].data)[0]
        or not made(renditions["small"].data)[0]["large"].is_studio_file
    )


def test_finished_file_loses_metadata_but_no_pixel():
    base = made(odd.jpeg(7))[0]["registration"].data
    with_comment = base[:2] + b"\xff\xfe\x00\x08secret" + base[2:] + b"tail"
    assert bare_jpeg(with_comment, dpi=300) == base
    taken = made(with_comment)[0]["registration"]
    assert taken.is_studio_file and taken.data == base


def test_file_of_the_right_size_that_breaks_the_profile_is_made_anew():
    picture = draw_portrait(8, size=(480, 640)).image
    coarse = odd.saved(picture, "JPEG", quality=40, dpi=(300, 300))
    rendered = made(coarse)[0]["registration"]
    assert not rendered.is_studio_file
    assert read_facts(rendered.data).quality >= 60


def test_scan_is_cropped_to_the_print_of_44_by_33():
    scan = odd.saved(odd.drawing(3, 780, 1134), "JPEG", quality=92)  # 600 dpi
    renditions, result = made(scan, scan=ScanRule())
    assert renditions["registration"].width == 480
    assert by_check(result)["pixels"].measure == 780


def test_coarse_scan_and_wrong_shape_are_refused():
    with pytest.raises(ScanTooCoarse) as refused:
        made(odd.saved(odd.drawing(3, 390, 567), "JPEG"), scan=ScanRule())
    assert refused.value.data["dpi"] == 300
    with pytest.raises(NotAPrint):
        made(odd.jpeg(1, 1200, 1200), scan=ScanRule())


def test_two_sizes_of_one_picture_are_recognised():
    renditions, result = made(odd.jpeg(7))
    other, _result = made(odd.jpeg(9))
    assert same_picture(result.thumbprint, thumbprint_of_jpeg(renditions["small"].data))
    assert not same_picture(result.thumbprint, thumbprint_of_jpeg(other["small"].data))


def test_profile_of_another_shape_is_cropped_not_squeezed():
    old = ProfileSpec("old", 150, 210, max_bytes=8192)
    result = process_picture(BytesIO(odd.jpeg(1)), (LARGE, old), detector=None)
    sizes = {rendered.profile.name: (rendered.width, rendered.height) for rendered in result.renditions}
    assert sizes == {"large": (1200, 1600), "old": (150, 210)}


def test_comment_of_a_palette_picture_stays_behind():
    words = PngInfo()
    words.add_text("comment", "somebody lives here")
    renditions, _result = made(odd.saved(odd.drawing().convert("P"), "PNG", pnginfo=words))
    assert set(renditions) == {"small", "registration", "large"}
    for rendered in renditions.values():
        assert b"somebody" not in rendered.data and not read_facts(rendered.data).has_metadata
