"""Tables of edits: which rows there are, and that a shared question changes no number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from wherefrom import bench, score
from wherefrom.bench import edits_generators, edits_known, edits_searched
from wherefrom.bench.edits import TABLE
from wherefrom.bench.shared import edited
from wherefrom.bench.shared.latent import KNOWN_ASKED, METHODS, PAPERS, RULES, ZOO, asked
from wherefrom.bench.shared.setting import Setting, label
from wherefrom.bench.shared.workspace import Workspace
from wherefrom.images import edits
from wherefrom.methods.base import Method
from wherefrom.methods.recompressed import Recompressed
from wherefrom.models.toy import Toy
from wherefrom.profiling.conditions import behind

EDIT = "jpeg:80"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images and scores, which all tests of this file may find there."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture
def workspace(work: Path) -> Workspace:
    """Closed-form models in the zoo's places, on small tiles of photos that are installed anyway."""
    found = Workspace(Setting(work=work, count=40, size=32, device="cpu", edits=(EDIT, "none")))
    found._models.update({ZOO[0]: Toy(gain=0.9, bands=6), ZOO[1]: Toy(gain=0.8, bands=4)})
    return found


@dataclass(frozen=True)
class Named:
    """As much of a row as says which one it is."""

    model: str
    against: str
    how: str


@pytest.fixture
def names_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows have their names and no numbers, which take time and are the same function's for every table."""

    def named(
        _: Workspace, name: str, method: object, *, others: dict[str, Any], how: str, **__: object
    ) -> list[Named]:
        return [Named(label(name), against, how) for against in others]

    monkeypatch.setattr(Workspace, "compare", named)


@pytest.mark.usefixtures("names_alone")
def test_every_method_has_both_profiles(workspace: Workspace) -> None:
    assert asked(workspace) == list(ZOO)
    workspace.setting = replace(workspace.setting, asked=ZOO[:1])
    ways = ("one reconstruction", *METHODS)
    rows = list(TABLE.rows(workspace))
    assert {row.model for row in rows} == {"kl-f8-a"}
    own = [row.how for row in rows]
    after_edit = [how for how in own if how.startswith(EDIT)]
    assert after_edit == [
        *(f"{EDIT}: {how}, profile untouched" for how in ways),
        *(f"{EDIT}: {how}, profile alike" for how in (*ways, "recompressed")),
    ]
    assert [how for how in own if how not in after_edit] == [f"none: {how}, profile untouched" for how in ways]


@pytest.mark.parametrize("name", ["aedr_models", "aedr_homogeneity", "aedr_photos"])
@pytest.mark.usefixtures("names_alone")
def test_of_aedrs_tables_one_model_may_be_asked_alone(workspace: Workspace, name: str) -> None:
    workspace.setting = replace(workspace.setting, asked=ZOO[1:])
    rows = list(bench.load(name).rows(workspace))
    assert {row.model for row in rows} == {"kl-f8-b"}
    assert {row.against for row in rows} == {
        "aedr_models": {"kl-f8-a"}, "aedr_homogeneity": {"kl-f8-a", "photos"}, "aedr_photos": {"photos"}
    }[name]  # fmt: skip


def test_generators_are_asked_by_both_losses_and_in_a_quick_run_by_the_one_that_allows_for_the_jpeg(
    workspace: Workspace,
) -> None:
    assert list(edits_generators._ways(workspace, "jpeg:50")) == ["mse", "metric=jpeg"]
    assert list(edits_generators._ways(workspace, "blur:1")) == ["mse"]
    assert not workspace.skipped
    workspace.setting = replace(workspace.setting, quick=True)
    (method,) = edits_generators._ways(workspace, "blur:1+jpeg:50").values()
    assert method.card.facts["quality"] == 50
    assert len(workspace.skipped) == 1


@pytest.mark.weekly  # two whole tables
def test_what_one_method_asks_for_all_changes_no_row_and_a_model_that_is_not_asked_is_judged(
    workspace: Workspace,
) -> None:
    few = {how: METHODS[how] for how in (PAPERS, "spectral")}
    alone = list(edited.compared(workspace, ZOO[0], EDIT, few, rules=RULES))
    shared = list(edited.compared(workspace, ZOO[0], EDIT, few, rules=RULES, also=Recompressed(quality=80)))
    assert [replace(row, seconds=None) for row in shared[:-1]] == [replace(row, seconds=None) for row in alone]
    assert shared[-1].how.startswith(f"{EDIT}: recompressed")
    counts = {sum(one[key] for key in ("tp", "fp", "fn", "tn")) for row in alone for one in row.rules.values() if one}
    assert counts == {40 + 40 + 40}, "own, photos, and as many of the other decoder"


def test_of_searches_latenttracer_has_its_own_numbers_from_what_traced_asks(workspace: Workspace) -> None:
    ways = edits_searched._methods(workspace)
    assert list(ways) == [edits_searched._ALONE, "traced, the ratio to the twin", "traced"]
    images = workspace.edited(workspace.photos(32)[:3], EDIT)
    asked_by = ways["traced"]
    tables = [workspace.table(ZOO[0], way, images, asked=asked_by) for way in ways.values()]
    assert [table.method.digest for table in tables] == [way.card.digest for way in ways.values()]
    assert all(set(table.scores.columns) == set(tables[-1].scores.columns) for table in tables)
    own = edits_searched._SEARCH.statistic(workspace.table(ZOO[0], edits_searched._SEARCH, images).scores, {})
    assert own.tolist() == ways[edits_searched._ALONE].statistic(tables[0].scores, {}).tolist()
    workspace.setting = replace(workspace.setting, quick=True)
    quick = edits_searched._methods(workspace)
    assert quick == {edits_searched._ALONE: edits_searched._SEARCH}, "the twin's search takes as long as the image's"


@pytest.mark.usefixtures("names_alone")
def test_every_search_has_both_profiles(workspace: Workspace) -> None:
    workspace.setting = replace(workspace.setting, asked=ZOO[:1], edits=(EDIT,), count=20)
    hows = [row.how for row in edits_searched.TABLE.rows(workspace)]
    ways = (edits_searched._ALONE, "traced, the ratio to the twin")
    assert hows == [f"{EDIT}: {how}, profile {profile}" for profile in ("untouched", "alike") for how in ways]


@pytest.mark.usefixtures("names_alone")
def test_profiles_of_untouched_images_may_be_left_out_where_there_are_others(workspace: Workspace) -> None:
    workspace.setting = replace(workspace.setting, asked=ZOO[:1], alike=True)
    whole = [row.how for row in TABLE.rows(workspace)]
    assert whole == [
        *(f"{EDIT}: {how}, profile alike" for how in ("one reconstruction", *METHODS, "recompressed")),
        *(f"none: {how}, profile untouched" for how in ("one reconstruction", *METHODS)),
    ]


@pytest.mark.parametrize("edit", edits_known.EDITS)
def test_every_method_can_be_asked_through_every_edit_that_is_known(edit: str) -> None:
    known, method = edits.load(edit), cast("Method[Any]", KNOWN_ASKED)
    image = known.apply(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    assert not score([image], model=behind(Toy(), known), method=method).errors
