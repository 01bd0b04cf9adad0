"""What is read of artifacts: checked, saved only where asked, whatever they are called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import celltrail as ct
from celltrail.errors import ArtifactError, ArtifactLostError
from celltrail.model import ArtifactInfo
from celltrail.query import StoredArtifact
from celltrail.query.file_names import file_name

HOSTILE = {
    "../../x": "x",
    "/etc/passwd": "passwd",
    "..": "artifact",
    "a/..": "artifact",
    "": "artifact",
    "C:\\Windows\\system.ini": "system.ini",
    "\\\\host\\share\\f.txt": "f.txt",
    "a\0b.txt": "ab.txt",
    "CON": "_CON",
    "con.txt": "_con.txt",
    "LPT1.tar.gz": "_LPT1.tar.gz",
    "name. . ": "name",
    ".bashrc": "bashrc",
    "~": "~",
    "a:b|c?.txt": "a_b_c_.txt",
    "über 😀.txt": "über 😀.txt",
    "u\u0308.txt": "ü.txt",
    "abc\u202egnp.exe": "abcgnp.exe",
    "line\nbreak\x1b[31m.txt": "linebreak[31m.txt",
    "\ud800.txt": "txt",
}


def named(name: str, kind: str = "bytes", mime: str = "application/octet-stream") -> ArtifactInfo:
    return ArtifactInfo(name, kind, mime, "0" * 64, 1)


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_hostile_name_becomes_a_harmless_one(name: str) -> None:
    assert file_name(named(name)) == HOSTILE[name]


def test_a_long_name_is_cut_and_keeps_its_ending() -> None:
    for letter in "aü😀":
        name = file_name(named(letter * 300 + ".png"))
        assert name.endswith(".png")
        assert len(name.encode()) <= 200
    assert len(file_name(named("x." + "y" * 300))) == 200


@pytest.mark.parametrize(
    ("info", "name"),
    [
        (named("loss", "figure", "image/png"), "loss.png"),
        (named("loss.png", "figure", "image/png"), "loss.png"),
        (named("frame.xlsx", "table", "application/vnd.apache.arrow.stream"), "frame.xlsx.arrows"),
        (named("v1.5", "figure", "image/png"), "v1.5.png"),
        (named("notes.md", "text", "text/markdown"), "notes.md"),
        (named("my.model", "model/skops", "application/octet-stream; a=b"), "my.model"),
        (ArtifactInfo("s.png", "image", "image/png", "0" * 64, 1, 12), "s-12.png"),
        (ArtifactInfo("s", "text", "text/plain", "0" * 64, 1, -1), "s-1.txt".replace("-", "--")),
    ],
    ids=lambda value: value.name if isinstance(value, ArtifactInfo) else "",
)
def test_a_file_gets_the_ending_of_its_kind_and_its_step(info: ArtifactInfo, name: str) -> None:
    assert file_name(info) == name


def beside(target: Path, folder: Path) -> list[str]:
    """List what is in a folder, apart from the target and the store."""
    found = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))
    return [p for p in found if target not in (folder / p).parents and "duckdb" not in p]


def test_hostile_names_are_stored_and_saved_inside_the_folder(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "target"
    target.mkdir(parents=True)
    with ct.track() as run:
        for number, name in enumerate(HOSTILE):
            run.log_artifact(b"%d" % number, name or "empty")
    before = beside(target, tmp_path)
    stored = ct.run(run).artifacts
    assert len(stored) == len(HOSTILE)
    for artifact in stored:
        path = artifact.save(target, overwrite=True)
        assert path.parent == target
        assert path.read_bytes() == artifact.bytes()
        assert "\x1b" not in repr(artifact)
        assert "\n" not in repr(artifact)
    assert beside(target, tmp_path) == before


def small(content: bytes = b"content", name: str = "a.txt") -> StoredArtifact:
    with ct.track() as run:
        run.log_artifact(content, name)
    return ct.run(run).artifact(name)


def test_a_file_is_saved_where_one_asks(tmp_path: Path) -> None:
    artifact = small()
    (tmp_path / "folder").mkdir()
    assert artifact.save(tmp_path / "folder") == tmp_path / "folder" / "a.txt"
    assert artifact.save(tmp_path / "new" / "b.bin").read_bytes() == b"content"
    assert artifact.save(f"{tmp_path}/made/") == tmp_path / "made" / "a.txt"
    assert (tmp_path / "made" / "a.txt").stat().st_mode == (tmp_path / "new").parent.joinpath(
        "folder", "a.txt"
    ).stat().st_mode
    assert [p.name for p in (tmp_path / "made").iterdir()] == ["a.txt"]


def test_nothing_is_overwritten_unasked_and_no_link_is_followed(tmp_path: Path) -> None:
    artifact = small()
    outside = tmp_path / "outside.txt"
    outside.write_text("precious")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").symlink_to(outside)
    with pytest.raises(ArtifactError, match="overwrite=True"):
        artifact.save(folder)
    artifact.save(folder, overwrite=True)
    assert outside.read_text() == "precious"
    assert (folder / "a.txt").read_text() == "content"
    assert not (folder / "a.txt").is_symlink()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ArtifactError, match="exists"):
        artifact.save(tmp_path / "dangling")


@pytest.fixture
def large(tmp_path: Path) -> tuple[StoredArtifact, Path]:
    """Store large content and give it with its file."""
    artifact = small(os.urandom(3 << 20), "large.bin")
    (file,) = (p for p in tmp_path.rglob(artifact.sha256) if p.is_file())
    return artifact, file


def test_damaged_content_is_never_saved(large: tuple[StoredArtifact, Path], tmp_path: Path) -> None:
    artifact, file = large
    assert artifact.bytes() == file.read_bytes()
    damaged = bytearray(file.read_bytes())
    damaged[5] ^= 4
    file.write_bytes(damaged)
    (tmp_path / "target").mkdir()
    for read in (artifact.bytes, artifact.load, artifact.text):
        with pytest.raises(ArtifactLostError, match="damaged"):
            read()
    with pytest.raises(ArtifactLostError, match="damaged"):
        artifact.save(tmp_path / "target")
    assert list((tmp_path / "target").iterdir()) == []
    file.unlink()
    with pytest.raises(ArtifactError, match="missing"):
        artifact.bytes()


def test_a_flipped_bit_inside_the_database_is_found(store_path: Path) -> None:
    import duckdb

    artifact = small(b"some small content")
    ct.runs()
    with duckdb.connect(store_path) as con:
        con.execute("update blobs set data = 'some smell content'::blob")
    with pytest.raises(ArtifactError, match="damaged"):
        artifact.bytes()


def test_an_address_that_is_a_path_reads_nothing(store_path: Path, tmp_path: Path) -> None:
    """As somebody's store could hold it."""
    import duckdb

    artifact = small()
    (tmp_path / "secret").write_text("s")
    with duckdb.connect(store_path) as con:
        con.execute("update artifacts set sha256 = '../../../secret'")
    (hostile,) = ct.run(ct.last_run()).artifacts
    with pytest.raises(ArtifactError, match="missing"):
        hostile.bytes()
    assert artifact.name == hostile.name


def test_content_is_read_as_a_stream(large: tuple[StoredArtifact, Path]) -> None:
    artifact, file = large
    with artifact.open() as stream:
        assert stream.read(10) == file.read_bytes()[:10]
        assert stream.read() == file.read_bytes()[10:]


def test_text_of_another_encoding_is_said() -> None:
    artifact = small("ü".encode("latin-1"))
    assert artifact.text("latin-1") == "ü"
    with pytest.raises(ArtifactError, match="no utf-8 text"):
        artifact.text()


def test_what_is_not_what_it_says_is_said(tmp_path: Path) -> None:
    with ct.track() as run:
        for name in ("a.png", "a.json", "a.wav", "a.npy"):
            (tmp_path / name).write_bytes(b"not this")
            run.log_artifact(tmp_path / name)
    for artifact in ct.run(run).artifacts[:3]:
        with pytest.raises(ArtifactError, match=rf"artifact '{artifact.name}'"):
            artifact.load()


def test_equal_artifacts_are_equal_and_say_what_they_are() -> None:
    artifact = small(b"x" * 1234, "a")
    assert repr(artifact) == "<StoredArtifact 'a', bytes, 1.2 kB>"
    assert artifact == ct.last_run().artifact("a")
    assert len({artifact, ct.last_run().artifact("a")}) == 1
    assert artifact != small(b"y", "a")
    with pytest.raises(KeyError, match="no artifact"):
        ct.last_run().artifact("b")


def test_a_picture_that_is_a_program_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PIL hands PostScript to Ghostscript, whatever the file is called."""
    ran = tmp_path / "ran"
    ghostscript = tmp_path / "gs"
    ghostscript.write_text(f"#!/bin/sh\ntouch {ran}\necho 10.0\n")
    ghostscript.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    picture = tmp_path / "picture.png"
    picture.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    with ct.track() as run:
        run.log_artifact(picture)
    with pytest.raises(ArtifactError, match=r"is no image/png"):
        ct.run(run).artifact("picture.png").load()
    assert not ran.exists()
