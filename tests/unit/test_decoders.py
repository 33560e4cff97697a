"""Pictures and maps are read as a second library reads them, or refused: nothing that carries meaning is dropped."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from small_folder import CONTENT, HEIGHT, WIDTH, check, raw_png, write_folder

from wsss.data import DataError, orientation, read_picture
from wsss.data_checks import check_range, picture_size
from wsss.label_io import read_gray, read_label, write_label


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "mine")


def refused(folder: Path, *words: str) -> None:
    with pytest.raises((DataError, ValueError)) as caught:
        check(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


def smooth(mode: str) -> Image.Image:
    """A picture without edges, which JPEG keeps, in any mode of Pillow's."""
    y, x = np.mgrid[0:40, 0:56]
    colours = np.stack([x * 4, y * 6, 255 - x * 2 - y * 3], axis=2).astype(np.uint8)
    if mode in ("I;16", "I", "F"):
        return Image.fromarray(colours[..., 0].astype(np.uint16) * 257).convert(mode)
    return Image.fromarray(colours).convert(mode)


KINDS = [
    ("JPEG", mode, options)
    for mode, options in [
        ("RGB", {"quality": 95}),
        ("RGB", {"quality": 95, "progressive": True}),
        ("RGB", {"quality": 95, "subsampling": 0}),
        ("RGB", {"quality": 95, "restart_marker_rows": 1}),
        ("L", {"quality": 95}),
        ("1", {"quality": 95}),
        ("CMYK", {"quality": 95}),
        ("YCbCr", {"quality": 95}),
        ("RGB", {"quality": 95, "keep_rgb": True}),
    ]
]
KINDS += [("PNG", mode, {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")]
KINDS += [
    ("PNG", "P", {"transparency": 0}),
    ("PNG", "L", {"transparency": 3}),
    ("PNG", "RGB", {"transparency": (0, 0, 255)}),
]
KINDS += [("BMP", mode, {}) for mode in ("1", "L", "P", "RGB", "RGBA")]
KINDS += [("WEBP", mode, {"lossless": True}) for mode in ("L", "RGB", "RGBA")]
OTHERS = ("TIFF", "GIF", "TGA", "PPM", "ICO", "SGI", "PCX", "DDS", "JPEG2000", "AVIF")  # refused
KINDS += [(form, mode, {}) for form in (*OTHERS, "MPO") for mode in ("L", "RGB")]


@pytest.mark.parametrize(("form", "mode", "options"), KINDS, ids=lambda value: str(value))
def test_pictures_of_all_kinds_are_read_as_pillow_reads_them(tmp_path, form, mode, options):
    path = tmp_path / "a.jpg"
    try:
        smooth(mode).save(path, form, **options)
    except (OSError, KeyError, ValueError, SystemError) as error:
        pytest.skip(f"Pillow does not write it here: {error}")
    try:
        read = read_picture(path)
        assert form not in OTHERS
    except DataError as error:
        assert str(path) in str(error) and "\n" not in str(error)
        assert form in OTHERS or mode == "I;16" or "transparency" in options, error
        return
    with Image.open(path) as image:
        expected = np.array(ImageOps.exif_transpose(image).convert("RGB")).astype(int)
    difference = np.abs(read.astype(int) - expected)
    assert read.shape == expected.shape and difference.max() <= (8 if form in ("JPEG", "MPO") else 0)
    assert difference.mean() < 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\0\0\0\x18ftypheic" + bytes(99), "is HEIC or AVIF .* save it as JPEG"),
        (b"\0\0\0\x18ftypavif" + bytes(99), "is HEIC or AVIF"),
        (b"II*\0" + bytes(99), "is TIFF .* save it as JPEG or PNG"),
        (b"GIF89a" + bytes(99), "is a GIF"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is what Git LFS keeps .*git lfs pull"),
        (b"<html>", "cannot be decoded as a picture"),
    ],
)
def test_a_file_that_only_has_the_name_of_a_picture(tmp_path, data, words):
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(DataError, match=rf"a\.jpg {words}"):
        read_picture(tmp_path / "a.jpg")


# --- EXIF's orientation -------------------------------------------------------------------------------------------


def with_exif(image: Image.Image, form: str, orientation: int, **options) -> bytes:
    exif, stream = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    image.save(stream, form, exif=exif, **options)
    return stream.getvalue()


@pytest.mark.parametrize("value", [*range(1, 9), 0, 9])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_read_upright(tmp_path, form, value):
    data = with_exif(smooth("RGB"), form, value, quality=100)
    (tmp_path / "a.jpg").write_bytes(data)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.array(ImageOps.exif_transpose(image)).astype(int)
    read = read_picture(tmp_path / "a.jpg")
    assert read.flags.c_contiguous and read.shape == expected.shape == (*picture_size(tmp_path / "a.jpg"), 3)
    assert np.abs(read - expected).mean() < 2
    assert orientation(data) == (value if 1 <= value <= 8 else 1)


def test_a_map_that_exif_turns_is_refused_as_a_mask_is(tmp_path):
    (tmp_path / "a.png").write_bytes(with_exif(smooth("L"), "PNG", 3))
    for read in (read_gray, read_label):
        with pytest.raises(ValueError, match=r"a\.png has an EXIF orientation"):
            read(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes(with_exif(smooth("L"), "PNG", 1))
    assert read_gray(tmp_path / "a.png").shape == (40, 56)


def segment(kind: bytes, content: bytes) -> bytes:
    return b"\xff" + kind + (len(content) + 2).to_bytes(2, "big") + content


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Depth maps and films of phones, profiles for print: more than a reader may look at first.
        (b"", 5 * segment(b"\xe1", b"http://ns.adobe.com/xmp/extension/\0" + bytes(60000))),
        (5 * segment(b"\xe2", b"x" * 60000), b""),
        (segment(b"\xed", b"Photoshop 3.0\0\xff\xd8\xff\xda\0\x0c\xff\xd9"), b""),  # a thumbnail
    ],
    ids=["megabytes after", "megabytes before", "the marker of a scan before"],
)
def test_what_else_a_jpeg_holds_does_not_hide_how_it_is_turned(tmp_path, before, after):
    data = with_exif(smooth("RGB"), "JPEG", 6, quality=100)
    start = data.find(b"Exif\0\0") - 4
    end = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    (tmp_path / "a.jpg").write_bytes(data[:start] + before + data[start:end] + after + data[end:])
    assert read_picture(tmp_path / "a.jpg").shape == (56, 40, 3)
    assert picture_size(tmp_path / "a.jpg") == (56, 40)


def turn(folder: Path, image_id: str, value: int, *, drawn_upright: bool) -> None:
    """A picture with EXIF's tag, and its map and mask drawn over what viewers show, or over what is stored."""
    path = folder / f"JPEGImages/{image_id}.jpg"
    data = with_exif(Image.open(path), "JPEG", value, quality=95)
    path.write_bytes(data)
    for name in ("SegmentationClass", "Saliency") if drawn_upright else ():
        drawn = Image.open(folder / f"{name}/{image_id}.png")
        exif = Image.Exif()
        exif[0x0112] = value
        drawn.load()
        drawn.getexif()[0x0112] = value
        upright = np.array(ImageOps.exif_transpose(drawn))
        if name == "Saliency":
            Image.fromarray(upright).save(folder / f"{name}/{image_id}.png")
        else:
            write_label(folder / f"{name}/{image_id}.png", upright)


@pytest.mark.parametrize("value", [5, 6, 7, 8])
def test_a_quarter_turn_that_mask_and_map_follow(folder, value):
    turn(folder, "t0", value, drawn_upright=True)
    turn(folder, "v0", value, drawn_upright=True)
    check(folder)
    for image_id in ("t0", "v0"):
        picture = read_picture(folder / f"JPEGImages/{image_id}.jpg").astype(int)
        mask = read_label(folder / f"SegmentationClass/{image_id}.png")
        assert (picture.max(axis=2) - picture.min(axis=2))[mask > 0].mean() > 100  # colours lie under the mask


@pytest.mark.parametrize(("value", "image_id"), [(6, "t0"), (6, "v0"), (8, "v1")])
def test_a_quarter_turn_that_they_do_not_follow(folder, value, image_id):
    turn(folder, image_id, value, drawn_upright=False)
    refused(
        folder,
        f"{image_id}.jpg is turned by EXIF (orientation {value})",
        f"read as {HEIGHT}×{WIDTH} px",
        "without the tag",
    )


@pytest.mark.parametrize("value", [2, 3, 4])
@pytest.mark.parametrize(("image_id", "drawn"), [("t0", True), ("v0", False)])
def test_a_turn_that_sizes_cannot_tell(folder, value, image_id, drawn):
    turn(folder, image_id, value, drawn_upright=drawn)
    refused(folder, f"{image_id}.jpg is turned by EXIF (orientation {value})", "does not tell", "without the tag")


def test_a_square_picture_on_its_side(folder):
    for name, suffix in (("JPEGImages", "jpg"), ("SegmentationClass", "png"), ("Saliency", "png")):
        path = folder / name / f"t0.{suffix}"
        Image.open(path).crop((0, 0, 24, 24)).save(path)
    check(folder)
    turn(folder, "t0", 6, drawn_upright=True)
    refused(folder, "t0.jpg is turned by EXIF (orientation 6)", "does not tell")


# --- damage and depth of pictures ---------------------------------------------------------------------------------


def noise(size: tuple[int, int] = (240, 300)) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(60, 190, (*size, 3), dtype=np.uint8))


def replace_picture(folder: Path, data: bytes, size: tuple[int, int] = (240, 300)) -> None:
    """For t0, with a mask and a map of the new size."""
    (folder / "JPEGImages/t0.jpg").write_bytes(data)
    mask = np.zeros(size, np.uint8)
    mask[:50, :50] = 1
    write_label(folder / "SegmentationClass/t0.png", mask)
    Image.fromarray(mask * 255).save(folder / "Saliency/t0.png")


def encoded(image: Image.Image, form: str = "JPEG", **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 2}], ids=str)
@pytest.mark.parametrize("filler", [b"\0", b"\xff", b"U"])
def test_a_picture_whose_middle_is_lost(folder, filler, options, capfd):
    """Its end is there and OpenCV decodes it, but libjpeg has warned of what it made up."""
    data = bytearray(encoded(noise(), quality=90, **options))
    replace_picture(folder, bytes(data))
    check(folder)
    n = len(data)
    data[n // 3 : n // 2] = filler * (n // 2 - n // 3)
    replace_picture(folder, bytes(data))
    refused(folder, "t0.jpg is", "copy the picture again")
    assert "Corrupt" not in capfd.readouterr().err


def test_padding_behind_the_last_pixel_is_no_damage(folder):
    data = encoded(noise(), quality=90)
    before = np.array(Image.open(io.BytesIO(data)))
    replace_picture(folder, data[:-2] + b"\0\0" + data[-2:])
    check(folder)
    assert np.array_equal(read_picture(folder / "JPEGImages/t0.jpg"), before)


def test_what_others_say_on_the_screen_is_no_damage(folder, capfd):
    """Complaints of one picture are not told of the next."""
    replace_picture(folder, encoded(noise(), quality=90))
    check(folder)
    os.write(2, b"Corrupt JPEG data: said elsewhere\n")
    check(folder)
    assert "said elsewhere" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (raw_png(np.zeros((24, 30), np.uint8), 8)[:-20], ["decoded"]),
        (encoded(Image.fromarray(np.full((24, 30), 4000, np.uint16)), "PNG"), ["more than 8 bits"]),
        (encoded(Image.new("RGBA", (30, 24), (9, 9, 9, 0)), "PNG"), ["transparent"]),
        (encoded(Image.new("LA", (30, 24), (9, 100)), "PNG"), ["transparent"]),
        (encoded(Image.new("P", (30, 24)), "PNG", transparency=0), ["transparent"]),
        (encoded(Image.new("RGBA", (30, 24), (9, 9, 9, 77)), "WEBP"), ["transparent"]),
        (encoded(Image.new("RGB", (30, 24)), "TIFF"), ["JPEG or PNG"]),
        (b"", ["decoded"]),
        (b"\x89PNG\r\n\x1a\n", ["decoded"]),
    ],
)
def test_pictures_that_say_more_than_is_read(folder, data, words):
    path = folder / "JPEGImages/t0.jpg"
    path.write_bytes(data)
    refused(folder, str(path), *words)


def test_an_opaque_picture_with_an_alpha_channel(folder):
    picture = Image.open(folder / "JPEGImages/t0.jpg")
    (folder / "JPEGImages/t0.jpg").unlink()
    picture.convert("RGBA").save(folder / "JPEGImages/t0.png")
    check(folder)
    assert np.array_equal(read_picture(folder / "JPEGImages/t0.png"), np.array(picture))


# --- saliency maps ------------------------------------------------------------------------------------------------

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P"])
def test_a_map_in_grey_colours_is_read_exactly(tmp_path, mode):
    Image.fromarray(RAMP).convert(mode).save(tmp_path / "a.png")
    assert np.array_equal(read_gray(tmp_path / "a.png"), RAMP)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_a_map_of_few_bits_goes_from_black_to_white(tmp_path, bits):
    values = RAMP // (256 >> bits)
    (tmp_path / "a.png").write_bytes(raw_png(values, bits))
    assert np.array_equal(read_gray(tmp_path / "a.png"), values * (255 // (2**bits - 1)))


def viridis(values: np.ndarray) -> np.ndarray:
    from matplotlib import colormaps

    return (colormaps["viridis"](values) * 255).astype(np.uint8)


@pytest.mark.parametrize("channels", [3, 4])
def test_a_map_through_a_colour_map(folder, channels):
    for image_id, (split, _) in CONTENT.items():
        path = folder / f"Saliency/{image_id}.png"
        if split == "train":
            Image.fromarray(viridis(read_gray(path))[..., :channels]).save(path)
    refused(folder, "Saliency", "t0.png is in colours", "colour map")


def test_a_map_with_a_palette_of_colours(tmp_path):
    image = Image.fromarray(RAMP)
    image.putpalette(bytes(viridis(np.arange(256))[:, :3].ravel()))
    image.save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a\.png is in colours"):
        read_gray(tmp_path / "a.png")


@pytest.mark.parametrize(
    "image",
    [
        Image.merge("LA", [Image.new("L", (9, 9), 255), Image.new("L", (9, 9), 30)]),
        Image.merge("RGBA", [Image.new("L", (9, 9), 0)] * 3 + [Image.fromarray(RAMP[:9, :9])]),
    ],
)
def test_a_map_in_the_alpha_channel(tmp_path, image):
    image.save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a\.png has transparent pixels"):
        read_gray(tmp_path / "a.png")


@pytest.mark.parametrize("mode", ["I;16", "F", "CMYK", "RGB;16"])
def test_a_map_of_more_bits_or_other_colours(tmp_path, mode):
    path = tmp_path / "a.png"
    if mode == "RGB;16":
        import cv2

        path.write_bytes(cv2.imencode(".png", np.full((9, 9, 3), 300, np.uint16))[1].tobytes())
    else:
        image = Image.fromarray(np.full((9, 9), 300, np.uint16)) if mode == "I;16" else Image.new(mode, (9, 9))
        image.save(path, "PNG" if mode == "I;16" else "TIFF")
    with pytest.raises(ValueError, match=r"a\.png: the image has mode .*; a grey map must have 8 bits"):
        read_gray(path)


def test_maps_of_zeros_and_ones(folder):
    for path in (folder / "Saliency").iterdir():
        Image.fromarray(read_gray(path) // 255).save(path)
    refused(folder, "Saliency holds saliency maps of the values 0 and 1", "255")


def test_one_map_that_is_nearly_black_is_one_of_many():
    check_range(Path("maps"), [0, 1, 200])
    check_range(Path("maps"), [0, 0])
    check_range(Path("maps"), [])
    with pytest.raises(DataError):
        check_range(Path("maps"), [0, 1])


@pytest.mark.parametrize("read", [read_gray, read_label, picture_size, read_picture])
def test_a_header_cut_short_is_told_of_the_file(tmp_path, read):
    """Pillow raises another kind of error for it than for other damage."""
    data = bytearray(raw_png(RAMP, 8))
    data[11] ^= 1  # the length of the header
    (tmp_path / "a.png").write_bytes(bytes(data))
    with pytest.raises(ValueError, match=r"a\.png"):
        read(tmp_path / "a.png")
