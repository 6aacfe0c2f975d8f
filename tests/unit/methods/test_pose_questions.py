"""What a decoder is asked about a pose: one part of the image, on the grid of the pose, over the same pixels in all."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from tests.leaves import leaves
from wherefrom.core.tensors import Images, Latents
from wherefrom.images.batches import to_images, to_pixels
from wherefrom.methods.arithmetic.columns import TURNS
from wherefrom.methods.arithmetic.control_copies import turned
from wherefrom.methods.arithmetic.pose_questions import _errors, _window, likeliest
from wherefrom.methods.arithmetic.poses import Pose
from wherefrom.models.toy import Toy

_TOY = Toy(gain=0.9)
_POSES = [Pose(turn=turn, top=top, left=left) for turn in ("", *TURNS) for top, left in ((0, 0), (3, 5), (7, 1))]


class _Halving:
    """Makes half of every pixel, wherever its grid starts, and remembers what it was given."""

    def __init__(self, factor: int = 8) -> None:
        self.factor, self.given = factor, [torch.zeros(0)]

    def encode(self, images: Images) -> Latents:
        self.given += list(images.split(1))
        return images

    def decode(self, latents: Latents) -> Images:
        return 0.5 * latents


def _noise(height: int, width: int) -> Images:
    return torch.rand((1, 3, height, width), generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("factor", [4, 8, 16])
@pytest.mark.parametrize("size", [(50, 67), (96, 48), (200, 131)])
def test_the_error_is_looked_at_over_the_same_pixels_in_every_pose(size: tuple[int, int], factor: int) -> None:
    model: Any = _Halving(factor)
    image = _noise(*size)
    window = _window(model, image, 72)
    poses = [
        Pose(turn=turn, top=top, left=left)
        for turn in ("", *TURNS)
        for top, left in ((0, 0), (1, factor - 1), (factor // 2, 1))
    ]
    for error in _errors(model, image, poses, window):
        torch.testing.assert_close(error, -0.5 * window.looked_at(image))


def test_a_part_starts_on_the_grid_of_its_pose() -> None:
    model: Any = _Halving()
    for pose in _POSES:
        upright = torch.zeros((1, 3, 90, 107))
        upright[:, :, pose.top :: 8, pose.left :: 8] = 1.0  # the first pixel of each cell
        seen = turned(upright, pose.turn) if pose.turn else upright
        window = _window(model, seen, 48)
        _errors(model, seen, [pose], window)
        assert model.given[-1].shape[2:] == (48, 48)
        assert model.given[-1][0, 0, ::8, ::8].min() == 1.0


@pytest.mark.parametrize("size", [(24, 24), (24, 40), (31, 90), (192, 192), (187, 189), (512, 300)])
def test_a_window_lies_within_the_image_and_starts_with_a_block_of_a_jpeg_where_it_can(size: tuple[int, int]) -> None:
    model: Any = _Halving()
    for wanted in (1.0, 60.0, 72.0, 128.0, 1000.0):
        window = _window(model, _noise(*size), wanted)
        assert window.side % 8 == 0
        assert 16 <= window.side <= max(16, wanted)
        assert window.top >= 0
        assert window.left >= 0
        assert window.top + window.width <= size[0]
        assert window.left + window.width <= size[1]
        for start, length in ((window.top, size[0]), (window.left, size[1])):
            assert (start + 7) % 8 == 0 or length - window.width < 8


@pytest.mark.parametrize("turn", ["", *TURNS])
@pytest.mark.parametrize("place", [(0, 0), (3, 5)])
def test_the_decoder_alone_tells_where_the_grid_starts(turn: str, place: tuple[int, int]) -> None:
    made = to_images(list(to_pixels(_TOY.decode(_TOY.encode(to_images(leaves(1, 104, seed=99)))))))
    cut = made[:, :, -place[0] % 8 :, -place[1] % 8 :]
    seen = turned(cut, turn) if turn else cut
    poses = [Pose(turn=turn, top=top, left=left) for top, left in product(range(8), repeat=2)]
    pose, margin = likeliest(_TOY, seen, poses, np.zeros(len(poses)).tolist(), 4.0)
    assert pose == Pose(turn=turn, top=place[0], left=place[1])
    assert margin > 0
