"""How well statistics and verdicts tell images of known origin apart: errors, curves and both together. No torch.

`confusion` counts what verdicts got right and wrong, `auc` and `tpr_at_fpr` say what a statistic could tell at the best
cut, and `evaluate` does all of it for a profile and images of known origin. Shares come with intervals.
"""

from __future__ import annotations

from wherefrom.evaluation.curves import AUC, Sensitivity, auc, tpr_at_fpr
from wherefrom.evaluation.errors import Confusion, confusion
from wherefrom.evaluation.shares import Share, clopper_pearson, share
from wherefrom.evaluation.tables import Evaluation, RuleErrors, evaluate

__all__ = [
    "AUC",
    "Confusion",
    "Evaluation",
    "RuleErrors",
    "Sensitivity",
    "Share",
    "auc",
    "clopper_pearson",
    "confusion",
    "evaluate",
    "share",
    "tpr_at_fpr",
]
