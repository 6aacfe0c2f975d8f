"""Floor 3: the search for the latent that makes a model reproduce an image. Many independent problems at once."""
