"""The photos that come with the package are those with which every published number was measured."""

from __future__ import annotations

import hashlib
from importlib import resources

import pytest

from wherefrom.images.embedded import PROFILE_PHOTOS, TEST_PHOTOS

DIGESTS = {
    "china.jpg": "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
    "flower.jpg": "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
}
"""Of the files that scikit-learn 1.9.1 distributes."""


@pytest.mark.parametrize("name", DIGESTS)
def test_a_photo_is_the_file_of_scikit_learn(name: str) -> None:
    data = resources.files("wherefrom.images.photos").joinpath(name).read_bytes()
    assert hashlib.sha256(data).hexdigest() == DIGESTS[name]
    assert data == resources.files("sklearn.datasets.images").joinpath(name).read_bytes()


def test_every_photo_is_there_and_each_of_our_own_names_its_author() -> None:
    terms = resources.files("wherefrom.images.photos").joinpath("LICENSE.txt").read_text(encoding="utf-8")
    for package, name in (*PROFILE_PHOTOS, *TEST_PHOTOS):
        assert resources.files(package).joinpath(name).is_file()
        assert package != "wherefrom.images.photos" or f"{name}: by " in terms
