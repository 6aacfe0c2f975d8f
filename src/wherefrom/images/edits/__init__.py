"""Edits that an image may have gone through, by name: `jpeg:75`, or several from left to right, `resize:0.5+jpeg:75`.

What a robustness table asks of every method. An edit is a function of the pixels and, where it draws numbers, of a root
seed; never of the image's neighbours, place or file.

- `steps`: which edits there are, with their values and bounds;
- `grammar`: a name, read; `edit`: what was read, applied or written as a file;
- `pixels`: what each edit does to pixels; `matrices` and `sides`: the same of rows and columns, for models.
"""

from __future__ import annotations

from wherefrom.images.edits.edit import Edit
from wherefrom.images.edits.grammar import forms, load, names
from wherefrom.images.edits.steps import Step, Value

__all__ = ["Edit", "Step", "Value", "forms", "load", "names"]
