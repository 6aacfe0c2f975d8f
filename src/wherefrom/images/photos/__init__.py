"""Two photos that come with this package, under their own licence: see `LICENSE.txt` beside them."""
