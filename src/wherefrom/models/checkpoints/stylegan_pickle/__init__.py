"""Network pickles as StyleGAN2-ADA and StyleGAN-XL publish them, read as data: nothing in the file is ever run.

A pickle is a program for a small stack machine. `machine` walks it and does what the program says to lists and tuples,
but where it says "call", the call is written down instead of made: what comes out is a tree of plain values and of
`tree.CallNode`, each the name of a thing, its arguments and its state. No name is looked up, no module imported.
`plain`, `storages` and `networks` then read the generator's configuration and tensors out of that tree, and only those.
"""

from __future__ import annotations

from wherefrom.models.checkpoints.stylegan_pickle.reading import read_pickle

__all__ = ["read_pickle"]
