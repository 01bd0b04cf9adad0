"""Cells that a front end must get the same answer to, tracked or not, and what is compared."""

from __future__ import annotations

import re
from typing import Any

from kernel_session import Answer, KernelSession

CASES = {
    "print": "print('a')\nprint('b')",
    "stderr": "import sys\nprint('x', file=sys.stderr)",
    "last expression": "3 + 4",
    "last expression is none": "None",
    "semicolon": "3 + 4;",
    "underscore": "40 + 2\n_ * 2",
    "out": "'text'",
    "mapping": "{'a': 1}",
    "display": "display('x', 1)\n2",
    "html": "from IPython.display import HTML\nHTML('<b>x</b>')",
    "update": "h = display('one', display_id='q')\nh.update('two')",
    "clear": "from IPython.display import clear_output\nprint(1)\nclear_output()\nprint(2)",
    "figure": "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\n"
    "plt.show()",
    "figure flushed at the end": "plt.plot([1, 2]);\nprint('before')",
    "await": "import asyncio\nawait asyncio.sleep(0)\nprint('after')\n5",
    "async for": "async def gen():\n    yield 1\nasync for q in gen():\n    print(q)",
    "await fails": "await asyncio.sleep(0)\n1 / 0",
    "shell command": "!echo hello",
    "shell assignment": "files = !echo one\nfiles",
    "line magic": "%pwd\n%env HOME",
    "capture": "%%capture out\nprint('hidden')\n7",
    "writefile": "%%writefile -a note.txt\nsome text",
    "bash": "%%bash\necho from bash",
    "raises": "x = 1\n\n1 / 0",
    "raises in a function": "def f():\n    raise ValueError('bad')\n\nf()",
    "raises from": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n"
    "    raise KeyError('k') from e",
    "exception group": "raise ExceptionGroup('g', [ValueError(1)])",
    "syntax error": "a = (1\nb = 2",
    "indentation error": "a = 1\n  b = 2",
    "return outside": "return 3",
    "undefined": "no_such_name",
    "system exit": "import sys\nsys.exit(3)",
    "keyboard interrupt": "raise KeyboardInterrupt",
    "base exception": "class Stop(BaseException): pass\nraise Stop('now')",
    "assertion": "assert 1 == 2, 'no'",
    "warning": "import warnings\nwarnings.warn('careful')",
    "help": "len?",
    "indented": "  q = 1\n  q + 1",
    "automagic": "pwd",
    "autocall on": "%autocall 1",
    "autocall": "float 4",
    "autocall off": "%autocall 0",
    "recursion": "def r(n):\n    return r(n + 1)\nr(0)",
    "broken repr": "class B:\n    def __repr__(self):\n        raise ValueError('repr')\nB()",
    "counted repr": "class C:\n    n = 0\n    def __repr__(self):\n"
    "        C.n += 1\n        return f'C{C.n}'\nc = C()\nc",
    "counted str of an error": "class E(Exception):\n    n = 0\n    def __str__(self):\n"
    "        E.n += 1\n        return 'told'\nraise E",
    "hostile class": "class M(type):\n    def __eq__(s, o): raise SystemExit\n"
    "    __hash__ = None\nclass H(metaclass=M):\n    def __getattribute__(s, n): raise SystemExit\n"
    "h = H()\nprint('ok')",
    "hostile key": "class K:\n    def __hash__(s): return 1\n"
    "    def __eq__(s, o): raise SystemExit\nglobals()[K()] = 1\nprint('ok')",
    "source of a function": "import inspect\ndef g():\n    return 1\nprint(inspect.getsource(g))",
    "thread": "import threading\nt = threading.Thread(target=print, args=('from thread',))\n"
    "t.start()\nt.join()",
    "weak reference": "import weakref\nclass W: pass\nw = W()\n"
    "r = weakref.ref(w)\ndel w\nprint(r())",
    "logging": "import logging\nlogging.warning('logged')",
    "set next input": "get_ipython().set_next_input('x = 1')",
    "nested run_cell": "r = get_ipython().run_cell('print(1)\\n2')\nr.result",
    "global statement": "def s():\n    global made\n    made = 1\ns()\nmade",
    "star import": "from math import *\ncos(0)",
    "future": "from __future__ import annotations\ndef f(x: nope): ...\nprint('fine')",
    "unicode": "größe = 'ß✓'\nprint(größe)\ngröße",
    "pretty": "[list(range(30))] * 3",
    "run": "with open('s.py', 'w') as f:\n    _ = f.write('v = 5')\n%run s.py\nv",
    "prun": "%%prun -q\nz = 1",
    "timeit": "%%timeit -n 1 -r 1 -q\nz = 1",
    "timeit line": "%timeit -n 1 -r 1 -q sum(range(3))",
    "time": "%%time\nz = 2\nz * 3",
    "time line": "%time 3 * 4",
    "capture keeps": "%%capture kept\nprint('in')\ndisplay(1)",
    "captured shown": "kept.show()",
    "script": "%%script bash\necho one; echo two >&2",
    "sh fails": "%%bash\nexit 3",
    "html magic": "%%html\n<b>bold</b>",
    "javascript": "%%javascript\nvoid 0",
    "markdown magic": "%%markdown\n# head",
    "latex": "%%latex\n$x$",
    "unknown magic": "%%no_such_magic\nx",
    "unknown line magic": "%no_such_magic x",
    "macro": "%macro -q again 1\ntype(again).__name__",
    "xmode": "%xmode Plain\n1 / 0",
    "xmode back": "%xmode Context",
    "verbose traceback": "%tb",
    "who": "zz = 1\n%who_ls complex",
    "reset selective": "qq = 1\n%reset_selective -f ^qq$\n'qq' in dir()",
    "alias": "%alias say echo said %s\nsay it",
    "env": "%env CASE_OF_A_TEST=3\n!echo $CASE_OF_A_TEST",
    "expanded command": "word = 'inside'\n!echo {word} $word",
    "command fails": "!exit 3\n_exit_code",
    "two statements": "1; 2",
    "comment only": "# nothing",
    "docstring": "'''text'''",
    "ellipsis": "...",
    "lambda": "f = lambda v: v * 2\nf(4)",
    "class": "class K2:\n    a: int = 3\nK2.a",
    "dataclass": "from dataclasses import dataclass\n@dataclass\nclass D:\n    x: int = 1\nD()",
    "generator": "g = (v for v in range(3))\nnext(g)\nlist(g)",
    "walrus": "if (w := 3) > 2:\n    print(w)",
    "match": "match [1, 2]:\n    case [a, *rest]:\n        print(a, rest)",
    "try finally": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    print(type(e))\n"
    "finally:\n    print('f')",
    "with": "import io\nwith io.StringIO() as s:\n    s.write('x')\n    print(s.getvalue())",
    "delete": "d = 1\ndel d\n'd' in globals()",
    "exec": "exec('made_by_exec = 5')\nmade_by_exec",
    "eval": "eval('1 + 1')",
    "globals write": "globals()['by_globals'] = 7\nby_globals",
    "locals is globals": "locals() is globals(), globals() is get_ipython().user_ns",
    "stdout replaced": "import sys, io\nold, sys.stdout = sys.stdout, io.StringIO()\n"
    "print('lost')\n"
    "kept, sys.stdout = sys.stdout.getvalue(), old\nprint(kept)",
    "stdout redirected": "import contextlib, io\nb = io.StringIO()\n"
    "with contextlib.redirect_stdout(b):\n    print('there')\nb.getvalue()",
    "stdout written": "import sys\nsys.stdout.write('raw')\nsys.stdout.flush()",
    "fd write": "import os\n_ = os.write(1, b'')\nprint('after')",
    "flush": "for v in range(3):\n    print(v, end=' ', flush=True)",
    "carriage return": "import sys\nfor v in range(5):\n    sys.stderr.write(f'\\r{v}')",
    "tqdm": "from tqdm import tqdm\n"
    "for v in tqdm(range(3), mininterval=100, bar_format='{n}/{total}'):\n    pass",
    "many prints": "for v in range(2000):\n    print(v)",
    "large print": "print('x' * 300_000)",
    "empty print": "print()",
    "ansi": "print('\\x1b[31mred\\x1b[0m')",
    "display twice": "display('a')\ndisplay('b', 'c')",
    "display id": "from IPython.display import update_display\n"
    "_ = display('first', display_id='case')\nupdate_display('second', display_id='case')",
    "metadata": "display('m', metadata={'a': 1})",
    "raw bundle": "display({'text/plain': 'p', 'text/html': '<i>h</i>'}, raw=True)",
    "clear wait": "from IPython.display import clear_output\nfor v in range(3):\n"
    "    clear_output(wait=True)\n    print(v)",
    "repr html": "class R:\n    def _repr_html_(self): return '<b>r</b>'\nR()",
    "repr mimebundle": "class R2:\n"
    "    def _repr_mimebundle_(self, **k): return {'text/plain': 'm'}\n"
    "R2()",
    "repr none": "class R3:\n    def __repr__(self): return None\nR3()",
    "ipython display": "class R4:\n    def _ipython_display_(self): print('own')\nR4()",
    # stack_data chooses by chance how much it shows of a function that stands on one line
    "failing html repr": "class R5:\n    def _repr_html_(self):\n        raise ValueError('h')\n"
    "    def __repr__(self): return 'plain'\nR5()",
    "hostile getattr": "class G1:\n    def __getattr__(self, n): raise RuntimeError(n)\n"
    "g1 = G1()\nprint('ok')",
    "hostile len": "class L1:\n    def __len__(self): raise RuntimeError\n"
    "    def __bool__(self): raise RuntimeError\nl1 = L1()\nprint('ok')",
    "hostile array": "class A1:\n    def __array__(self, *a, **k): raise RuntimeError\n"
    "    def __float__(self): raise RuntimeError\na1 = A1()\nprint('ok')",
    "hostile eq": "class Q1:\n    def __eq__(self, o): raise RuntimeError\n    __hash__ = None\n"
    "q1 = Q1()\nprint('ok')",
    "hostile class property": "class P1:\n    __class__ = property(lambda s: 1 / 0)\n"
    "p1 = P1()\nprint('ok')",
    "hostile dict property": "class P2:\n    __dict__ = property(lambda s: 1 / 0)\n"
    "p2 = P2()\nprint('ok')",
    "hostile params": "class P3:\n    def get_params(self, deep=True): raise SystemExit\n"
    "    def fit(self): return self\np3 = P3().fit()\nprint('ok')",
    "counted methods": "class N1:\n    calls = []\n    def __getattribute__(self, n):\n"
    "        N1.calls.append(n)\n        return object.__getattribute__(self, n)\n"
    "n1 = N1()\nprint('ok')",
    "its calls": "N1.calls",
    "finalizer": "class F1:\n    def __del__(self): print('gone')\nf1 = F1()\ndel f1",
    "rebound finalizer": "class F2:\n    def __del__(self): print('gone too')\nf2 = F2()\nf2 = 1",
    "garbage": "import gc\nx1 = []\nx1.append(x1)\ndel x1\n_ = gc.collect()\nprint('collected')",
    "weak array": "import weakref, numpy as np\nbig = np.zeros(1000)\nref = weakref.ref(big)\n"
    "del big\nprint(ref() is None)",
    "weak array of before": "big = np.zeros(1000)\nref = weakref.ref(big)",
    "weak array freed": "big = None\nprint(ref() is None)",
    "reference counts": "import sys\nprobe = object()\nsys.getrefcount(probe)",
    "system exit zero": "import sys\nsys.exit()",
    "system exit text": "raise SystemExit('text')",
    "generator exit": "raise GeneratorExit",
    "cancelled": "import asyncio\nraise asyncio.CancelledError",
    "stop iteration": "next(iter([]))",
    "error without str": "class E3(Exception):\n    def __str__(self): return 3\nraise E3",
    "error with note": "e = ValueError('v')\ne.add_note('a note')\nraise e",
    "deep error": "def a1():\n    b1()\ndef b1():\n    c1()\n"
    "def c1():\n    raise KeyError('deep')\na1()",
    "error in comprehension": "[1 / v for v in (1, 0)]",
    "error in class body": "class X1:\n    1 / 0",
    "error in await": "async def bad():\n    raise ValueError('async')\nawait bad()",
    "gather": "import asyncio\nasync def one(v):\n    await asyncio.sleep(0)\n    return v\n"
    "await asyncio.gather(one(1), one(2))",
    "task": "t = asyncio.create_task(one(3))\nawait t",
    "async with": "import contextlib\n@contextlib.asynccontextmanager\nasync def cm():\n"
    "    yield 4\n"
    "async with cm() as v:\n    print(v)",
    "unicode error": "print('é'.encode('ascii'))",
    "syntax warning": "x = '\\d'\nprint('w')",
    "warn twice": "import warnings\nfor v in range(2):\n    warnings.warn('same')",
    "warnings as errors": "import warnings\nwith warnings.catch_warnings():\n"
    "    warnings.simplefilter('error')\n    warnings.warn('now an error')",
    "once a place": "import warnings\ndef old(): warnings.warn('old', DeprecationWarning)\n"
    "old()\nold()",
    "logging handler": "import logging, sys\nlog = logging.getLogger('case')\n"
    "log.addHandler(logging.StreamHandler(sys.stdout))\nlog.warning('through a handler')",
    "process": "import subprocess\n"
    "print(subprocess.run(['echo', 'child'], capture_output=True).stdout)",
    # Python 3.12 warns of forks beside threads, which every kernel has.
    "fork": "import os, warnings\nwarnings.simplefilter('ignore', DeprecationWarning)\n"
    "if os.fork() == 0:\n    os._exit(0)\ndone = os.wait()\nprint('parent')",
    "pool": "from multiprocessing.pool import ThreadPool\nwith ThreadPool(2) as pool:\n"
    "    print(pool.map(abs, [-1, -2]))",
    "thread names": "import threading\nsorted(t.name for t in threading.enumerate() "
    "if 'celltrail' not in t.name and 'Thread-' not in t.name)",
    "context variable": "import contextvars\nv1 = contextvars.ContextVar('v1')\n_ = v1.set(3)",
    "context variable later": "v1.get('not kept')",
    "settrace": "import sys\nprint(sys.gettrace() is None or 'pydevd' in str(sys.gettrace()))",
    "recursion left": "import sys\ndef depth(n=0):\n    try:\n        return depth(n + 1)\n"
    "    except RecursionError:\n        return n\ndepth()",
    "frame": "import sys\nsys._getframe().f_code.co_name",
    "file name": "globals()['__name__'], '__file__' in globals()",
    "inspect source": "import inspect\nclass S1:\n    a = 1\nprint(inspect.getsource(S1))",
    "pickle": "import pickle\npickle.loads(pickle.dumps({'a': [1, 2]}))",
    "underscores": "_, __, ___ = 1, 2, 3\n_",
    "underscore deleted": "del _, __, ___",
    "out numbered": "type(Out).__name__",
    "run ipy": "with open('s.ipy', 'w') as f:\n    _ = f.write('%pwd\\nrr = 6')\n%run s.ipy\nrr",
    "run bad": "with open('bad.py', 'w') as f:\n    _ = f.write('1 / 0')\n%run bad.py",
    "documentation": "%pdoc len",
    "source magic": "def ps(): return 1\n%psource ps",
    "object detail": "ps??",
    "help in front": "?ps",
    "shell capture": "out = %sx echo sx\nout",
    "shell list": "!!echo list",
    "cd": "%cd -q .",
    "figure object": "%matplotlib inline\nimport matplotlib.pyplot as plt\n"
    "fig, ax = plt.subplots()\n"
    "ax.plot([1, 2])\nplt.close(fig)",
    "two figures": "for v in range(2):\n    plt.figure()\n    plt.plot([v, 1])\nplt.show()",
    "frame shown": "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    "series shown": "pd.Series([1, 2])",
    "array shown": "import numpy as np\nnp.arange(3)",
    "numpy warning": "np.log(np.array([0.0]))",
    "output widget": "import ipywidgets\no = ipywidgets.Output()\nwith o:\n    print('inside')\n"
    "type(o).__name__",
    "long cell": "\n".join(f"v{i} = {i} * 2" for i in range(300)),
    "deep expression": "+".join(["1"] * 200),
    "tabs": "if True:\n\tprint('tab')",
    "crlf": "a = 1\r\nb = 2\r\na + b",
    "form feed": "a = 1\n\x0c\nb = 2\na + b",
    "non breaking space": "a\u00a0= 1",
    "null": "a = '\\x00'\na",
    "very long line": "z9 = '" + "y" * 20_000 + "'\nlen(z9)",
    "continued line": "1 + \\\n2",
    "decorator fails": "@no_such\ndef nn(): pass",
    "import fails": "import no_such_module_at_all",
    "from fails": "from os import no_such_name",
    "type variable": "from typing import TypeVar\nT = TypeVar('T')\nT",
    "huge int": "10 ** 5000 > 1",
    "nan": "float('nan')",
    "set and bytes": "{1}, b'x', 1j, range(2), slice(1)",
    "nested functions": "def o1():\n    v = 1\n    def i1():\n        nonlocal v\n        v += 1\n"
    "        return v\n    return i1()\no1()",
    "estimator": "from sklearn.linear_model import Ridge\n"
    "r5 = Ridge(alpha=2).fit([[0], [1]], [0, 1])\n"
    "r5.coef_",
    "frame changed in place": "fr = pd.DataFrame({'a': [1]})\nfr['b'] = 2\nfr",
    "generator kept": "gen = (v for v in [1, 2])\nnext(gen)",
    "generator goes on": "next(gen)",
    "iterator of before": "it = iter([1, 2])",
    "iterator goes on": "list(it)",
    "file handle": "h = open('note2.txt', 'w')\nh.write('x')\nh.close()\nh.closed",
    "dictionary views": "dd = {'a': 1}\nkk = dd.keys()\ndd['b'] = 2\nkk",
    "default dict": "from collections import defaultdict\nq = defaultdict(list)\nlen(q)",
    "default dict stays empty": "len(q)",
    "property counted": "class PC:\n    n = 0\n    @property\n    def x(self):\n        PC.n += 1\n"
    "        return 1\npc = PC()\nPC.n",
    "property not asked": "PC.n",
    "lazy attribute": "class LA:\n    def __getattr__(self, n):\n        print('asked', n)\n"
    "        raise AttributeError(n)\nla = LA()",
    "lazy attribute later": "la2 = la",
    "child waited for": "import os, warnings\nwarnings.simplefilter('ignore', DeprecationWarning)\n"
    "pid = os.fork()\nif pid == 0:\n    os._exit(0)\nprint(os.wait()[0] == pid)",
    "slow child waited for": "import time\npid = os.fork()\nif pid == 0:\n    time.sleep(0.05)\n"
    "    os._exit(0)\nprint(os.wait()[0] == pid)",
    "children": "import psutil, time\ntime.sleep(0.05)\npsutil.Process().children()",
    "end of a child": "import signal\nseen = []\n"
    "old = signal.signal(signal.SIGCHLD, lambda *_: seen.append(1))\ntime.sleep(0.1)\n"
    "_ = signal.signal(signal.SIGCHLD, old)\nseen",
    "output that cannot be sent": "display({'application/json': object()}, raw=True)",
    "output changed later": "ds = {'text/plain': 'first'}\ndisplay(ds, raw=True)\n"
    "ds['text/plain'] = 'second'\ndisplay(ds, raw=True)",
    "random numbers": "import random\nrandom.seed(3)\n[random.random() for _ in range(3)]",
    "random numbers go on": "random.random()",
}  # fmt: skip

#: What IPython only does at the head of a cell: these are compared without a line in its place.
ALONE = {"indented", "automagic", "autocall", "ellipsis"}

#: The last traceback line numbers are the user's in both kernels, but the first line differs.
_FIRST_LINE = re.compile(r"^(?:-+> *)?\s*\d+(?: # first)?\s*$", re.MULTILINE)
#: IPython 8 puts one before the first line that it shows, unless that is the cell's first.
_BLANK_LINES = re.compile(r"\n\n+")
_CHANGING = [
    (re.compile(r"0x[0-9a-f]+"), "0x"),
    (re.compile(r"ipykernel_\d+"), "ipykernel"),
    (re.compile(r"\b\d{5,}\.py"), "N.py"),
    (re.compile(r"-?\d+(?:[.,]\d+)? (?:ns|[µμ]s|us|ms|s)\b"), "TIME"),
    (re.compile(r"CPU times: .*"), "CPU times"),
    (re.compile(r"(?:tracked|plain)\d+"), "FOLDER"),
    (re.compile(r"\b\d+ frames\b"), "N frames"),
    # an output that cannot be sent: what sees it being sent is hidden, and IPython says so
    (re.compile(r"\n*    \[\.\.\. skipping hidden 1 frame\]\n*"), "\n"),
]


def comparable(answer: Answer) -> dict[str, Any]:
    """Give an answer without what differs between any two runs."""

    def clean(value: Any, key: str = "") -> Any:
        if isinstance(value, str):
            if key == "trace":
                value = _BLANK_LINES.sub("\n", _FIRST_LINE.sub("", value))
            for pattern, replacement in _CHANGING:
                value = pattern.sub(replacement, value)
            return value
        if isinstance(value, dict):
            return {key: clean(inner, key) for key, inner in value.items()}
        return value

    outputs = [clean(output) for output in answer.outputs]
    for output in outputs:
        if "data" in output and "image/png" in output["data"]:
            output["data"]["image/png"] = len(output["data"]["image/png"]) > 100
    return {
        "status": answer.status,
        "error": answer.error,
        "count": answer.count,
        "outputs": outputs,
    }


def state(kernel: KernelSession) -> dict[str, str]:
    """Give what the cell has left behind."""
    own = "('In', 'Out', 'exit', 'quit', 'get_ipython', 'open')"
    named = f"type(k) is str and k[0] != '_' and k not in {own}"
    names = f"sorted(str(k) for k in list(globals()) if {named})"
    return {
        "names": kernel.value(names),
        "last": kernel.value("type(_).__name__"),
        "outs": kernel.value("sorted(Out)"),
        "calls": kernel.value("(globals().get('C') and C.n, globals().get('E') and E.n)"),
    }
