"""What several methods compute alike: what a model is asked, the columns that come back, and the numbers of these.

`columns`, `covariance`, `discriminant`, `line` and `search_options` need no torch.
"""
