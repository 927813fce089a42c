"""The style sheets keep their promises: both dark blocks agree, and every pair of text and ground has contrast."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOKENS = (ROOT / "static" / "css" / "tokens.css").read_text()

TEXT_PAIRS = [
    (ink, ground)
    for ground in ("bg", "surface", "sunken", "accent-soft")
    for ink in ("text", "muted", "accent", "accent-strong")
] + [
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("good", "good-soft"),
    ("wait", "wait-soft"),
    ("bad", "bad-soft"),
    ("text", "good-soft"),
    ("text", "wait-soft"),
    ("text", "bad-soft"),
    ("good", "surface"),
    ("wait", "surface"),
    ("bad", "surface"),
    ("bad", "bg"),
    ("on-bad", "bad"),
    ("photo-ink", "photo"),
]
LINE_PAIRS = [("line-strong", "surface"), ("line-strong", "bg"), ("accent", "bg"), ("bad", "surface")]


def block(selector: str) -> dict[str, str]:
    body = re.search(re.escape(selector) + r"\s*\{(.*?)\}", TOKENS, re.S)
    assert body, selector
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", body.group(1)))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


LIGHT = block(":root")
DARK = block(':root[data-theme="dark"]')


def test_dark_by_system_and_dark_by_choice_are_equal():
    assert block(':root:not([data-theme="light"])') == DARK


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_has_contrast(scheme: dict[str, str], ink: str, ground: str):
    assert contrast(scheme[ink], scheme[ground]) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), LINE_PAIRS)
def test_control_edges_have_contrast(scheme: dict[str, str], ink: str, ground: str):
    assert contrast(scheme[ink], scheme[ground]) >= 3


def test_templates_carry_no_inline_style_or_script():
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"<[^>]*\s(style|on[a-z]+)\s*=", text), path
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style", text), path


def test_every_icon_used_exists():
    symbols = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static" / "img" / "icons.svg").read_text()))
    used: set[str] = set()
    for path in (ROOT / "templates").rglob("*.html"):
        used |= set(re.findall(r'{%\s*icon\s+"([\w-]+)"', path.read_text()))
        used |= set(re.findall(r'icon_name="([\w-]+)"', path.read_text()))
    assert used <= symbols
