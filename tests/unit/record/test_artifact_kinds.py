"""Every kind of object that can be stored, with the real libraries, and how it comes back."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import celltrail as ct
from celltrail.errors import ArtifactError
from celltrail.query import StoredArtifact


def stored(value: Any, name: str | None = None) -> StoredArtifact:
    """Store one object and read it."""
    with ct.track() as run:
        run.log_artifact(value, name)
    assert run.warnings == []
    (artifact,) = ct.run(run).artifacts
    return artifact


def refused(value: Any, name: str | None = None) -> str:
    """Store what cannot be stored and give the warning."""
    with ct.track() as run, pytest.warns(ct.CelltrailWarning):
        run.log_artifact(value, name)
        run.log(loss=1.0)
    assert ct.run(run).artifacts == []
    assert ct.run(run).metrics == {"loss": 1.0}
    return run.warnings[0]


# -- images ----------------------------------------------------------------------------------

ROW = np.array([[0, 127, 255]], np.uint8)


@pytest.mark.parametrize(
    ("array", "pixels"),
    [
        (ROW, ROW),
        (ROW[:, :, None], ROW),
        (ROW / 255, ROW),
        ((ROW / 255).astype("f4"), ROW),
        (ROW.astype("i8"), ROW),
        (np.array([[True, False]]), np.array([[255, 0]])),
        (np.array([[np.nan, 1.0]]), np.array([[0, 255]])),
        (np.full((2, 5, 3), 7, np.uint8), np.full((2, 5, 3), 7)),
        (np.full((2, 5, 4), 7, np.uint8), np.full((2, 5, 4), 7)),
        (np.full((3, 2, 5), 7, np.uint8), np.full((2, 5, 3), 7)),
    ],
    ids=["bytes", "one channel", "floats", "float32", "ints", "bools", "NaN", "RGB", "RGBA", "CHW"],
)
def test_an_array_is_an_image(array: Any, pixels: Any) -> None:
    artifact = stored(array, "image")
    assert (artifact.kind, artifact.mime) == ("image", "image/png")
    assert np.asarray(artifact.load()).tolist() == pixels.tolist()


class Tensor:
    """What celltrail knows of a tensor on another device, without the library."""

    shape = (1, 3)
    dtype = "uint8"

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> np.ndarray[Any, Any]:
        return ROW

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        message = "can't convert a tensor on another device"
        raise TypeError(message)


def test_a_tensor_is_brought_here_first() -> None:
    assert np.asarray(stored(Tensor(), "tensor").load()).tolist() == ROW.tolist()


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (np.zeros(3), r"shape \(3,\) is no image"),
        (np.zeros((2, 3, 5, 7)), "is no image"),
        (np.zeros((0, 3)), "is no image"),
        (np.array([[0.0, 2.0]]), "goes from 0 to 1, this one from 0 to 2"),
        (np.array([[-1, 2]]), "goes from 0 to 255, this one from -1 to 2"),
        (np.array([["a"]]), "holds no numbers"),
    ],
)
def test_an_array_that_is_no_image_says_what_to_do(array: Any, problem: str) -> None:
    assert re.search(problem, refused(array, "x"))


def test_an_array_under_a_name_in_npy_is_kept_as_numbers() -> None:
    array = np.arange(24.0).reshape(2, 3, 4)
    artifact = stored(array, "weights.npy")
    assert artifact.kind == "array"
    assert artifact.load().tolist() == array.tolist()
    assert "no numbers" in refused(np.array([object()]), "objects.npy")


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif"])
def test_a_picture_is_stored_in_the_format_of_its_name(suffix: str) -> None:
    image_of = pytest.importorskip("PIL.Image")
    artifact = stored(image_of.new("RGBA", (5, 4), "red"), f"picture.{suffix}")
    loaded = artifact.load()
    assert (artifact.kind, loaded.size) == ("image", (5, 4))
    assert loaded.format == {"jpg": "JPEG"}.get(suffix, suffix.upper())


# -- figures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "start", "mime"),
    [
        (None, b"\x89PNG", "image/png"),
        ("loss.svg", b"<?xml", "image/svg+xml"),
        ("loss.pdf", b"%PDF", "application/pdf"),
        ("loss.jpg", b"\xff\xd8", "image/jpeg"),
    ],
)
def test_a_figure_of_matplotlib(name: str | None, start: bytes, mime: str) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib.figure import Figure

    figure = Figure()
    figure.add_subplot().plot([1, 2])
    artifact = stored(figure, name)
    assert (artifact.kind, artifact.mime) == ("figure", mime)
    assert artifact.bytes().startswith(start)


def test_a_chart_of_altair_comes_back_as_one() -> None:
    import altair as alt

    chart = alt.Chart(alt.Data(values=[{"a": 1}])).mark_point().encode(x="a:Q")
    artifact = stored(chart)
    assert (artifact.name, artifact.kind) == ("chart.vl.json", "chart")
    assert artifact.load().to_dict()["mark"] == chart.to_dict()["mark"]


def test_a_figure_of_plotly_comes_back_as_one_or_as_a_page() -> None:
    plotly = pytest.importorskip("plotly.graph_objects")
    figure = plotly.Figure(plotly.Bar(y=[1, 3]))
    assert list(stored(figure).load().data[0].y) == [1, 3]
    page = stored(figure, "figure.html")
    assert page.mime == "text/html"
    assert "<script src=" not in page.text()


# -- histograms and sound --------------------------------------------------------------------


def test_a_histogram_counts_what_is_finite() -> None:
    values = np.array([[0.0, 1.0, np.nan], [0.1, np.inf, 1.0]])
    read = stored(ct.Histogram(values, bins=2), "weights").load()
    assert read == ct.Histogram.from_counts([2, 2], [0.0, 0.5, 1.0], outside=2)
    assert "2 bins from 0 to 1" in repr(read)


def test_a_histogram_of_numpy_and_of_bins_of_ones_own() -> None:
    counted = ct.Histogram.from_counts(*np.histogram([1, 2, 2, 9], bins=[0, 2, 4]))
    assert counted.counts.tolist() == [1, 2]
    assert ct.Histogram([1, 2, 2, 9], bins=[0, 2, 4]).outside == 1
    assert ct.Histogram([], bins=3).counts.tolist() == [0, 0, 0]
    assert ct.Histogram([5, 5], bins=1, range=(0, 10)).edges.tolist() == [0, 10]


@pytest.mark.parametrize(
    "make",
    [
        lambda: ct.Histogram(["a"]),
        lambda: ct.Histogram([1], bins=0),
        lambda: ct.Histogram.from_counts([1, 2], [0, 1]),
        lambda: ct.Audio(np.zeros((2, 3, 4)), 8000),
        lambda: ct.Audio([0.0], 0),
    ],
    ids=["texts", "no bins", "edges", "three axes", "no rate"],
)
def test_what_is_no_histogram_or_sound_is_said_at_once(make: Any) -> None:
    with pytest.raises(ArtifactError):
        make()


@pytest.mark.parametrize(
    ("samples", "shape"),
    [
        (np.sin(np.arange(800) / 10), (800, 1)),
        (np.zeros((800, 2), "f4"), (800, 2)),
        (np.zeros((2, 800), "f4"), (800, 2)),
        (np.arange(-400, 400, dtype="i2"), (800, 1)),
        (np.arange(-400, 400, dtype="i4"), (800, 1)),
        (np.arange(200, dtype="u1"), (200, 1)),
    ],
)
def test_sound_comes_back(samples: Any, shape: tuple[int, int]) -> None:
    artifact = stored(ct.Audio(samples, 8000), "tone")
    read = artifact.load()
    assert (read.rate, read.samples.shape) == (8000, shape)
    if samples.dtype.kind in "iu":
        assert read.samples[:, 0].tolist() == samples.tolist()
        assert stored(read, "again").sha256 == artifact.sha256


def test_sound_beyond_its_range_is_refused() -> None:
    assert "from −1 to 1" in refused(ct.Audio([2.0], 8000), "loud")
    assert "from −1 to 1" in refused(ct.Audio([float("nan")], 8000), "nothing")
    assert "not of int64" in refused(ct.Audio(np.array([1]), 8000), "wide")


# -- texts, JSON, bytes ----------------------------------------------------------------------


def test_json_opens_what_is_inside() -> None:
    @dataclasses.dataclass
    class Settings:
        rate: float
        layers: tuple[int, ...]

    value = {"array": np.arange(1500), "settings": Settings(0.1, (2, 3)), "n": np.int64(3), 1: None}
    assert stored(value, "data.json").load() == {
        "array": list(range(1500)),
        "settings": {"rate": 0.1, "layers": [2, 3]},
        "n": 3,
        "1": None,
    }
    assert stored(Settings(0.1, ())).load() == {"rate": 0.1, "layers": []}


@pytest.mark.parametrize(
    "value", [[], {}, [1.5, "ü\0😀\ud800", True, None, 2**70], {"": {"a": []}}]
)
def test_json_comes_back_equal(value: Any) -> None:
    assert stored(value).load() == value


def test_secrets_do_not_get_into_json_and_texts_but_files_are_left_alone(tmp_path: Path) -> None:
    secret = "sk-aaaaaaaaaaaaaaaaaaaaaaaa"
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"api_key": secret}))
    with ct.track() as run:
        before = run.redactions  # of this test's own source
        run.log_artifact({"a": [{"api_key": secret}], "url": "postgres://me:hunter22@db/x"}, "j")
        run.log_artifact(f"api_key = '{secret}'", "t.txt")
        run.log_artifact(file)
    assert run.redactions == before + 3
    read = ct.run(run)
    assert read.artifact("j").load() == {
        "a": [{"api_key": "[redacted]"}],
        "url": "postgres://me:[redacted]@db/x",
    }
    assert read.artifact("t.txt").text() == "api_key = '[redacted]'"
    assert read.artifact("config.json").load() == {"api_key": secret}


def test_bytes_come_back_whatever_their_name_says() -> None:
    for value in (b"{", bytearray(b"{"), memoryview(b"{")):
        assert stored(value, "x.json").load() == b"{"


def test_a_pickle_in_a_file_is_nothing_but_bytes(tmp_path: Path) -> None:
    import pickle

    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "ran",))

    for name in ("trap.pkl", "trap.npy", "trap.csv"):
        (tmp_path / name).write_bytes(pickle.dumps(Trap()))
        artifact = stored(tmp_path / name)
        try:
            artifact.load()
        except ArtifactError:
            continue
    assert not (tmp_path / "ran").exists()


# -- files, folders, streams -----------------------------------------------------------------


def test_files_are_loaded_by_their_media_type(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "a.unknown").write_bytes(b"\x00")
    assert stored(tmp_path / "a.txt").load() == "text"
    assert stored(str(tmp_path / "a.csv")).load()["y"].tolist() == [2]
    assert stored(tmp_path / "a.unknown").load() == b"\x00"


def test_open_files_are_read_from_where_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("first\nsecond ü\n", "utf-8")
    with path.open("rb") as binary:
        binary.readline()
        artifact = stored(binary)
    assert (artifact.name, artifact.text()) == ("log.txt", "second ü\n")
    with path.open(encoding="utf-8") as text:
        assert stored(text, "again").bytes() == path.read_bytes()
    assert stored(io.StringIO("ü" * 700_000), "long").size == 1_400_000
    assert stored(io.BytesIO(b"raw")).name == "data"


def test_a_folder_is_stored_file_by_file(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "sub" / "b.txt").write_text("b")
    (folder / "loop").symlink_to(folder)
    with ct.track() as run:
        run.log_artifact(folder, step=2)
        run.log_artifact(str(folder), name=None)
        run.log_artifact(folder, "results")
    names = [artifact.name for artifact in ct.run(run).artifacts]
    assert names == ["out/a.txt", "out/sub/b.txt"] * 2 + ["results/a.txt", "results/sub/b.txt"]
    assert ct.run(run).artifact("out/sub/b.txt", step=2).load() == "b"


def test_the_folder_of_the_store_is_stored_without_the_store(
    tmp_path: Path, store_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("n")
    with ct.track() as first:
        first.log_artifact(b"x" * 2_000_000, "large")
    assert len(ct.runs()) == 1
    with ct.track() as run:
        run.log_artifact(tmp_path)
    assert [a.name for a in ct.run(run).artifacts] == [f"{tmp_path.name}/notes.txt"]
    assert "belongs to the store itself" in refused(store_path)


def test_an_empty_folder_and_what_is_no_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "holds no files" in refused(tmp_path / "empty")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert "neither a file nor a folder" in refused(tmp_path / "dangling")
    assert "does not exist" in refused(tmp_path / "nowhere")


def test_a_text_that_is_also_a_folders_name_is_a_text_when_it_has_a_name(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert stored("data", "remark.txt").load() == "data"


# -- series ----------------------------------------------------------------------------------


def test_one_name_over_steps_is_a_series() -> None:
    with ct.track() as run:
        for step in (0, 10, 20):
            run.log_artifact(np.full((2, 2), step, np.uint8), "sample", step=step)
        run.log_artifact(f"the end of {step}", "sample", step=20)
    read = ct.run(run)
    assert [(a.name, a.step) for a in read.artifacts] == [("sample", s) for s in (0, 10, 20, 20)]
    assert np.asarray(read.artifact("sample", step=10).load()).max() == 10
    assert read.artifact("sample").load() == read.artifact("sample", 20).load() == "the end of 20"
    with pytest.raises(KeyError, match="sample at step 5"):
        read.artifact("sample", step=5)


def test_the_same_content_of_two_runs_is_stored_once(store_path: Path) -> None:
    for _ in range(2):
        with ct.track() as run:
            run.log_artifact(b"small", "a")
            run.log_artifact(b"L" * 2_000_000, "b")
            run.log_artifact(b"small", "c")
    assert len(ct.run(run).artifacts) == 3
    assert ct.sql("select count(*) as n from blobs")["n"].tolist() == [1]
    files = [p for p in store_path.with_name("celltrail.duckdb.files").rglob("*") if p.is_file()]
    assert len(files) == 1
