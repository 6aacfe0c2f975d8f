"""Floor 9: many images, more than one process or one stop: rows on the disk, and a ledger of what is done.

images, listed as they are needed -> those that are not done -> chunks -> a worker, its models open -> rows as Parquet
"""

from __future__ import annotations
