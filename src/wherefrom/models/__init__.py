"""Floor 2: generative models behind three small Protocols, found by `locate.load_model`."""
