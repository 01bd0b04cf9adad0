"""A tracked cell shows and does what the untracked cell does.

Each case runs in two kernels with the same past: with ``%%track --quiet`` as its first
line, and with a comment there. Everything that a front end gets is compared, and the
namespace afterwards.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
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
}  # fmt: skip

#: What IPython only does at the head of a cell: these are compared without a line in its place.
ALONE = {"indented", "automagic", "autocall"}

#: The last traceback line numbers are the user's in both kernels, but the first line differs.
_FIRST_LINE = re.compile(r"^(?:-+> *)?\s*1(?: # first)?\s*$", re.MULTILINE)
_CHANGING = [
    (re.compile(r"0x[0-9a-f]+"), "0x"),
    (re.compile(r"ipykernel_\d+"), "ipykernel"),
    (re.compile(r"\b\d{5,}\.py"), "N.py"),
    (re.compile(r"-?\d{2,}[.,]\d+ (?:ns|µs|ms|s)\b"), "TIME"),
    (re.compile(r"(?:tracked|plain)\d+"), "FOLDER"),
    (re.compile(r"\b\d+ frames\b"), "N frames"),
]


def comparable(answer: Answer) -> dict[str, Any]:
    """Give an answer without what differs between any two runs."""

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            value = _FIRST_LINE.sub("", value)
            for pattern, replacement in _CHANGING:
                value = pattern.sub(replacement, value)
            return value
        if isinstance(value, dict):
            return {key: clean(inner) for key, inner in value.items()}
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


@pytest.mark.parametrize("case", CASES)
def test_a_tracked_cell_answers_like_the_untracked(
    case: str, shared_kernel: KernelSession, plain_kernel: KernelSession
) -> None:
    body = CASES[case]
    first = "" if body.startswith("%%") or case in ALONE else "# first\n"
    expected = comparable(plain_kernel.run(first + body))
    found = comparable(shared_kernel.run("%%track --quiet\n" + body))
    assert found == expected
    assert state(shared_kernel) == state(plain_kernel)


def test_the_history_holds_what_was_typed_and_what_was_run(
    shared_kernel: KernelSession,
) -> None:
    count = shared_kernel.run("%%track --quiet\nx = 1").count
    manager = "get_ipython().history_manager"
    assert shared_kernel.value(f"{manager}.input_hist_raw[{count}]") == repr(
        "%%track --quiet\nx = 1"
    )
    assert shared_kernel.value(f"In[{count}].strip()") == repr("x = 1")


def test_a_silent_request_stays_silent_and_is_not_recorded(shared_kernel: KernelSession) -> None:
    before = shared_kernel.run("import celltrail as ct\nprint(len(ct.runs()))").text
    answer = shared_kernel.run("%%track\nprint_me = 3\nprint_me", silent=True)
    assert answer.outputs == []
    assert shared_kernel.run("print(len(ct.runs()))").text == before
