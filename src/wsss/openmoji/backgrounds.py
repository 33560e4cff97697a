"""Backgrounds without objects of any class: textures, skies, noise and gradients."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import skimage
from PIL import Image

# Regions (left, top, right, bottom) of the photographs that come with scikit-image's wheel. The splits share no pixel,
# and no region shows an object of a class (so neither the astronaut, the cat nor the motorcycle).
REGIONS = {
    "train": (
        ("grass.png", (0, 0, 340, 512)),
        ("gravel.png", (0, 0, 340, 512)),
        ("brick.png", (0, 0, 340, 512)),
        ("rocket.jpg", (0, 0, 290, 427)),
        ("coffee.png", (460, 0, 600, 400)),
        ("hubble_deep_field.jpg", (0, 0, 560, 872)),
        ("ihc.png", (0, 0, 300, 512)),
        ("retina.jpg", (330, 330, 1080, 740)),
    ),
    "val": (
        ("grass.png", (340, 0, 512, 512)),
        ("gravel.png", (340, 0, 512, 512)),
        ("brick.png", (340, 0, 512, 512)),
        ("rocket.jpg", (350, 0, 640, 427)),
        ("coffee.png", (0, 270, 200, 400)),
        ("hubble_deep_field.jpg", (560, 0, 1000, 872)),
        ("ihc.png", (300, 0, 512, 512)),
        ("retina.jpg", (330, 740, 1080, 1100)),
        ("camera.png", (400, 210, 512, 512)),
    ),
}

# Two colours each (RGB, 0..255) that noise, gradients and grey photographs are toned with.
TONES = (
    ((54, 84, 40), (160, 178, 96)),  # meadow
    ((70, 58, 44), (176, 152, 118)),  # earth
    ((196, 172, 128), (232, 214, 178)),  # sand
    ((64, 108, 162), (190, 216, 236)),  # sky
    ((18, 58, 92), (92, 156, 176)),  # water
    ((112, 112, 116), (204, 202, 198)),  # concrete
    ((104, 46, 36), (186, 122, 98)),  # bricks
    ((178, 186, 196), (246, 248, 250)),  # snow
    ((150, 96, 110), (232, 196, 190)),  # evening
    ((40, 42, 58), (118, 112, 136)),  # night
    ((122, 150, 132), (212, 224, 206)),  # wall, green
    ((168, 138, 82), (236, 220, 176)),  # wall, yellow
)
SKIES = (3, 7, 8, 9, 10, 11)  # indices into TONES that may be above a horizon


@cache
def _region(name: str, box: tuple[int, int, int, int]) -> np.ndarray:
    image = Image.open(Path(skimage.__file__).parent / "data" / name).convert("RGB")
    return np.asarray(image.crop(box), np.float32) / 255


@cache
def _is_grey(name: str, box: tuple[int, int, int, int]) -> bool:
    region = _region(name, box)
    return float(np.abs(region - region.mean(axis=2, keepdims=True)).max()) < 0.02


def tone(grey: np.ndarray, which: int, random: np.random.Generator) -> np.ndarray:
    """Colour a (H, W) float array in [0, 1] with TONES[which], a little changed. Returns (H, W, 3) float32."""
    dark, light = (np.array(colour, np.float32) / 255 + random.normal(0, 0.03, 3) for colour in TONES[which])
    return (dark + grey[..., None] * (light - dark)).astype(np.float32)


def noise(size: int, random: np.random.Generator) -> np.ndarray:
    """Draw noise of several octaves. Returns (size, size) float32 in [0, 1]."""
    total = np.zeros((size, size), np.float32)
    roughness = random.uniform(0.45, 0.8)
    for octave in range(2, 7):
        cells = 2**octave
        grid = random.standard_normal((cells, cells)).astype(np.float32)
        total += roughness**octave * cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)
    low, high = np.percentile(total, (1, 99))
    return np.clip((total - low) / (high - low), 0, 1)


def gradient(size: int, random: np.random.Generator) -> np.ndarray:
    """Draw a linear ramp, mostly vertical, with faint noise. Returns (size, size) float32 in [0, 1]."""
    angle = random.normal(np.pi / 2, 0.4)
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
    ramp = 0.5 + np.cos(angle) * columns + np.sin(angle) * rows
    return np.clip(ramp + 0.25 * (noise(size, random) - 0.5), 0, 1).astype(np.float32)


def photograph(size: int, split: str, random: np.random.Generator) -> np.ndarray:
    """Cut a piece from a region of `split`, flipped, toned if it is grey. Returns (size, size, 3) float32 in [0, 1]."""
    name, box = REGIONS[split][random.integers(len(REGIONS[split]))]
    region = _region(name, box)
    height, width = region.shape[:2]
    side = round(min(height, width) * random.uniform(0.65, 1))
    top, left = random.integers(height - side + 1), random.integers(width - side + 1)
    piece = region[top : top + side, left : left + side]
    shrinks = side > size
    piece = cv2.resize(piece, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    if random.random() < 0.5:
        piece = piece[:, ::-1]
    if not _is_grey(name, box):
        return np.clip(piece, 0, 1)
    low, high = np.percentile(piece, (1, 99))
    return tone(np.clip((piece[..., 0] - low) / max(high - low, 0.05), 0, 1), random.integers(len(TONES)), random)


def landscape(size: int, split: str, random: np.random.Generator) -> np.ndarray:
    """Draw ground below a sky or a wall. Returns (size, size, 3) float32."""
    sky = tone(gradient(size, random), SKIES[random.integers(len(SKIES))], random)
    if random.random() < 0.6:
        ground = photograph(size, split, random)
    else:
        ground = tone(noise(size, random), random.integers(len(TONES)), random)
    horizon = size * (random.uniform(0.4, 0.75) + random.normal(0, 0.06) * (np.arange(size) / size - 0.5))
    horizon = horizon + random.uniform(0, 0.04) * size * (noise(size, random)[0] - 0.5)
    softness = random.uniform(0.7, 3)
    share = 1 / (1 + np.exp(-np.clip((np.arange(size)[:, None] - horizon[None]) / softness, -30, 30)))
    return (sky + share[..., None].astype(np.float32) * (ground - sky)).astype(np.float32)


def background(size: int, split: str, random: np.random.Generator) -> np.ndarray:
    """Draw a background of any kind. Returns (size, size, 3) float32 RGB in [0, 1]."""
    kind = random.random()
    if kind < 0.4:
        image = photograph(size, split, random)
    elif kind < 0.75:
        image = landscape(size, split, random)
    elif kind < 0.9:
        image = tone(noise(size, random), random.integers(len(TONES)), random)
    else:
        image = tone(gradient(size, random), random.integers(len(TONES)), random)
    if random.random() < 0.5:
        image = cv2.GaussianBlur(image, (0, 0), random.uniform(0.4, 1.8))
    contrast, brightness = random.uniform(0.6, 1), random.uniform(-0.08, 0.08)
    mean = image.mean()
    return np.clip(mean + brightness + contrast * (image - mean), 0, 1).astype(np.float32)
