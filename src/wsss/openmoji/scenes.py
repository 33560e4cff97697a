"""Scenes: which objects, where, how they look, and the exact mask that follows."""

from typing import NamedTuple

import cv2
import numpy as np

from wsss.openmoji.art import DESIGNS, DISTRACTORS, picture
from wsss.openmoji.backgrounds import background
from wsss.openmoji.saliency import DISTRACTOR, OBJECT, SALIENT, imitate_saliency
from wsss.voc.classes import CLASSES

# Classes that are seen together; three of four neighbours in a complex scene come from a group of the salient class.
GROUPS = (
    ("person", "horse", "dog"),
    ("car", "bus", "bicycle", "motorbike", "person"),
    ("cow", "sheep", "dog", "horse"),
    ("chair", "sofa", "tvmonitor", "cat", "diningtable", "pottedplant", "bottle"),
    ("boat", "aeroplane", "bird"),
    ("train", "person", "bicycle"),
)
# Their hue is hardly changed: made things come in all colours, living ones do not.
LIVING = {"bird", "cat", "cow", "dog", "horse", "person", "pottedplant", "sheep"}
FLYING = {"aeroplane", "bird"}  # no contact shadow

MINIMUM_SHARE = 0.003  # of the picture, of every class that is in the mask
SUPERSAMPLING = 4
ATTEMPTS = 40  # to place an object


class Scene(NamedTuple):
    """A composed picture: image (H, W, 3) uint8 RGB, mask (H, W) uint8 class index, saliency (H, W) uint8."""

    image: np.ndarray
    mask: np.ndarray
    saliency: np.ndarray
    salient: np.ndarray  # (H, W) bool: pixels of the objects that the saliency map is meant to show
    kind: str


class Sprite(NamedTuple):
    """An object ready to be put down: (h, w, 4) float32 premultiplied RGBA with its upper left corner."""

    rgba: np.ndarray
    top: int
    left: int
    role: str
    class_index: int
    shadow: float  # strength of the contact shadow


def compose_scene(kind: str, class_index: int, split: str, size: int, random: np.random.Generator) -> Scene:
    """Compose a "simple" or "complex" scene whose first salient object has `class_index` (1..20).

    A complex scene always has a class that is not salient; every class in the mask covers MINIMUM_SHARE or more.
    """
    while True:
        sprites = _arrange(kind, class_index, size, random)
        if sprites is None:
            continue
        visible = _visible_masks(sprites, size)
        mask = np.zeros((size, size), np.uint8)
        for sprite, shown in zip(sprites, visible, strict=True):
            mask[shown] = sprite.class_index
        counts = np.bincount(mask.ravel(), minlength=len(CLASSES))
        placed = {sprite.class_index for sprite in sprites} - {0}
        if all(counts[index] >= MINIMUM_SHARE * size * size for index in placed):
            break
    roles = [sprite.role for sprite in sprites]
    salient = np.zeros((size, size), bool)
    for role, shown in zip(roles, visible, strict=True):
        salient |= shown & (role == SALIENT)
    image = _develop(_paint(sprites, background(size, split, random)), random)
    return Scene(image, mask, imitate_saliency(visible, roles, random), salient, kind)


def _arrange(kind: str, class_index: int, size: int, random: np.random.Generator) -> list[Sprite] | None:
    """Choose and place all objects, back to front. Returns None where they do not fit."""
    wanted = []  # (role, class index, side as share of the scene)
    if kind == "simple":
        if random.random() < 0.7:
            wanted.append((SALIENT, class_index, random.uniform(0.42, 0.68)))
        else:
            wanted += [(SALIENT, class_index, random.uniform(0.28, 0.40)) for _ in range(random.integers(2, 4))]
    else:
        wanted.append((SALIENT, class_index, random.uniform(0.38, 0.58)))
        present = {class_index}
        if random.random() < 0.2:
            second = _neighbour(class_index, set(), random)
            wanted.append((SALIENT, second, random.uniform(0.36, 0.44)))
            present.add(second)
        for _ in range(random.integers(1, 4)):
            other = _neighbour(class_index, present, random)
            wanted.append((OBJECT, other, random.uniform(0.24, 0.36)))
    wanted += [(DISTRACTOR, 0, random.uniform(0.14, 0.28)) for _ in range(random.integers(0, 3))]

    central = len([role for role, *_ in wanted if role == SALIENT]) == 1
    taken = np.zeros((size, size), bool)
    sprites = []
    for role, index, side in wanted:
        sprite = _place(role, index, side, central, taken, size, random)
        if sprite is None and role == SALIENT:
            return None
        if sprite is not None:
            sprites.append(sprite)
            taken |= _own_mask(sprite, size)
    if kind == "complex" and all(sprite.role != OBJECT for sprite in sprites):
        return None
    # What stands lower is nearer.
    return sorted(sprites, key=lambda sprite: sprite.top + sprite.rgba.shape[0])


def _neighbour(class_index: int, excluded: set[int], random: np.random.Generator) -> int:
    name = CLASSES[class_index]
    companions = sorted({CLASSES.index(other) for group in GROUPS if name in group for other in group} - excluded)
    if not companions or random.random() >= 0.75:
        companions = sorted(set(range(1, len(CLASSES))) - excluded)
    return int(companions[random.integers(len(companions))])


def _place(
    role: str, index: int, side: float, central: bool, taken: np.ndarray, size: int, random: np.random.Generator
) -> Sprite | None:
    name = CLASSES[index]
    designs = DISTRACTORS if role == DISTRACTOR else DESIGNS[name]
    rgba = _vary(picture(designs[random.integers(len(designs))]), name, side * size, random)
    height, width = rgba.shape[:2]
    own = rgba[..., 3] >= 0.5
    shadow = 0.0 if name in FLYING else random.uniform(0.25, 0.55)
    for _ in range(ATTEMPTS):
        if role == SALIENT and central:
            centre = size * (0.5 + np.clip(random.normal(0, 0.06, 2), -0.15, 0.15))
        elif role == SALIENT:
            centre = size * random.uniform(0.22, 0.78, 2)
        else:
            # One coordinate near a border, the other anywhere.
            centre = size * random.uniform(0.1, 0.9, 2)
            axis = random.integers(2)
            low, high = (height, width)[axis] / 2, size - (height, width)[axis] / 2
            depth = random.uniform(-0.04, 0.08) * size
            centre[axis] = low + depth if random.random() < 0.5 else high - depth
        top, left = round(centre[0] - height / 2), round(centre[1] - width / 2)
        inside = own[max(0, -top) : size - top, max(0, -left) : size - left]
        here = taken[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)]
        if inside.shape != here.shape or inside.sum() < 0.9 * own.sum():
            continue
        if (inside & here).sum() <= 0.06 * own.sum():
            return Sprite(rgba, top, left, role, index, shadow)
    return None


def _vary(art: np.ndarray, name: str, side: float, random: np.random.Generator) -> np.ndarray:
    """Flip, stretch, turn, scale, tint and shade `art`. Returns (h, w, 4) float32 premultiplied RGBA, trimmed.

    `side` is the longer side in pixels of an object that is about as wide as high; thin ones get a longer one, so that
    cars and bottles are not much smaller than the rest.
    """
    height, width = art.shape[:2]
    if random.random() < 0.5:
        art = art[:, ::-1]
    longer = side * min(max(height, width) / min(height, width), 2.5) ** 0.3
    scale = SUPERSAMPLING * longer / max(height, width) * np.exp(random.uniform(-0.1, 0.1, 2) / 2)
    angle = np.deg2rad(random.uniform(-12, 12))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = rotation @ np.diag(scale)
    extent = np.abs(matrix) @ (width, height)
    target = SUPERSAMPLING * (np.ceil(extent / SUPERSAMPLING).astype(int) + 2)
    shift = target / 2 - matrix @ (width / 2, height / 2)
    # Where the art is shrunk even on the finer grid, it must be blurred first or its lines would alias.
    if scale.mean() < 0.8:
        art = cv2.GaussianBlur(art, (0, 0), 0.4 / float(scale.mean()))
    fine = cv2.warpAffine(
        np.ascontiguousarray(art), np.column_stack([matrix, shift]), tuple(int(value) for value in target)
    )
    rgba = cv2.resize(fine, tuple(int(value) for value in target // SUPERSAMPLING), interpolation=cv2.INTER_AREA)
    rgba = cv2.GaussianBlur(rgba, (0, 0), random.uniform(0.25, 0.55))
    rgba = _tint(rgba, name, random)
    rows, columns = (np.flatnonzero((rgba[..., 3] > 0.02).any(axis=axis)) for axis in (1, 0))
    return np.ascontiguousarray(rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _tint(rgba: np.ndarray, name: str, random: np.random.Generator) -> np.ndarray:
    alpha = rgba[..., 3:]
    colour = np.clip(rgba[..., :3] / np.maximum(alpha, 1e-3), 0, 1)
    hsv = cv2.cvtColor(colour, cv2.COLOR_RGB2HSV)
    turn = random.uniform(-12, 12) if name in LIVING else random.choice((-1, 1)) * random.triangular(0, 8, 60)
    hsv[..., 0] = (hsv[..., 0] + turn) % 360
    hsv[..., 1] *= random.uniform(0.6, 1)
    colour = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    # Outlines and white areas of the art are pure black and white; things in photographs are neither.
    black, white = random.uniform(0.02, 0.2), random.uniform(0.84, 0.98)
    colour = black + (white - black) * colour
    height, width = rgba.shape[:2]
    angle = random.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    ramp = np.cos(angle) * (columns / width - 0.5) + np.sin(angle) * (rows / height - 0.5)
    shade = 1 + random.uniform(0.1, 0.4) * ramp - random.uniform(0, 0.12)
    grain = cv2.resize(
        random.standard_normal((6, 6)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    shade = shade * (1 + 0.05 * grain)
    colour = np.clip(colour * shade[..., None], 0, 1)
    return np.concatenate([colour * alpha, alpha], axis=2).astype(np.float32)


def _window(sprite: Sprite, size: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the slices of the scene that `sprite` covers, and those of the sprite that are in the scene."""
    scene, own = [], []
    for start, length in zip((sprite.top, sprite.left), sprite.rgba.shape[:2], strict=True):
        low, high = max(0, start), min(size, start + length)
        scene.append(slice(low, high))
        own.append(slice(low - start, high - start))
    return tuple(scene), tuple(own)


def _own_mask(sprite: Sprite, size: int) -> np.ndarray:
    mask = np.zeros((size, size), bool)
    scene, own = _window(sprite, size)
    mask[scene] = sprite.rgba[(*own, 3)] >= 0.5
    return mask


def _visible_masks(sprites: list[Sprite], size: int) -> list[np.ndarray]:
    """Return for each sprite the (size, size) bool mask of what no later sprite covers."""
    masks = [_own_mask(sprite, size) for sprite in sprites]
    covered = np.zeros((size, size), bool)
    for position in reversed(range(len(masks))):
        masks[position], covered = masks[position] & ~covered, covered | masks[position]
    return masks


def _paint(sprites: list[Sprite], image: np.ndarray) -> np.ndarray:
    size = len(image)
    for sprite in sprites:
        scene, own = _window(sprite, size)
        height, width = sprite.rgba.shape[:2]
        if sprite.shadow:
            ground = np.zeros((size, size), np.float32)
            centre = (sprite.left + width / 2, sprite.top + height * 0.97)
            cv2.ellipse(ground, (centre, (width * 0.9, max(height * 0.14, 3)), 0.0), 1.0, -1)
            ground = cv2.GaussianBlur(ground, (0, 0), max(1.0, height * 0.035))
            image = image * (1 - sprite.shadow * ground[..., None])
        image = image.copy()
        patch = sprite.rgba[own]
        image[scene] = image[scene] * (1 - patch[..., 3:]) + patch[..., :3]
    return image


def _develop(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Give the scene light, lens and sensor of its own. Returns (H, W, 3) uint8."""
    image = np.clip(image, 0, 1) ** random.uniform(0.8, 1.25)
    image = image * random.uniform(0.92, 1.08, 3).astype(np.float32)
    if random.random() < 0.4:
        image = cv2.GaussianBlur(image, (0, 0), random.uniform(0.3, 0.7))
    image = image + random.normal(0, random.uniform(0.006, 0.028), image.shape)
    return (np.clip(image, 0, 1) * 255).round().astype(np.uint8)
