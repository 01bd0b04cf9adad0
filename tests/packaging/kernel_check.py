"""Run by the python of an installed celltrail: tracks a cell in a real kernel.

It knows nothing of the repository: what it imports is what the wheel brought.
"""

from __future__ import annotations

import sys
from queue import Empty

from jupyter_client.manager import start_new_kernel

CELLS = (
    "%load_ext celltrail",
    '%%track "from the wheel" -p depth=3 -t packaged --quiet\n'
    "rate = 0.1\n"
    "import celltrail as ct\n"
    "for i in range(20):\n"
    "    ct.log(loss=rate / (i + 1), step=i)\n",
    "import celltrail as ct\nassert len(ct.runs()) == 1, ct.runs()",
    "assert ct.runs()[0].params['rate'] == 0.1\nassert len(ct.runs().history('loss')) == 20",
    "from pathlib import Path\nimport celltrail.views\n"
    "static = Path(celltrail.views.__file__).parent / 'static'\n"
    "assert (static / 'run_table.js').stat().st_size > 1000",
    "ct.table(ct.runs())",
)


def main() -> int:
    """Run the cells one after the other and stop at the first that fails."""
    manager, client = start_new_kernel(kernel_name="python3", startup_timeout=120)
    try:
        for code in CELLS:
            reply = client.execute_interactive(code, timeout=180, output_hook=show)
            content = reply["content"]
            if content["status"] != "ok":
                print(*content.get("traceback", [content]), sep="\n")
                return 1
    except Empty:
        print("the kernel gave no answer")
        return 1
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    return 0


def show(message: dict[str, object]) -> None:
    """Print what the kernel writes to stderr, where celltrail's warnings go."""
    content = message["content"]
    if isinstance(content, dict) and content.get("name") == "stderr":
        print(content["text"], end="")


if __name__ == "__main__":
    sys.exit(main())
