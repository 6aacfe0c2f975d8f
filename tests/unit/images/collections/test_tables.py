"""Tables that hold images: Parquet and Arrow as `datasets` writes them, and folders of saved datasets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.bad_files import make_good_files
from wherefrom.core.errors import ImageError, UsageError
from wherefrom.images.read import read_image
from wherefrom.images.sources import load_images, stream_images


def rows_of(folder: Path, count: int) -> list[dict[str, Any]]:
    """Rows as `datasets` has them: bytes and a path in one column, and a label."""
    files = make_good_files(folder, count)
    return [{"image": {"bytes": path.read_bytes(), "path": path.name}, "label": i} for i, path in enumerate(files)]


def test_a_column_of_images_in_parquet_is_read_across_its_parts(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, 5)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet", row_group_size=2)
    images = load_images(tmp_path / "t.parquet")
    assert [image.read() for image in images] == [row["image"]["bytes"] for row in rows]
    assert [image.name for image in images] == [f"{tmp_path}/t.parquet/{i}" for i in range(5)]
    assert [image.columns for image in images] == [{"label": i} for i in range(5)]
    assert images[3].address == f"{tmp_path}/t.parquet/3/image"
    assert read_image(images[4]).facts.format == "PNG"
    with pytest.raises(ImageError, match="over the limit of 10 bytes"):
        images[0].read(10)


@pytest.mark.parametrize("form", [pa.ipc.new_file, pa.ipc.new_stream])
def test_a_column_of_images_in_arrow(tmp_path: Path, form: Any) -> None:
    table = pa.Table.from_pylist(rows_of(tmp_path, 3))
    with form(tmp_path / "t.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    images = list(stream_images(str(tmp_path / "t.arrow")))
    assert [image.read() for image in images] == [cell["bytes"] for cell in table["image"].to_pylist()]
    assert images[2].columns == {"label": 2}


def test_which_column_holds_images_is_told_or_asked(tmp_path: Path) -> None:
    data = [path.read_bytes() for path in make_good_files(tmp_path, 2)]
    table = pa.table({"a": data, "b": data, "jpg": data})
    pq.write_table(table, tmp_path / "t.parquet")
    assert load_images(tmp_path / "t.parquet")[0].address == f"{tmp_path}/t.parquet/0/jpg"
    assert load_images(tmp_path / "t.parquet", column="b")[0].address == f"{tmp_path}/t.parquet/0/b"
    stated = json.dumps({"info": {"features": {"a": {"_type": "Image"}, "b": {"_type": "Value"}}}})
    pq.write_table(table.drop_columns("jpg").replace_schema_metadata({"huggingface": stated}), tmp_path / "s.parquet")
    assert load_images(tmp_path / "s.parquet")[1].address == f"{tmp_path}/s.parquet/1/a"
    pq.write_table(table.append_column("png", table["a"]), tmp_path / "two.parquet")
    with pytest.raises(UsageError, match="several columns of images, 'jpg', 'png': name one by --image-column"):
        load_images(tmp_path / "two.parquet")
    with pytest.raises(UsageError, match="has no column 'c', only 'a', 'b', 'jpg'"):
        load_images(tmp_path / "t.parquet", column="c")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "n.parquet")
    with pytest.raises(UsageError, match="the column 'a' holds no bytes"):
        load_images(tmp_path / "n.parquet", column="a")


def test_a_row_without_bytes_is_an_image_with_a_reason(tmp_path: Path) -> None:
    (good, *_) = rows_of(tmp_path, 1)
    rows = [good, {"image": {"bytes": None, "path": "a.png"}, "label": 1}, {"image": None, "label": 2}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    _, only_path, nothing = load_images(tmp_path / "t.parquet")
    with pytest.raises(ImageError, match=r"row 1 of .* holds no image, only the path 'a\.png': give a manifest"):
        only_path.read()
    with pytest.raises(ImageError, match=r"row 2 of .* holds no image$"):
        nothing.read()


def test_what_datasets_saved_is_listed_split_by_split(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    files = make_good_files(tmp_path, 4)
    features = datasets.Features({"image": datasets.Image(), "label": datasets.Value("int64")})

    def split(paths: list[Path]) -> Any:
        rows = {"image": [{"bytes": p.read_bytes(), "path": None} for p in paths], "label": list(range(len(paths)))}
        return datasets.Dataset.from_dict(rows, features=features)

    both = datasets.DatasetDict({"train": split(files[:3]), "test": split(files[3:])})
    both.save_to_disk(str(tmp_path / "saved"))
    both["train"].to_parquet(str(tmp_path / "train.parquet"))
    images = load_images(tmp_path / "saved")
    assert [image.read() for image in images] == [path.read_bytes() for path in files]
    assert [image.columns["label"] for image in images] == [0, 1, 2, 0]
    assert [image.read() for image in load_images(tmp_path / "saved" / "test")] == [files[3].read_bytes()]
    assert [image.read() for image in load_images(tmp_path / "train.parquet")] == [p.read_bytes() for p in files[:3]]


def test_a_saved_dataset_lists_files_of_its_own_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "dataset_info.json").write_text("{}")
    (tmp_path / "state.json").write_text(json.dumps({"_data_files": [{"filename": "../secret.arrow"}]}))
    with pytest.raises(UsageError, match=r"lists '\.\./secret\.arrow', which is no name of a file in it"):
        load_images(tmp_path)
