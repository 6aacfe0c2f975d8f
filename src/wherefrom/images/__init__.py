"""Floor 1: files to pixels to tensors."""
