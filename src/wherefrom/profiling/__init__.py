"""Profiles of images: scored as they are and after edits, a condition for each edit.

    images -> edited -> cut into tiles, where asked for -> scored -> calibrated: a condition     conditions -> a profile

The images of a condition are the files that its edit writes, so that what can be seen of a file (format, JPEG quality,
size) is that of an edited one. A model is asked *through* the part of an edit that moves or scales pixels, as the image
is none of the model's any more after that; a JPEG or WebP at the end stays outside.
"""

from __future__ import annotations

from wherefrom.profiling.adding import add_condition
from wherefrom.profiling.conditions import asked_through, profile_images
from wherefrom.profiling.public import profile

__all__ = ["add_condition", "asked_through", "profile", "profile_images"]
