"""Floor 1: score tables, profiles and verdicts, and their files. No torch."""
