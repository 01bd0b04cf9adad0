"""Models, tensors and tables of the libraries that are too large for everybody's environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from environments import Distribution, Environment, run

CHECK = Path(__file__).with_name("model_libraries_check.py")
LIBRARIES = ("keras", "pillow", "pyarrow", "pytest", "scikit-learn", "torch", "xgboost")


@pytest.mark.heavy
@pytest.mark.timeout(3600)
def test_what_large_libraries_make_comes_back(
    distribution: Distribution,
    new_environment: Callable[..., Environment],
    root: Path,
    tmp_path: Path,
) -> None:
    """PyTorch, Keras, XGBoost and pyarrow, against the wheel with its extra for models."""
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
    run([environment.python, "-m", "pytest", *options, str(CHECK)], env=env, cwd=tmp_path)
