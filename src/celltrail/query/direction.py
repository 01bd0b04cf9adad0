"""Whether less or more of a metric is better, as far as its name says."""

from __future__ import annotations

import re

__all__ = ["lower_is_better"]

_LOWER = frozenset(
    (
        "loss", "error", "err", "mse", "rmse", "mae", "mape", "smape", "rmsle", "msle",
        "logloss", "nll", "perplexity", "ppl", "wer", "cer", "fid", "brier", "deviance",
        "aic", "bic", "regret", "hinge", "divergence", "kl", "latency", "inertia", "ece",
        "crps", "pinball", "misclassification", "entropy",
    )
)  # fmt: skip
_HIGHER = frozenset(
    (
        "acc", "accuracy", "auc", "auroc", "auprc", "ap", "map", "f1", "f2", "fbeta",
        "precision", "recall", "r2", "rsquared", "score", "iou", "dice", "bleu", "rouge",
        "meteor", "ndcg", "mrr", "mcc", "kappa", "jaccard", "psnr", "ssim", "reward",
        "likelihood", "specificity", "sensitivity", "gain", "silhouette", "throughput",
        "correlation", "spearman", "pearson", "variance", "ari", "nmi",
    )
)  # fmt: skip
#: Words before these are turned around, as in scikit-learn's ``neg_mean_squared_error``.
_NEGATED = frozenset(("neg", "negative", "minus"))
_PARTS = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")


def lower_is_better(name: str) -> bool | None:
    """Say whether less of a metric is better.

    Parameters
    ----------
    name
        The metric's name, such as ``"val_loss"``.

    Returns
    -------
    bool or None
        None when the name does not tell.

    Notes
    -----
    The last word that tells counts: ``accuracy_loss`` is a loss.

    Examples
    --------
    >>> lower_is_better("val/RMSE"), lower_is_better("neg_log_loss"), lower_is_better("epochs")
    (True, False, None)
    """
    words = [part.lower() for part in _PARTS.findall(name)]
    negated = bool(_NEGATED.intersection(words))
    for word in reversed(words):
        if word in _LOWER:
            return not negated
        if word in _HIGHER:
            return negated
    return None
