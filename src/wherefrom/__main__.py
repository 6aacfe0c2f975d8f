"""`python -m wherefrom`: the same program as the `wherefrom` command."""

from __future__ import annotations

from wherefrom.cli import main

if __name__ == "__main__":
    main()
