"""Measure the nulls of the embedded autoencoders, which `wherefrom check` ranks images among.

python -m training.export_nulls
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from wherefrom.checking.measuring import TILES, as_json, measured_null, null_name
from wherefrom.core.errors import ModelError
from wherefrom.models.load import load_model
from wherefrom.models.sources.zoo import names

MEASURED = (*(("", tiles) for tiles in TILES), *(("crop", tiles) for tiles in TILES), ("crop+scale", TILES[0]))
"""What is searched for in images first, and how many tiles a pool has: a factor takes too long for more of them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("src/wherefrom/checking/measured"))
    parser.add_argument("--model", action="append", help="of the zoo; default: all that encode")
    given = parser.parse_args()
    for name in given.model or names():
        model: Any = load_model(f"zoo:{name}", device="cpu")
        try:
            for find, tiles in MEASURED:
                null = measured_null(model, find=find, tiles=tiles, cache=given.out)
                place = given.out / null_name(model, find, tiles)
                place.write_text(json.dumps(as_json(null)) + "\n", encoding="utf-8")
                print(f"{name}{find and f', {find} searched for'}: {null.count} tiles a pool, {place}")
        except ModelError as error:
            print(f"{name}: {error}")


if __name__ == "__main__":
    main()
