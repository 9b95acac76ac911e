"""Colours as eyes see them: contrast by WCAG 2.1, distance in CIELAB, and what the colour-blind see."""

from __future__ import annotations

import math
from collections.abc import Mapping

Triple = tuple[float, float, float]

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE
# Transactions on Visualization and Computer Graphics 15(6), 2009: the matrices for complete (severity 1.0) loss of the
# one kind of cones, on linear RGB.
BLINDNESS: Mapping[str, tuple[Triple, Triple, Triple]] = {
    "none": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(colour: str) -> Triple:
    """Linear RGB, from 0 to 1, of a colour such as #6cb2d6 (IEC 61966-2-1)."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return _linear(red), _linear(green), _linear(blue)


def contrast(one: str, other: str) -> float:
    """WCAG 2.1's contrast ratio, from 1 to 21."""
    darker, lighter = sorted((_luminance(linear(one)), _luminance(linear(other))))
    return (lighter + 0.05) / (darker + 0.05)


def seen(colour: str, blindness: str) -> Triple:
    """Linear RGB of a colour as somebody sees it who lacks one kind of cones."""
    rgb = linear(colour)
    red, green, blue = (
        min(1.0, max(0.0, sum(factor * part for factor, part in zip(row, rgb, strict=True))))
        for row in BLINDNESS[blindness]
    )
    return red, green, blue


def distance(one: str, other: str, blindness: str = "none") -> float:
    """CIE 1976's difference of two colours as somebody sees them; 2.3 is just noticeable, side by side."""
    return math.dist(_lab(seen(one, blindness)), _lab(seen(other, blindness)))


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _luminance(rgb: Triple) -> float:
    red, green, blue = rgb
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _lab(rgb: Triple) -> Triple:
    """CIELAB under D65 of linear sRGB."""
    red, green, blue = rgb
    x = _cube_root((0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047)
    y = _cube_root(0.2126729 * red + 0.7151522 * green + 0.0721750 * blue)
    z = _cube_root((0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _cube_root(part: float) -> float:
    return math.cbrt(part) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116
