"""Floor 3: the search for the latent that makes a model reproduce an image. Many independent problems at once.

`Search` is how, as a value; `invert.invert` searches. Values (`search`, `optimisers`, `distance`, `results`) need no
torch before they are used.
"""
