"""Which expressions only draw."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from celltrail.capture.scopes import target_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ["PLOT_MODULES", "draws", "is_appearance", "is_figure", "is_plot_name", "names_of_plots"]

#: Libraries that draw or show controls, and the names that they usually go by.
PLOT_MODULES = frozenset(
    {
        "matplotlib", "mpl", "pyplot", "plt", "pylab", "seaborn", "sns", "plotly", "px", "go",
        "pio", "altair", "alt", "bokeh", "holoviews", "hv", "hvplot", "plotnine", "pygal",
        "folium", "graphviz", "missingno", "msno", "wordcloud", "sweetviz", "yellowbrick",
        "mplfinance", "squarify", "ggplot", "geoviews", "pydeck", "ipyleaflet", "mpl_toolkits",
        "ipywidgets", "ipw", "mpatches", "mticker", "mdates", "gridspec", "pydot",
    }
)  # fmt: skip
#: What axes and figures are called.
_AXES = re.compile(r"(?:ax|axs|axe|axes|axis|axarr|fig|figure|figs|subfig|cbar|legend)[0-9_]*\w?$")
#: Methods of frames and of fitted objects that draw.
_METHODS = frozenset({"boxplot", "hist", "hvplot", "iplot", "plot", "plot_tree", "show"})
#: Methods that no figure has, by which something else is called ``ax``.
_WORK = frozenset({"fit", "optimize", "predict", "score", "train"})
_FUNCTION = re.compile(
    r"""
      (?:show|render|visuali[sz]e|display|imshow)_\w+ | save_?fig\w* | \w+_(?:chart|figure)
    | draw_(?!bs_|bootstrap|random|samples?|from_)\w+
    | \w*plot\w*  # qqplot, plot_roc
    | imshow | dendrogram | heatmap | scatter_?matrix | qqline | confusion_matrix_display
    | interact | interact_manual | interactive | interactive_output
    """,
    re.VERBOSE,
)
#: Words in a function's name by which it does more than to draw.
_MORE = re.compile(
    r"(?:^|_)(?:calc|compute|evaluate|fit|get|load|make|predict|prepare|read|run|train)(?:_|$)"
)
#: Names that say how a figure looks.
_APPEARANCE = re.compile(
    r"""(?:\w+_)?(?:fig_?size | font_?size | cmap | colou?rs? | palette | dpi | line_?width
    | line_?style | marker(?:_?size)? | title | (?:x|y|z)_?(?:label|lim|ticks?) | legend(?:_\w+)?
    | suptitle | hatch(?:es)? | edge_?colou?r | face_?colou?r | plot_?(?:style|title|height|width)
    | title_?font\w* | subtitle)s?""",
    re.VERBOSE | re.IGNORECASE,
)


def is_appearance(name: str) -> bool:
    """Say whether a name is one that people give to how a figure looks.

    Examples
    --------
    >>> is_appearance("figsize"), is_appearance("xlabel"), is_appearance("alpha")
    (True, True, False)
    """
    return _APPEARANCE.fullmatch(name) is not None


def is_plot_name(name: str) -> bool:
    """Say whether a function's name says that it draws, and nothing more.

    Examples
    --------
    >>> is_plot_name("plot_roc"), is_plot_name("fit_and_plot"), is_plot_name("draw_samples")
    (True, False, False)
    """
    return _FUNCTION.fullmatch(name) is not None and _MORE.search(name) is None


def draws(node: ast.expr, plotting: Collection[str]) -> bool:
    """Say whether an expression does nothing but draw.

    Parameters
    ----------
    node
        An expression; what is computed within its arguments is only computed to be drawn.
    plotting
        Names of modules, figures and axes.

    Examples
    --------
    >>> def drawn(text): return draws(ast.parse(text, mode="eval").body, PLOT_MODULES)
    >>> drawn("plt.plot(x)"), drawn("df.age.hist(bins=20)"), drawn("df.age.mean()")
    (True, True, False)
    """
    match node:
        case ast.Name(id=name):
            return name in plotting or _AXES.match(name) is not None
        case ast.Attribute(value=value) | ast.Subscript(value=value) | ast.Starred(value=value):
            return draws(value, plotting)
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return bool(items) and all(draws(item, plotting) for item in items)
        case ast.Call(func=ast.Name(id=name)):
            if name in {"zip", "enumerate", "iter", "list"}:  # loops over axes
                return any(draws(argument, plotting) for argument in node.args)
            return name in plotting or is_plot_name(name)
        case ast.Call(func=ast.Attribute(attr=name) as function):
            if name in _METHODS or is_plot_name(name):
                return True
            if name in _WORK:
                return False
            return draws(function, plotting) or _is_accessor(function.value)
        case ast.BinOp(left=left, right=right):  # charts that are joined: a | b, a + b
            return draws(left, plotting) and draws(right, plotting)
        case _:
            return False


def _is_accessor(value: ast.expr) -> bool:
    """Say whether it is ``df.plot``, whose methods draw."""
    return isinstance(value, ast.Attribute) and value.attr in {"hvplot", "plot"}


def is_figure(target: ast.expr) -> bool:
    """Say whether what is assigned to is called as people call figures and axes.

    Examples
    --------
    >>> is_figure(ast.parse("fig, ax", mode="eval").body)
    True
    """
    match target:
        case ast.Name(id=name):
            return name != "axis" and _AXES.match(name) is not None
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return bool(items) and all(map(is_figure, items))
        case ast.Attribute(value=value) | ast.Subscript(value=value):
            return is_figure(value)
        case _:
            return False


def names_of_plots(targets: Iterable[ast.expr]) -> set[str]:
    """Give the names that an assignment of a plot binds."""
    return {name for target in targets for name in target_names(target)}
