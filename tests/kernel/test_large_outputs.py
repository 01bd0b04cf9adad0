"""However much a cell prints, shows or holds, what is recorded of it stays small."""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel_session import KernelSession

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1200)]

PEAK = "int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) // 1024"


def peak(kernel: KernelSession) -> int:
    """Give the most memory that the kernel has had, in MiB."""
    return int(kernel.value(PEAK))


def card(kernel: KernelSession, cell: str) -> str:
    """Run a cell and give the text of its card; what else it shows is not kept here."""
    cards: list[str] = []

    def keep(output: dict[str, object]) -> None:
        data = output.get("data")
        if isinstance(data, dict) and "celltrail-card" in str(data.get("text/html", ""))[:100]:
            cards.append(str(data["text/plain"]))
        output["text"] = ""

    answer = kernel.run(cell, on_output=keep)
    assert answer.status == "ok"
    return cards[-1]


def stored(kernel: KernelSession, tmp_path: Path) -> tuple[str, int]:
    """Give what the last run's outputs are, and the bytes of the store with all beside it."""
    text = kernel.run(
        "import celltrail as ct\nfrom celltrail.record.worker import wait_for_worker\n"
        "wait_for_worker(60)\nrun = ct.last_run()\n"
        "print(len(run.outputs), len(run.artifacts), sum(o.truncated for o in run.outputs))"
    ).text
    kernel.run("import celltrail as ct; ct.runs()")
    paths = [p for p in tmp_path.glob("celltrail.duckdb*") if p.is_file()]
    paths += [p for p in tmp_path.glob("celltrail.duckdb.*/**/*") if p.is_file()]
    return text.strip(), sum(path.stat().st_size for path in paths)


def test_a_cell_that_prints_a_gigabyte(
    kernel: KernelSession, plain_kernel: KernelSession, tmp_path: Path
) -> None:
    prints = "for i in range(1_000):\n    print('x' * 999_999)"
    plain_kernel.run(prints)
    said = card(kernel, f"%%track\n{prints}")
    assert "of 1,000,000,000 characters on stdout the last 65,536 are recorded" in said
    found, size = stored(kernel, tmp_path)
    assert found == "1 0 1"
    assert size < 8 << 20
    # What waits to be sent is in ipykernel's memory, some of it several times.
    assert peak(kernel) < 1.5 * peak(plain_kernel) + 100
    print(f"peak {peak(kernel)} MiB, untracked {peak(plain_kernel)} MiB, {size:,} bytes stored")


def test_a_cell_that_shows_ten_thousand_figures(kernel: KernelSession, tmp_path: Path) -> None:
    kernel.run(
        "import os, matplotlib.pyplot as plt, io\nfig, ax = plt.subplots(); ax.plot([1, 2])\n"
        "file = io.BytesIO(); fig.savefig(file, format='png'); plt.close(fig)\n"
        "png = file.getvalue()\nfrom IPython.display import Image, display"
    )
    said = card(kernel, "%%track\nfor i in range(10_000):\n    display(Image(png))")
    assert "9,950 more outputs" in said
    found, size = stored(kernel, tmp_path)
    assert found == "51 50 1"
    assert size < 8 << 20


def test_a_cell_that_holds_a_frame_of_ten_gigabytes(kernel: KernelSession, tmp_path: Path) -> None:
    kernel.run(
        "import numpy as np, pandas as pd\n"
        "frame = pd.DataFrame(np.zeros((125_000_000, 10)), copy=False)"  # no page is touched
    )
    before = peak(kernel)
    said = card(kernel, "%%track\nfirst = float(frame.iat[0, 0]) + 1.0\nother = frame")
    assert "first" in said
    text = kernel.run("import celltrail as ct; print(ct.last_run().datasets)").text
    assert "125000000" in text
    assert peak(kernel) - before < 200
    assert stored(kernel, tmp_path)[1] < 8 << 20
