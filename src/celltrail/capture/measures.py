"""What a name says about a value: that it was measured, is a size, is drawn, is data."""

from __future__ import annotations

import re

from celltrail.capture.plots import is_appearance

__all__ = ["is_data_name", "is_measure", "is_size_name", "is_span"]

#: What people call what they measure.
_MEASURE = re.compile(
    r"""(?:^|[_.])(?:
      acc | accs | accuracies | accuracy | acuracia | aic | ap | ari | auc | auprc | auroc | avg
    | bic | bleu | brier | cer | corr | correct | cost | costs | dice | dist | duration | elapsed
    | elbo | energy | err | erreur | erro | error | errors | errs | explained | f1 | f1s
    | fehler | fid | fidelity | fitness | fnr | fpr | gain | genauigkeit | gini | hamming | hist
    | history | incorrect | inertia | iou | jaccard | kappa | kl | lift | likelihood | ll | loglik
    | logloss | loss | losses | mae | map | mape | mcc | mean | means | medae
    | misclassifications? | misclassified | mrr | mse | msle | ndcg | nll | nmi | norm | npv
    | objective | perf | perplexity | perte | p[eé]rdida | pnl | ppl | ppv | precision
    | precisi[oó]n | profit | psnr | pval | pvalue | quality | r2 | r_?squared | recall | regret
    | residual | return | returns | revenue | reward | rewards | rms | rmse | roc | rouge | score
    | scores | sensitivity | sharpe | sil | silhouette | smape | specificity | sse | ssim | std
    | time | times | tnr | tpr | val | value | var | variance | verlust | wcss | welfare | wer
    )s?\d*(?:$|[_.])""",
    re.VERBOSE | re.IGNORECASE,
)
#: What people call data that they write into a cell, as lists and mappings.
_DATA = re.compile(
    r"""(?:my_|new_|some_|test_|train_|toy_|raw_)?(?:
      data | dataset | samples? | records? | rows? | observations? | examples? | sentences?
    | documents? | docs? | corpus | texts? | reviews? | tweets? | messages? | [Xxy]
    )(?:_?(?:new|test|train|dict|list|\d))?""",
    re.VERBOSE,
)
#: What is called so is a size, such as ``n_batches`` and ``test_size``.
_SIZE = re.compile(
    r"""(?:n|nb|num|number_of)_ .*
    | (?:\w+_)?(?:size|count|length|len)s?
    | n_?(?:obs|samples?|features?|rows?|cols?|columns?|class(?:es)?|points?|train|test|iter)\d*""",
    re.VERBOSE | re.IGNORECASE,
)
#: Where a grid or an axis begins and ends, such as ``x_min`` and ``ymax``.
_SPAN = re.compile(
    r"(?:[xyz][012]?|xx|yy|ax|[xyz]_?axis)_?(?:ax_?)?(?:min|max|lower|upper|start|end|range|margin)s?",
    re.IGNORECASE,
)


def is_measure(name: str) -> bool:
    """Say whether a name is one that people give to what they measure.

    Examples
    --------
    >>> is_measure("val_loss"), is_measure("testAcc"), is_measure("row")
    (True, True, False)
    """
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return _MEASURE.search(snake) is not None


def is_data_name(name: str) -> bool:
    """Say whether a name is one that people give to data that they write out in a cell.

    Examples
    --------
    >>> is_data_name("X_new"), is_data_name("sentences"), is_data_name("layers")
    (True, True, False)
    """
    return _DATA.fullmatch(name) is not None


def is_size_name(name: str) -> bool:
    """Say whether a name is one that people give to how many there are of something.

    Examples
    --------
    >>> is_size_name("n_batches"), is_size_name("test_size"), is_size_name("n_errors")
    (True, True, False)
    """
    return _SIZE.fullmatch(name) is not None and not is_measure(name)


def is_span(name: str) -> bool:
    """Say whether a name is one that people give to what a figure covers, or how it looks.

    Examples
    --------
    >>> is_span("x_min"), is_span("yticks"), is_span("max_score")
    (True, True, False)
    """
    return _SPAN.fullmatch(name) is not None or is_appearance(name)
