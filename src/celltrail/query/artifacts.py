"""A stored artifact: its content, checked on each read, as bytes, a file or an object."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote

from celltrail.errors import ArtifactError, UnknownNameError
from celltrail.ids import new_id
from celltrail.query.file_names import file_name
from celltrail.query.loading import load_content
from celltrail.query.models import load_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.model import ArtifactInfo
    from celltrail.store import Store

__all__ = ["StoredArtifact", "find_artifact", "size_text"]

_CHUNK = 1 << 20


class StoredArtifact:
    """One object or file of a run, as `Run.artifact` and `Run.artifacts` give it.

    Its content is read when it is asked for, and each time checked against the SHA-256
    that it was stored under. Nothing of it is ever run or unpickled, except by
    `load_model` where the call says so.

    Attributes
    ----------
    info : ArtifactInfo
        All that is known without the content.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track() as run:
    ...     run.log_artifact({"folds": 3}, "settings.json")
    >>> artifact = ct.run(run).artifact("settings.json")
    >>> artifact
    <StoredArtifact 'settings.json', json, 15 B>
    >>> artifact.load()
    {'folds': 3}
    """

    __slots__ = ("_store", "info")

    def __init__(self, store: Store, info: ArtifactInfo) -> None:
        self._store = store
        self.info = info

    def __repr__(self) -> str:
        step = "" if self.step is None else f", step {self.step}"
        kind = self.kind.encode("unicode_escape").decode()
        return f"<StoredArtifact {self.name!r}, {kind}, {size_text(self.size)}{step}>"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, StoredArtifact)
            and other.info == self.info
            and other._store.path == self._store.path
        )

    def __hash__(self) -> int:
        return hash(self.info)

    @property
    def name(self) -> str:
        """What it is called."""
        return self.info.name

    @property
    def kind(self) -> str:
        """What it is: ``figure``, ``table``, ``file``, ``model/skops`` and so on."""
        return self.info.kind

    @property
    def mime(self) -> str:
        """The media type."""
        return self.info.mime

    @property
    def sha256(self) -> str:
        """The address of the content, in hexadecimal."""
        return self.info.sha256

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self.info.size

    @property
    def step(self) -> int | None:
        """The step that it belongs to; None without one."""
        return self.info.step

    @property
    def facts(self) -> dict[str, str]:
        """What stands beside the media type; of a model its library, version and class."""
        parts = [part.partition("=") for part in self.mime.split(";")[1:]]
        return {key.strip(): unquote(value.strip()) for key, _, value in parts}

    # -- the content -------------------------------------------------------------------------

    def open(self) -> BinaryIO:
        """Open the content as a stream, which is read once and forward.

        It is checked while it is read, and its last part (up to 1 MiB) given only when all
        was right: whoever reads to the end has what was stored. What was read before an
        error is not to be used.

        Raises
        ------
        ArtifactLostError
            When the content is missing; also while it is read, when it is damaged.
        """
        return self._store.open_artifact(self.sha256)

    def bytes(self) -> bytes:
        """Give the content.

        Raises
        ------
        ArtifactLostError
            When it is missing or damaged.
        """
        with self.open() as stream:
            return stream.read()

    def text(self, encoding: str = "utf-8") -> str:
        """Give the content as a text.

        Raises
        ------
        ArtifactError
            When it is not of this encoding.
        ArtifactLostError
            When it is missing or damaged.
        """
        try:
            return str(self.bytes(), encoding, "surrogatepass" if encoding == "utf-8" else "strict")
        except UnicodeDecodeError as error:
            message = f"artifact {self.name!r} is no {encoding} text ({error}); take its .bytes()."
            raise ArtifactError(message) from error

    def save(self, where: str | os.PathLike[str] = ".", *, overwrite: bool = False) -> Path:
        """Write the content to a file, which is there only when all of it is right.

        Parameters
        ----------
        where
            The file's path; or a folder, where it gets the last part of the artifact's
            name, without anything that means something to a file system, the step, and
            the ending of its kind where the name has none that fits.
        overwrite
            Whether a file of that name may be replaced. A link is replaced, never followed.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        ArtifactError
            When there is something already.
        ArtifactLostError
            When the content is missing or damaged; nothing is written then.
        OSError
            When the place cannot be written.

        Examples
        --------
        >>> import celltrail as ct
        >>> with ct.track() as run:
        ...     run.log_artifact("a remark", "notes/remark.txt", step=3)
        >>> ct.run(run).artifact("notes/remark.txt").save(".").name
        'remark-3.txt'
        """
        path = Path(where)
        if path.is_dir() or os.fspath(where).endswith(("/", os.sep)):
            path = path / file_name(self.info)
        if os.path.lexists(path) and (not overwrite or path.is_dir()):
            message = f"{path} exists; give another path, or overwrite=True for a file."
            raise ArtifactError(message)
        with self.open() as stream:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.parent / f".celltrail-{new_id()}"
            try:
                with temporary.open("xb") as writer:
                    while chunk := stream.read(_CHUNK):
                        writer.write(chunk)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
        return path

    def load(self) -> Any:
        """Give the content as the object that fits its kind.

        Returns
        -------
        object
            A table as a DataFrame (or Series) of pandas; JSON as Python's objects; a text
            as str; an image or figure as a PIL image (PNG, JPEG, GIF, WebP, BMP and TIFF); a
            histogram and audio as `Histogram` and `Audio`; an Altair chart as one; Plotly's
            as a figure, or where Plotly is not installed as a dict; an array as numpy's;
            anything else, and every pickle, as bytes. Files that were given by path are taken
            by their media type.

        Raises
        ------
        ArtifactError
            When it is not what its kind says, or needs a library that is not installed.
        ArtifactLostError
            When it is missing or damaged.
        """
        return load_content(self.info, self.bytes())

    def load_model(self, *, trusted: Sequence[str] = (), allow_pickle: bool = False) -> Any:
        """Give the model that `celltrail.log_model` stored.

        Parameters
        ----------
        trusted
            For scikit-learn's: the names of types beyond the usual ones that may be made
            while it is loaded. The error names those that it needs.
        allow_pickle
            Whether a pickled model may be loaded. That runs whatever code is in it: allow
            it only where you trust whoever could write to this store.

        Returns
        -------
        object
            The state (name to tensor) of a torch module, for ``load_state_dict``; an ONNX
            ``ModelProto``; an estimator or a booster.

        Raises
        ------
        UntrustedArtifactError
            When it may run code that the call does not allow.
        ArtifactError
            When it is no model, or needs a library that is not installed.
        ArtifactLostError
            When it is missing or damaged.

        Examples
        --------
        >>> import numpy as np
        >>> import celltrail as ct
        >>> with ct.track() as run:
        ...     run.log_model({"bias": np.zeros(2)}, "weights")
        >>> ct.run(run).artifact("weights").load_model()
        {'bias': array([0., 0.])}
        """
        return load_model(
            self.info, self.facts, self.bytes, trusted=trusted, allow_pickle=allow_pickle
        )


def find_artifact(
    artifacts: Sequence[StoredArtifact], name: str, step: int | None
) -> StoredArtifact:
    """Give the last of a name, and of a step where one is asked for: see `Run.artifact`."""
    named = [artifact for artifact in artifacts if artifact.name == name]
    if not named:
        raise UnknownNameError("artifact", name, {artifact.name for artifact in artifacts})
    if step is None:
        return named[-1]
    at = [artifact for artifact in named if artifact.step == step]
    if not at:
        steps = [f"{name} at step {artifact.step}" for artifact in named]
        raise UnknownNameError("artifact", f"{name} at step {step}", steps)
    return at[-1]


def size_text(count: int) -> str:
    """Write a number of bytes with about three digits.

    Examples
    --------
    >>> size_text(7), size_text(1500), size_text(24_300_000)
    ('7 B', '1.5 kB', '24.3 MB')
    """
    if count < 1000:
        return f"{count} B"
    for power, unit in enumerate(("kB", "MB"), start=1):
        if count < 1000 ** (power + 1):
            return f"{count / 1000**power:.1f} {unit}"
    return f"{count / 1e9:.1f} GB"
