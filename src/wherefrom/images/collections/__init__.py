"""What lists images without being one: manifests, archives, tables with a column of images, folders of other programs.

Each module lists one kind as it is read, so that a list of any length takes no memory; `places.py` says where such a
list lies, `addresses.py` is the one that leaves this machine.
"""

from __future__ import annotations
