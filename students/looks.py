"""What a picture looks like, in a few bits by which the same picture is found again in another size and compression.

Compared are pictures, not faces: 512 bits that say where the middle of a coarse grey picture grows darker to the right or
downwards. Nothing about a face is computed, nobody is looked up, and the bits mean nothing away from the picture. They are
taken from the whole picture as it was sent: the crop follows the face to the pixel and the number of pixels, and a copy of
half the size is cropped otherwise (up to 273 bits apart).

Measured on drawn portraits (`tests/students/test_near_pictures.py` repeats a part), through decoding: 48 of them, a
quarter with room around the head, in seven copies each (JPEG at quality 85 and 60, lighter by 6 %, 1200, 900, 480 and 240
pixels wide) are at most 9 bits from their copies; of 1,600 strangers in one layout the nearest pair of 1,279,200 is 19
bits apart, 7 pairs are within 24. Extrapolated to 20,000 people, `NEAR` gives some 30 false pairs (24 would give 1,100);
drawn people are of fewer kinds than people, so this is the upper end. Over the whole picture the nearest strangers are 6
bits apart, with steps of half a grey value copies up to 17. A copy cut by 1 % on each side is some 23 bits away, and
mostly not found; nor is every one of 192 pixels at quality 60 (up to 17 bits).
"""

import base64

import numpy as np
from PIL import Image

MARK = "2:"  # raise it when other bits come out of the same picture: those of another kind are never compared
BITS = 512
WINDOW = (0.22, 0.22, 0.78, 0.72)  # of the picture: hair, eyes, mouth, where it is in the usual layout
SIZE = (240, 320)
ACROSS = 16
STEP = 2.0  # grey values; smaller steps are noise, not a picture
NEAR = 16


def look_of(picture: Image.Image) -> str:
    """`MARK` and 512 bits in base 64: at each of 16 x 16 places, is it darker to the right, and is it darker below?"""
    grey = picture.convert("L").resize(SIZE, Image.Resampling.BICUBIC)
    left, top, right, bottom = WINDOW
    part = grey.crop(
        (
            int(grey.width * left),
            int(grey.height * top),
            int(grey.width * right),
            int(grey.height * bottom),
        )
    ).convert("F")
    across = np.asarray(part.resize((ACROSS + 1, ACROSS), Image.Resampling.BOX))
    down = np.asarray(part.resize((ACROSS, ACROSS + 1), Image.Resampling.BOX))
    bits = np.stack([np.diff(across, axis=1) < -STEP, np.diff(down, axis=0) < -STEP])
    return MARK + base64.b64encode(np.packbits(bits).tobytes()).decode()


def bits_of(look: str) -> bytes:
    return base64.b64decode(look.removeprefix(MARK))


def bits_apart(one: str, other: str) -> int:
    return (int.from_bytes(bits_of(one)) ^ int.from_bytes(bits_of(other))).bit_count()
