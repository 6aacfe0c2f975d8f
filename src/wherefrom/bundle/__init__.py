"""Floor 7: a verdict as a file that an opponent can check: written, signed, and verified without torch.

candidates with scores -> files and a statement of them -> an envelope, signed or not -> one archive -> `verify`
"""

from __future__ import annotations

from wherefrom.bundle.results import BundleCheck, State, Verification
from wherefrom.bundle.verifying import verify
from wherefrom.bundle.writing import write_bundle

__all__ = ["BundleCheck", "State", "Verification", "verify", "write_bundle"]
