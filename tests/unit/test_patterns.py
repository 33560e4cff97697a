"""Class patterns on data whose answer is known, against a direct computation in numpy."""

import numpy as np
import pytest
import torch

from wsss.generic.masks import decide
from wsss.generic.moments import Moments
from wsss.generic.patterns import (
    Pattern,
    choose_images,
    first_eigenvectors,
    load_patterns,
    orient,
    pattern_of,
    projection,
    save_patterns,
)
from wsss.generic.stages import _add_batch, _add_extremes, gather_moments

D, SIDE = 12, 9


def picture_of(share: float, rng: np.random.Generator, axis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features (D, 9, 9) of two Gaussian clouds 20 apart along ``axis``, and where the object is: a central square."""
    side = round(SIDE * np.sqrt(share))
    start = (SIDE - side) // 2
    mask = np.zeros((SIDE, SIDE), bool)
    mask[start : start + side, start : start + side] = True
    features = rng.normal(size=(D, SIDE, SIDE)) + 5
    features += 20 * mask * axis[:, None, None]
    return features.astype(np.float32), mask


def edge() -> torch.Tensor:
    border = torch.ones((SIDE, SIDE), dtype=torch.bool)
    border[1:-1, 1:-1] = False
    return border.flatten()


def moments_of(pictures: list[tuple[np.ndarray, np.ndarray]], cams: list[np.ndarray] | None = None) -> Moments:
    """Class 1's moments, picture by picture; the CAM is the object's mask unless given."""
    moments = Moments()
    for number, (features, mask) in enumerate(pictures):
        cam = mask if cams is None else cams[number]
        x = torch.from_numpy(features).flatten(1).T
        moments.add([1], x, torch.from_numpy(np.asarray(cam, np.float32)).reshape(1, -1), edge())
    return moments


@pytest.fixture
def axis() -> np.ndarray:
    v = np.random.default_rng(5).normal(size=D)
    return v / np.linalg.norm(v)


@pytest.fixture
def clouds(axis) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(0)
    return [picture_of(share, rng, axis) for share in (0.2, 0.3, 0.25, 0.4)]


def test_pattern_equals_a_direct_computation(clouds):
    pattern = pattern_of(moments_of(clouds).of(1), D)
    orient(pattern, "cam")
    x = np.concatenate([f.reshape(D, -1).T for f, _ in clouds]).astype(np.float64)
    cam = np.concatenate([m.ravel() for _, m in clouds]).astype(np.float64)
    values, vectors = np.linalg.eigh(np.cov(x.T, bias=True))
    direct = vectors[:, -1] * np.sign(np.corrcoef(x @ vectors[:, -1], cam)[0, 1])
    np.testing.assert_allclose(pattern.mean, x.mean(0), atol=1e-6)
    np.testing.assert_allclose(pattern.directions[0], direct, atol=1e-6)
    np.testing.assert_allclose(pattern.std, (x @ direct).std(), atol=1e-6)
    np.testing.assert_allclose(pattern.share, values[-1] / values.sum(), atol=1e-6)
    np.testing.assert_allclose(pattern.agreements["cam"], np.corrcoef(x @ direct, cam)[0, 1], atol=1e-6)
    assert pattern.pixels == len(x)
    features = clouds[2][0]
    q = ((features.reshape(D, -1).T - x.mean(0)) @ direct / (x @ direct).std()).reshape(SIDE, SIDE)
    np.testing.assert_allclose(projection(torch.from_numpy(features), pattern).numpy(), q, atol=1e-5)


def test_two_clouds_are_told_apart(clouds, axis):
    pattern = pattern_of(moments_of(clouds).of(1), D)
    orient(pattern, "cam")
    assert pattern.directions[0] @ axis > 0.99
    for features, mask in clouds:
        label = decide(projection(torch.from_numpy(features), pattern).numpy()[None], [7])
        assert (label == 7 * mask).mean() > 0.99


def test_a_planted_flip_of_the_sign_is_found_and_recorded(clouds):
    plain = pattern_of(moments_of(clouds).of(1), D)
    flipped = pattern_of(moments_of([(-f, m) for f, m in clouds]).of(1), D)
    np.testing.assert_allclose(flipped.directions[0], plain.directions[0], atol=1e-9)  # before: the same axis
    for pattern in (plain, flipped):
        orient(pattern, "cam")
        assert pattern.rule == "cam" and pattern.agreements["cam"] > 0.9
    assert flipped.sign == -plain.sign
    np.testing.assert_allclose(flipped.directions[0], -plain.directions[0], atol=1e-9)


def test_an_object_over_most_of_the_picture_divides_the_rules(axis):
    """It lies all along the border, so the border looks like it; the CAM knows better."""
    rng = np.random.default_rng(1)
    mask = np.ones((SIDE, SIDE), bool)
    mask[3:6, 3:6] = False  # the background shows in the middle only
    pictures = [(picture_of(0.0, rng, axis)[0] + (20 * mask * axis[:, None, None]).astype(np.float32), mask)] * 3
    by_cam, by_border = (pattern_of(moments_of(pictures).of(1), D) for _ in range(2))
    orient(by_cam, "cam")
    orient(by_border, "border")
    assert mask.mean() > 0.5
    assert by_cam.sign == -by_border.sign
    assert by_cam.agreements["border"] < 0 < by_cam.agreements["cam"]
    features = torch.from_numpy(pictures[0][0])
    assert (decide(projection(features, by_cam).numpy()[None], [1]) == mask).mean() > 0.95
    assert (decide(projection(features, by_border).numpy()[None], [1]) == mask).mean() < 0.05


def test_a_rule_that_says_nothing_leaves_it_to_the_next(clouds, axis):
    cams = [np.zeros((SIDE, SIDE))] * len(clouds)
    pattern = pattern_of(moments_of(clouds, cams).of(1), D)
    assert np.isnan(pattern.agreements["cam"])
    orient(pattern, "cam")
    assert pattern.rule == "border" and pattern.directions[0] @ axis > 0.99


class Shown:
    """What a sweep needs of a picture."""

    def __init__(self, image_id: str, *classes: int):
        self.image_id, self.classes = image_id, classes


def test_extremes_take_the_end_that_reaches_farther(axis):
    rng = np.random.default_rng(2)
    features = torch.from_numpy(np.stack([picture_of(0.1, rng, -axis)[0] for _ in range(3)]))
    batch, wanted = [Shown(str(i), 1) for i in range(3)], {1: {"0", "1", "2"}}
    moments = Moments()
    _add_batch(moments, batch, features, torch.zeros(3, 1, SIDE, SIDE), wanted)
    pattern = pattern_of(moments.of(1), D)
    _add_extremes([pattern], [(batch, features, None)], wanted)
    orient(pattern, "extremes")
    assert pattern.rule == "extremes" and pattern.directions[0] @ -axis > 0.95
    q = [projection(f, pattern) for f in features]
    assert pattern.agreements["extremes"] == pytest.approx(np.mean([float(v.max() + v.min()) for v in q]))


def test_a_batch_counts_for_the_classes_and_pictures_that_were_chosen(clouds):
    features = torch.from_numpy(np.stack([f for f, _ in clouds]))
    features[0, 3:5], features[2] = 0, 0  # channels that are 0 all over a picture, and a picture that is 0
    cams = torch.rand(4, 2, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    batch = [Shown("a", 1), Shown("b", 1, 2), Shown("c", 2), Shown("d", 1)]
    sweep = ((batch[i : i + 1], features[i : i + 1], cams[i : i + 1]) for i in range(4))
    moments, dimension = gather_moments(sweep, {1: {"a", "b"}, 2: {"b", "c"}})
    assert dimension == D
    for c, rows in ((1, [0, 1]), (2, [1, 2])):
        x = features[rows].permute(0, 2, 3, 1).reshape(-1, D).double().numpy()
        cam = cams[rows, c - 1].reshape(-1).double().numpy()
        found = moments.of(c)
        assert found.pixels == len(x)
        np.testing.assert_allclose(found.covariance, np.cov(x.T, bias=True), atol=1e-9)
        np.testing.assert_allclose(found.cam_covariance, (x - x.mean(0)).T @ (cam - cam.mean()) / len(x), atol=1e-9)
        np.testing.assert_allclose(found.cam_std, cam.std(), atol=1e-9)
        at_border = edge().repeat(2).numpy()
        np.testing.assert_allclose(found.border, x[at_border].mean(0), atol=1e-9)


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_batch_that_cannot_be_added_stops_the_sweep(failing):
    features, cams = torch.rand(1, D, SIDE, SIDE), torch.rand(3, 1, 1, SIDE, SIDE)
    sweep = [([Shown("a", 1)], features, maps if i != failing else maps[:, :0]) for i, maps in enumerate(cams)]
    with pytest.raises(IndexError):
        gather_moments(iter(sweep), {1: {"a"}})


def test_sums_are_those_of_float64_far_from_zero():
    """In float32 the covariance of values around 3000 would be lost to rounding."""
    x = np.random.default_rng(3).normal(size=(4000, 3)) * [1, 2, 3] + 3000
    moments = Moments()
    for part in np.array_split(x, 40):
        moments.add([1], torch.from_numpy(part), torch.ones(1, len(part)), torch.zeros(len(part), dtype=torch.bool))
    np.testing.assert_allclose(moments.of(1).covariance, np.cov(x.T, bias=True), rtol=1e-6, atol=1e-6)


def test_a_class_without_pictures_has_no_pattern():
    pattern = pattern_of(Moments().of(4), D)
    orient(pattern, "cam")
    assert not pattern.usable and pattern.note == "no picture" and pattern.rule == ""
    assert not projection(torch.ones(D, 2, 2), pattern).any()


def test_equal_descriptors_have_no_pattern():
    moments = Moments()
    moments.add([1], torch.full((50, D), 0.1), torch.rand(1, 50), torch.zeros(50, dtype=torch.bool))
    pattern = pattern_of(moments.of(1), D)
    assert not pattern.usable and pattern.note == "all descriptors are equal" and pattern.pixels == 50
    assert (decide(projection(torch.ones(D, 2, 2), pattern).numpy()[None], [3]) == 0).all()


def test_one_picture_with_fewer_pixels_than_channels_is_enough(clouds):
    features, mask = clouds[0]
    few = features[:, 3:5, :4]
    x = few.reshape(D, -1).T.astype(np.float64)
    moments = Moments()
    moments.add(
        [1], torch.from_numpy(x), torch.from_numpy(mask[3:5, :4]).reshape(1, -1), torch.zeros(8, dtype=torch.bool)
    )
    pattern = pattern_of(moments.of(1), D)
    assert pattern.usable and pattern.note == "fewer pixels than channels"
    _, _, rows = np.linalg.svd(x - x.mean(0))
    np.testing.assert_allclose(abs(pattern.directions[0] @ rows[0]), 1, atol=1e-6)


def test_a_single_channel_has_a_pattern():
    value, directions = first_eigenvectors(np.array([[4.0]]))
    assert value == 4 and directions.tolist() == [[1.0], [0.0]]


def test_memory_does_not_grow_with_pictures(clouds):
    moments = moments_of(clouds)
    size = sum(t.numel() for t in moments.sums[1].values())
    for _ in range(5):
        moments.add([1], torch.rand(81, D), torch.rand(1, 81), edge())
    assert sum(t.numel() for t in moments.sums[1].values()) == size == (D + 3) * D + 4


def test_images_are_drawn_by_seed_and_at_most_so_many():
    pictures = [Shown(f"{i:03d}", *((1, 2) if i % 2 else (1,))) for i in range(40)]
    chosen = choose_images(pictures, 3, 10, seed=0)
    assert [len(chosen[c]) for c in (1, 2, 3)] == [10, 10, 0]
    assert all(int(i) % 2 for i in chosen[2]) and chosen[1] == sorted(chosen[1])
    assert choose_images(pictures[::-1], 3, 10, seed=0) == chosen
    assert choose_images(pictures, 3, 10, seed=1) != chosen
    assert choose_images(pictures, 3, 800, seed=0)[1] == [p.image_id for p in pictures]


def test_patterns_come_back_as_they_were_saved(tmp_path, clouds):
    pattern = pattern_of(moments_of(clouds).of(1), D)
    orient(pattern, "cam")
    none = pattern_of(None, D)
    save_patterns(tmp_path / "p.safetensors", [pattern, none], {"block": "C41"})
    first, second = load_patterns(tmp_path / "p.safetensors")
    np.testing.assert_array_equal(first.directions, pattern.directions)
    np.testing.assert_array_equal(first.mean, pattern.mean)
    assert first.std == pattern.std and not second.usable and isinstance(second, Pattern)
