"""Masks and image-level labels of the same pictures: what cannot be is refused, what can be is counted."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_folder import CLASSES, CONTENT, check, ids_of, raw_png, write_folder, write_labels

from wsss.data import DataError
from wsss.data_checks import check_masks
from wsss.label_io import VOC_PALETTE, read_label, write_label
from wsss.mask_checks import Disagreement


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "mine")


def change_masks(folder: Path, change, ids=tuple(CONTENT)) -> None:
    for image_id in ids:
        path = folder / f"SegmentationClass/{image_id}.png"
        write_label(path, change(read_label(path)).astype(np.uint8))


def look_up(*values: int):
    """Replaces 0, 1, 2, … by these."""
    return lambda mask: np.array([*values, *range(len(values), 256)])[mask]


def refused(folder: Path, *words: str, **masks) -> None:
    with pytest.raises((DataError, ValueError)) as caught:
        check(folder, **masks)
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words), message
    assert not (folder.parent / "masks.csv").exists()


# --- masks against labels -----------------------------------------------------------------------------------------


def test_a_good_folder_agrees(folder):
    check(folder)
    assert [d.ids for d in check_masks(folder, folder.parent / "masks.csv", ["train", "val"])] == [[], []]


def test_classes_in_another_order(folder):
    (folder / "classes.txt").write_text("background\ndog\ncat\ncow\n")
    refused(folder, "SegmentationClass", "labels.csv", "classes.txt", "mask of t0 shows dog, its label says cat")


def test_labels_that_were_sorted_without_their_pictures(folder):
    names = sorted(" ".join(CLASSES[c] for c in shown) for _, shown in CONTENT.values())
    write_labels(folder, dict(zip(CONTENT, names, strict=True)))
    refused(folder, "labels.csv", "differ in 6 of 8 pictures of split 'train'")


def test_objects_in_white(folder):
    """Black and white masks: 255 is ignored, so background alone would be scored."""
    change_masks(folder, look_up(0, 255, 255, 255))
    refused(folder, "SegmentationClass", "no mask of the 8 of split 'train' shows a class", "0 and 255")


def test_validation_masks_alone_in_white(folder):
    """A split is judged by itself: it is what is scored."""
    change_masks(folder, look_up(0, 255, 255, 255), ids_of("val"))
    refused(folder, "no mask of the 4 of split 'val'")


def test_nothing_is_drawn(folder):
    change_masks(folder, lambda mask: mask * 0)
    refused(folder, "no mask of the 8", "draw a class", allowed=1.0)


def test_indices_of_instances(folder):
    """Objects counted from 1 in every picture, whatever their class."""
    change_masks(folder, look_up(0, 1, 1, 2), [i for i, (_, shown) in CONTENT.items() if len(shown) == 1])
    refused(folder, "differ in", "shows cat, its label says dog")


def test_masks_from_1(folder):
    """Background called 1: every picture shows a class more, and none its own."""
    change_masks(folder, lambda mask: mask + (mask < 3))
    refused(folder, "differ in 8 of 8")


def test_one_class_more_and_one_less_are_counted(folder):
    change_masks(folder, look_up(0, 255), ["t3"])  # its cat is too small to be drawn
    change_masks(folder, lambda mask: np.where(np.arange(mask.shape[1]) > 25, 3, mask), ["t0"])  # an unlabelled cow
    refused(folder, "differ in 2 of 8", "dataset.disagreement allows 5 %")
    with pytest.raises(DataError):
        check(folder, allowed=0.2)
    check(folder, allowed=0.25)
    train, val = check_masks(folder, folder.parent / "masks.csv", ["train", "val"], allowed=0.25)
    assert train.notes() == [
        "1 of 8 masks of split 'train' do not show all classes of their label (first: the mask of t3 shows dog, its "
        "label says cat and dog)",
        "1 of 8 masks of split 'train' show a class that their label lacks (first: the mask of t0 shows cat and cow, "
        "its label says cat)",
    ]
    assert val.notes() == []


def test_two_rare_classes_taken_for_each_other(tmp_path):
    """They are 3 % of all pictures, but nearly all of their own."""
    both = {f"p{k}": (frozenset({1}), frozenset({1})) for k in range(194)}
    both |= {f"q{k}": (frozenset({2 + k % 2}), frozenset({3 - k % 2})) for k in range(6)}
    found = Disagreement(tmp_path, "val", CLASSES, both)
    with pytest.raises(DataError, match=r"seem to mean different classes by 'dog': 3 labels .*3 of the masks"):
        found.refuse_beyond(0.05)
    found.refuse_beyond(1.0)


def thousand(**rare: tuple[set[int], set[int]]) -> dict[str, tuple[frozenset[int], frozenset[int]]]:
    """Pictures of cats, and some whose mask shows and whose label says something else."""
    cats = {f"p{k}": (frozenset({1}), frozenset({1})) for k in range(1000 - len(rare))}
    return cats | {i: (frozenset(mask), frozenset(label)) for i, (mask, label) in rare.items()}


@pytest.mark.parametrize(
    "rare",
    [
        {"q0": ({1, 2}, {1, 2}), "q1": ({1}, {1, 2}), "q2": ({1}, {1, 2})},
        {"q0": ({1, 2}, {1, 2}), "q1": ({1, 2}, {1}), "q2": ({1, 2}, {1})},
        {"q0": ({1, 2}, {1, 2}), **{f"q{k}": ({1}, {1, 2}) for k in range(1, 5)}},
    ],
    ids=["too small to be drawn", "not labelled", "four too small"],
)
def test_a_rare_class_that_a_few_pictures_lack(tmp_path, rare):
    """They are .2 or .4 % of the split, and no other class is in its place."""
    found = Disagreement(tmp_path, "val", CLASSES, thousand(**rare))
    found.refuse_beyond(0.05)
    assert len(found.notes()) == 1


@pytest.mark.parametrize(
    ("rare", "words"),
    [
        ({f"q{k}": ({1}, {1, 2}) for k in range(5)}, r"by 'dog': 5 labels .* 5 of the masks"),
        ({f"q{k}": ({1, 2}, {1}) for k in range(5)}, r"by 'dog': 5 masks .* 5 of the labels"),
        ({"q0": ({2}, {2}), "q1": ({3}, {2}), "q2": ({3}, {2})}, r"q1 shows cow, its label says dog"),
        ({"q0": ({3}, {3}), "q1": ({3}, {2}), "q2": ({3}, {2})}, r"by 'cow': 3 masks .*q1 shows cow"),
    ],
    ids=["five too small", "five not labelled", "another shown", "another said"],
)
def test_a_rare_class_that_means_another(tmp_path, rare, words):
    found = Disagreement(tmp_path, "val", CLASSES, thousand(**rare))
    with pytest.raises(DataError, match=rf"{words}.*set dataset\.disagreement to 1"):
        found.refuse_beyond(0.05)
    found.refuse_beyond(1.0)


def test_few_pictures_of_a_class_prove_nothing(tmp_path):
    both = {f"p{k}": (frozenset({1}), frozenset({1})) for k in range(198)}
    both |= {"q0": (frozenset({1}), frozenset({1, 2})), "q1": (frozenset({1, 3}), frozenset({1}))}
    found = Disagreement(tmp_path, "val", CLASSES, both)
    found.refuse_beyond(0.05)
    assert len(found.notes()) == 2


# --- the form of a mask -------------------------------------------------------------------------------------------


def save(folder: Path, image_id: str, image: Image.Image, **options) -> None:
    image.save(folder / f"SegmentationClass/{image_id}.png", **options)


def painted(mask: np.ndarray, palette) -> Image.Image:
    image = Image.fromarray(mask)
    image.putpalette(bytes(np.asarray(palette, np.uint8).ravel()))
    return image


def mask_of(folder: Path, image_id: str) -> np.ndarray:
    return read_label(folder / f"SegmentationClass/{image_id}.png")


def test_a_palette_that_an_editor_has_sorted(folder):
    """Only the colours that occur are kept, so that a picture of dogs alone has dog's colour at index 1."""
    mask = mask_of(folder, "t1")
    save(folder, "t1", painted(mask // 2, VOC_PALETTE[[0, 2]]))
    refused(folder, "t1.png", "index 1", "VOC's palette has at 2", "palette")


def test_a_palette_of_other_colours(folder):
    mask = mask_of(folder, "t1")
    save(folder, "t1", painted(mask, [(0, 0, 0), (250, 50, 83), (51, 221, 255), (1, 2, 3)]))
    refused(folder, "t1.png", "index 2", "(51, 221, 255)", "none of VOC's palette", "dataset.palette")
    check(folder, any_palette=True)


def test_black_and_white_palette(folder):
    save(folder, "t0", painted(mask_of(folder, "t0"), [(0, 0, 0), (255, 255, 255)]))
    refused(folder, "t0.png", "index 1", "(255, 255, 255)")


def test_an_index_beyond_the_palette(folder):
    palette = VOC_PALETTE[:2].tobytes()
    (folder / "SegmentationClass/t1.png").write_bytes(raw_png(mask_of(folder, "t1"), 8, palette))
    refused(folder, "t1.png", "index 2")


@pytest.mark.parametrize("palette", [VOC_PALETTE[:4], VOC_PALETTE, np.arange(256).repeat(3).reshape(-1, 3)])
def test_palettes_that_mean_the_indices(folder, palette):
    """VOC's, cut to the classes or whole, and grey."""
    for image_id in CONTENT:
        save(folder, image_id, painted(mask_of(folder, image_id), palette))
    check(folder)
    assert np.array_equal(mask_of(folder, "t3"), mask_of(write_folder(folder.parent / "good"), "t3"))


def test_what_is_ignored_may_have_any_colour(folder):
    palette = VOC_PALETTE.copy()
    palette[255] = 255
    mask = mask_of(folder, "t0")
    mask[-1] = 255
    save(folder, "t0", painted(mask, palette))
    check(folder)


@pytest.mark.parametrize(
    ("convert", "words"),
    [
        (lambda m: painted(m, VOC_PALETTE).convert("RGB"), ['mode "RGB"', "palette"]),
        (lambda m: painted(m, VOC_PALETTE).convert("RGBA"), ['mode "RGBA"', "palette"]),
        (lambda m: Image.fromarray(m.astype(np.uint16)), ['mode "I;16', "8-bit"]),
        (lambda m: Image.fromarray(m > 0), ['mode "1"', "8-bit"]),
        (lambda m: Image.merge("LA", [Image.fromarray(m)] * 2), ['mode "LA"']),
    ],
)
def test_other_kinds_of_masks(folder, convert, words):
    save(folder, "t0", convert(mask_of(folder, "t0")))
    refused(folder, "SegmentationClass", "t0.png", *words)


@pytest.mark.parametrize("bits", [2, 4])
def test_grey_of_few_bits(folder, bits):
    """Decoders scale 2 bits to 0, 85, 170 and 255, which would be ignored."""
    (folder / "SegmentationClass/t2.png").write_bytes(raw_png(mask_of(folder, "t2"), bits))
    assert np.array(Image.open(folder / "SegmentationClass/t2.png")).max() == 3 * 255 // (2**bits - 1)
    refused(folder, "t2.png", f'mode "L;{bits}"', "8-bit")


def test_a_mask_that_is_a_jpeg(folder):
    """Its values are smeared, and many are still indices of classes."""
    save(folder, "t2", Image.fromarray(mask_of(folder, "t2")), format="JPEG")
    refused(folder, "t2.png is a JPEG")


def test_a_mask_that_exif_turns(folder):
    exif = Image.Exif()
    exif[0x0112] = 3
    save(folder, "t2", Image.fromarray(mask_of(folder, "t2")), exif=exif)
    refused(folder, "t2.png", "EXIF")


def test_grey_levels_in_place_of_indices(folder):
    change_masks(folder, look_up(0, 85, 170, 255))
    refused(folder, "has the value 85", "4 classes")
