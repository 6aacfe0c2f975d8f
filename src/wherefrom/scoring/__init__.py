"""Floor 5: ask a model about many images, in batches that fit, keeping what was asked."""
