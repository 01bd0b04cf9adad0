"""The workers of a PyTorch DataLoader log to the run of the process that trains."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import venv
from collections.abc import Mapping
from pathlib import Path

import pytest

import celltrail as ct
from celltrail.model import Status

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(1800)]

TRAIN = """
    import sys
    import celltrail as ct
    import torch
    from torch.utils.data import DataLoader, Dataset

    class Numbers(Dataset):
        def __init__(self, handle):
            self.handle = handle
        def __len__(self):
            return 64
        def __getitem__(self, i):
            self.handle.log(seen=float(i), step=i)
            with self.handle:
                ct.log({f"worker{torch.utils.data.get_worker_info().id}": float(i)})
            return torch.tensor(float(i))

    if __name__ == "__main__":
        with ct.track("training") as run:
            loader = DataLoader(
                Numbers(run.handle()), batch_size=8, num_workers=2,
                multiprocessing_context=sys.argv[1], persistent_workers=len(sys.argv) > 2,
            )
            for epoch in range(2):
                for batch in loader:
                    run.log(mean=batch.mean())
"""


def run(command: list[str], environment: Mapping[str, str], *, check: bool = True) -> int:
    """Run a command; what it printed is in the failure."""
    done = subprocess.run(
        command, env=dict(environment), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 or not check, done.stdout + done.stderr
    return done.returncode


@pytest.fixture(scope="module")
def torch_python(
    tmp_path_factory: pytest.TempPathFactory, outer_environment: Mapping[str, str]
) -> str:
    """Give a python that has PyTorch, and finds everything else where this one does."""
    folder = tmp_path_factory.mktemp("torch")
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet"]
    # A wheel for the CPU that lies on the machine is a tenth of what the index has.
    if run([*install, "--no-index", "--no-deps", "torch"], outer_environment, check=False):
        run([*install, "torch"], outer_environment)
    needed = ["filelock", "typing-extensions", "sympy", "networkx", "jinja2", "fsspec"]
    run([*install, *needed], outer_environment)
    return python


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("persistent", [False, True])
def test_the_workers_log_to_the_run(
    torch_python: str, tmp_path: Path, method: str, persistent: bool
) -> None:
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(TRAIN), "utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run([torch_python, str(script), method, *(["keep"] if persistent else [])], environment)
    found = ct.run("training")
    assert found.status is Status.FINISHED
    assert found.history("seen")["step"].tolist() == sorted([*range(64), *range(64)])
    assert len(found.history("mean")) == 16
    counted = [len(found.history(f"worker{i}")) for i in range(2)]
    assert sum(counted) == 128
