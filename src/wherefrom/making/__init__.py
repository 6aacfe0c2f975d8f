"""Images that are made here: by a model, from prompts, or by an edit, as files that say what made them.

Each of the three functions writes into a folder, keeps what is there and whole, so that a stopped run goes on, and
returns one `Made` an image. An image that cannot be made is an entry with its error.
"""

from __future__ import annotations

from wherefrom.images.labels import slug
from wherefrom.making.edited import edit
from wherefrom.making.from_prompts import generate_from_prompts
from wherefrom.making.generated import draws, generate, round_trips
from wherefrom.making.made import Made, made_folder

__all__ = ["Made", "draws", "edit", "generate", "generate_from_prompts", "made_folder", "round_trips", "slug"]
