"""The search for numbers finds them wherever they may hide."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from tests.leaks import Needles, search_bytes, search_folder

NUMBER = "11010519950615002X"
PHONE = "13912345678"


def packed(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        f"姓名,{NUMBER},x".encode(),
        f"姓名,{NUMBER.lower()},x".encode("gbk"),
        NUMBER.encode("utf-16-le"),
        NUMBER.encode("utf-16-be"),
        f"tel:{PHONE}.".encode(),
        b"\x00\x01abc" + PHONE.encode() + b"7",
        packed("a.csv", NUMBER.encode()),
        packed(f"{NUMBER}.jpg", b"picture"),
        packed("inner.zip", packed("b.txt", PHONE.encode())),
        gzip.compress(NUMBER.encode()),
    ],
)
def test_number_in_clear_is_found(data: bytes) -> None:
    assert list(search_bytes(data, "here", Needles([NUMBER, PHONE])))


def test_masked_and_foreign_numbers_are_not_reported() -> None:
    text = "110105**********2X 139****5678 11010519950615003X 13912345679"
    assert not list(search_bytes(text.encode(), "here", Needles([NUMBER, PHONE])))


def test_file_names_are_searched(tmp_path: Path) -> None:
    (tmp_path / f"{NUMBER}.jpg").write_bytes(b"x")
    assert len(list(search_folder(tmp_path, Needles([NUMBER])))) == 1
