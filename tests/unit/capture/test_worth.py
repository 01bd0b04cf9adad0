"""Which cells are runs, and by which rule."""

from __future__ import annotations

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from celltrail.capture.worth import worth

CASES = {
    "import numpy as np\nfrom os import path": "imports",
    "import x\ndef f(): return x.fit()\nclass A: pass": "definitions",
    "lr = 0.1\nlayers = [1, 2]\nOUT = Path('out') / 'a'": "settings",
    "k_range = list(range(1, 31))\nalphas = np.logspace(-3, 3, 7)": "settings",
    "device = 'cuda' if torch.cuda.is_available() else 'cpu'": "settings",
    "sys.path += ['..']\nsys.path.insert(0, os.path.join(os.getcwd(), 'src'))": "settings",
    "model.eval()\ntqdm.pandas()\ntorch.set_num_threads(4)\ngc.collect()": "settings",
    "days = pd.date_range('2020-01-01', periods=8)": "settings",
    "np.random.seed(0)\npd.set_option('display.max_rows', 5)": "settings",
    "plt.plot(x, f(x))\nplt.show()": "plot",
    "fig, axes = plt.subplots(2)\nfor ax in axes:\n    ax.hist(df.mean())": "plot",
    "from seaborn import heatmap as h\nh(df.corr())": "plot",
    "df['a'].value_counts().plot(kind='bar')": "plot",
    "tree = dendrogram(links, labels=names)\nplt.show()": "plot",
    "qqplot(resid, line='r')\nmodel.plot_diagnostics(lags=30)": "plot",
    "interact(draw, depth=(1, model.n_layers()))": "plot",
    "import ipywidgets as w\nslider = w.IntSlider(value=3, max=len(x))\nslider": "plot",
    "df.head()": "look",
    "Image(filename='tree.png', width=500)": "look",
    "check_packages(d)": "look",
    "print(torch.cuda.is_available())": "look",
    "print([m for m in models if m.name])": "look",
    "pd.DataFrame(grid.cv_results_)[['params']]": "look",
    "print(f'{acc:.3f}', df.shape)\ndf": "look",
    "if p < 0.05:\n    print('yes')": "look",
    "%matplotlib inline\n!ls": "magic",
    "%timeit f(x)": "magic",
    "": "empty",
    "'''only words'''": "empty",
    "def f(:": "unreadable",
    "df = pd.read_csv('x.csv')": "computes",
    "df.describe()": "computes",
    "table = pd.DataFrame(rows)": "computes",
    "px = prices.resample('D').last()": "computes",
    "axis = np.mean(x, axis=0)": "computes",
    "go = enrich(genes)\ngo.top(5)": "computes",
    "results = ax.optimize(parameters=p)": "computes",
    "bs = draw_bs_reps(data, np.mean, 10000)": "computes",
    "trace = pm.draw(x)": "computes",
    "history = fit_and_plot(model)": "computes",
    "model = train_plot_model(3)": "computes",
    "df = pl.scan_csv('x').filter(a).agg(b).collect()": "computes",
    "last = df['d'].max().date()": "computes",
    "dates = pd.to_datetime(raw)": "computes",
    "lam = 1 / n": "computes",
    "for row in simulate(100):\n    print(row)": "computes",
    "for batch in tqdm(simulate(100)):\n    pass": "computes",
    "check_accuracy(loader, model)": "computes",
    "print([m for m in models if train(m)])": "computes",
    "plot_data = get_plot_data(df)": "computes",
    "image = Image.open('cat.png')": "computes",
    "print(classification_report(y, p))": "computes",
    "%%time\nmodel.fit(X, y)": "computes",
    "a + b": "computes",
    "with open('x') as f:\n    data = json.load(f)": "computes",
    "for k in ks:\n    scores.append(fit(k))": "computes",
    "import math\nlr = 0.1\nplt.plot(x)\nloss = f(lr)": "computes",
    "try:\n    import torch\nexcept ImportError:\n    torch = None": "settings",
}


@pytest.mark.parametrize("code", CASES)
def test_a_cell_is_a_run_when_any_part_of_it_computes(code: str) -> None:
    verdict = worth(TransformerManager().transform_cell(code) if code else "")
    assert verdict.rule == CASES[code]
    assert verdict.is_run == (CASES[code] == "computes")


def test_it_says_what_computes_and_where() -> None:
    because = worth("import math\n\nlr = 0.1\nfit_all(lr)").because
    assert because == "fit_all() on line 4 computes something"


def test_names_of_the_notebook_that_draw_are_told() -> None:
    assert worth("painter.fill(x)").is_run
    assert worth("painter.fill(x)", frozenset({"painter"})).rule == "plot"
    assert worth("go.top(x)").rule == "plot"
    assert worth("go.top(x)", others=frozenset({"go"})).is_run


def test_code_that_nests_too_deeply_is_a_run_and_no_error() -> None:
    assert worth("x = " + "f(" * 90 + ")" * 90).is_run
