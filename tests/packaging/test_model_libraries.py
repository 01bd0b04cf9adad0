"""Models, tensors and tables of the libraries that are too large for everybody's environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from environments import Distribution, Environment, run

CHECKS = [
    str(Path(__file__).with_name(name))
    for name in ("model_libraries_check.py", "frameworks_check.py")
]
LIBRARIES = (
    "accelerate", "ipykernel", "keras", "lightgbm", "lightning", "optuna", "pillow", "pyarrow",
    "pytest", "scikit-learn", "statsmodels", "torch", "transformers", "xgboost",
)  # fmt: skip


@pytest.mark.heavy
@pytest.mark.timeout(3600)
def test_what_large_libraries_make_comes_back(
    distribution: Distribution,
    new_environment: Callable[..., Environment],
    root: Path,
    tmp_path: Path,
) -> None:
    """Models and tables come back, and what frameworks report of a training is found.

    Against the wheel with its extra for models.
    """
    environment = new_environment()
    wheel = f"{distribution.wheel}[models]"
    environment.install(wheel, *LIBRARIES, "--constraint", str(root / "constraints.txt"))
    options = [
        "--noconftest",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        "--rootdir",
        str(tmp_path),
    ]
    env = {**environment.outer, "HOME": str(tmp_path), "KERAS_BACKEND": "torch"}
    run([environment.python, "-m", "pytest", *options, *CHECKS], env=env, cwd=tmp_path)
