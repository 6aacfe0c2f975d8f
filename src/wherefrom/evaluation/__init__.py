"""How well statistics and verdicts tell images of known origin apart: errors, curves and both together. No torch.

`confusion` counts what verdicts got right and wrong, `auc` and `tpr_at_fpr` say what a statistic could tell at the best
cut, and `evaluate` does all of it for a profile and scores of images of known origin; `wherefrom.evaluate` scores the
images, too, and returns a `Trial`. `cross_fit` measures the error rates of a profile with its own images.
`likelihood_ratio` learns a likelihood ratio from a profile, with its bounds, and `cllr` is what such ratios cost.
Shares come with intervals.
"""

from __future__ import annotations

from wherefrom.evaluation.bounds import empirical_bounds
from wherefrom.evaluation.cllr import Cllr, cllr
from wherefrom.evaluation.cross_fitting import CrossFit, cross_fit
from wherefrom.evaluation.curves import AUC, Sensitivity, auc, tpr_at_fpr
from wherefrom.evaluation.errors import Confusion, confusion
from wherefrom.evaluation.labelled import CandidateRates, KindRates, Trial, TrialImage
from wherefrom.evaluation.likelihood import Likelihood, LikelihoodRatio, likelihood_ratio, likelihoods
from wherefrom.evaluation.shares import Share, clopper_pearson, share
from wherefrom.evaluation.tables import Evaluation, RuleErrors, evaluate

__all__ = [
    "AUC",
    "CandidateRates",
    "Cllr",
    "Confusion",
    "CrossFit",
    "Evaluation",
    "KindRates",
    "Likelihood",
    "LikelihoodRatio",
    "RuleErrors",
    "Sensitivity",
    "Share",
    "Trial",
    "TrialImage",
    "auc",
    "cllr",
    "clopper_pearson",
    "confusion",
    "cross_fit",
    "empirical_bounds",
    "evaluate",
    "likelihood_ratio",
    "likelihoods",
    "share",
    "tpr_at_fpr",
]
