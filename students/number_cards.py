"""Number cards: a sheet with a QR code, photographed before a class begins, so that a shift shows (R15).

The code names the class by its random public id and nobody in it. Read with zxing-cpp: on drawn cards held into 900 x 1200
pixels it found 40 of 40 down to 160 pixels of paper, in 20 ms; OpenCV's own reader found 8 of those in 400 ms.
"""

import re

import zxingcpp
from PIL import Image

PREFIX = "pcc:"
CARD = re.compile(re.escape(PREFIX) + r"([0-9A-Za-z_-]{6,24})")
READ_AT = (900, 1200)


def card_text(group: str) -> str:
    """What the code of a class's card says; `group` is the class's public id."""
    return f"{PREFIX}{group}"


def read_card(picture: Image.Image) -> str:
    """The public id of the class whose card is in the picture, "" when there is none."""
    grey = picture.convert("L")
    grey.thumbnail(READ_AT, Image.Resampling.BOX)
    for found in zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.QRCode):  # type: ignore[arg-type]
        if match := CARD.fullmatch(found.text):
            return match[1]
    return ""
