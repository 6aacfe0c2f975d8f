"""Tokenisers: the autoencoders whose codes autoregressive generators write, one after another.

Of whatever such a generator draws, its tokeniser's decoder made every pixel. The published ones differ in how a code is
chosen, and in the names of their weights; most share the convolutions of VQGAN (arXiv:2012.09841).
"""

from __future__ import annotations
