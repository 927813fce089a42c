"""Objects of the storage as one file."""

import io
import random

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from students import stored_files
from students.stored_files import Pieces

STEP = 20_000


def test_pieces_are_read_as_one_file_with_two_open_at_most(monkeypatch):
    data = random.Random(3).randbytes(5 * STEP + 17)
    parts = [data[start : start + STEP] for start in range(0, len(data), STEP)]
    names = [
        default_storage.save(f"incoming/{number}", ContentFile(part)) for number, part in enumerate(parts)
    ]
    opened, closed = [], []
    open_one = default_storage.open

    def counted(name, mode):
        file = open_one(name, mode)
        opened.append(name)
        close = file.close
        file.close = lambda: (closed.append(name), close())
        return file

    monkeypatch.setattr(stored_files.default_storage, "open", counted, raising=False)
    raw = Pieces([(name, len(part)) for name, part in zip(names, parts, strict=True)])
    chance = random.Random(5)
    with io.BufferedReader(raw, 512) as file:
        assert file.read() == data
        for _round in range(300):
            at, length = chance.randrange(len(data) + 10), chance.randrange(3 * STEP)
            assert file.seek(at) == at
            assert file.read(length) == data[at : at + length]
            assert len(opened) - len(closed) <= stored_files.MOST_OPEN
        assert file.seek(-5, io.SEEK_END) == len(data) - 5 and file.read() == data[-5:]
        with pytest.raises(ValueError):
            raw.seek(-1)
    assert sorted(opened) == sorted(closed)
    monkeypatch.undo()
    default_storage.delete(names[2])
    with io.BufferedReader(Pieces([(name, STEP) for name in names[:5]])) as file, pytest.raises(OSError):
        file.read()
