"""Sound as WAV, by the standard library alone."""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING, Any

from celltrail.errors import ArtifactError
from celltrail.record.content.arrays import to_array
from celltrail.record.content.content import WAV_MIME, Content

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Audio", "audio_content", "read_wav"]

#: More rows than that are no channels.
_MOST_CHANNELS = 8


class Audio:
    """Sound, to be given to `ActiveRun.log_artifact`; stored as WAV.

    Parameters
    ----------
    samples
        An array or tensor of samples, or of samples × channels (channels × samples where
        that is plain). Floats are from −1 to 1 and are stored with 16 bits; integers of
        16 and 32 bits and unsigned ones of 8 are stored as they are.
    rate
        Samples per second.

    Examples
    --------
    >>> import numpy as np
    >>> import celltrail as ct
    >>> tone = np.sin(np.arange(8000) * 440 * 2 * np.pi / 8000)
    >>> with ct.track() as run:
    ...     run.log_artifact(ct.Audio(tone, 8000), "tone.wav")
    >>> ct.run(run).artifact("tone.wav").load()
    <Audio of 1.00 s, 8000 Hz, 1 channel>
    """

    def __init__(self, samples: Any, rate: int) -> None:
        array = to_array(samples)
        if array.ndim == 2 and array.shape[0] <= _MOST_CHANNELS < array.shape[1]:
            array = array.T
        if array.ndim == 1:
            array = array[:, None]
        if array.ndim != 2 or not array.shape[1]:
            message = f"audio is samples, or samples × channels, not of the shape {array.shape}."
            raise ArtifactError(message)
        self.samples: npt.NDArray[Any] = array
        self.rate = int(rate)
        if self.rate <= 0:
            message = f"the rate of audio is samples per second, not {rate}."
            raise ArtifactError(message)

    def __repr__(self) -> str:
        count, channels = self.samples.shape
        plural = "" if channels == 1 else "s"
        return f"<Audio of {count / self.rate:.2f} s, {self.rate} Hz, {channels} channel{plural}>"


def audio_content(audio: Audio) -> Content:
    """Give the WAV of a sound."""
    samples = _as_integers(audio.samples)
    out = io.BytesIO()
    with wave.open(out, "wb") as writer:
        writer.setnchannels(samples.shape[1])
        writer.setsampwidth(samples.dtype.itemsize)
        writer.setframerate(audio.rate)
        writer.writeframes(samples.tobytes())
    return Content(out.getvalue(), "audio", WAV_MIME, "audio.wav")


def _as_integers(samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    import numpy as np

    kind = samples.dtype
    if kind.kind == "f":
        if len(samples) and not np.abs(samples).max() <= 1:  # NaN is not either
            message = "audio of floats goes from −1 to 1; divide by its greatest value first."
            raise ArtifactError(message)
        return np.round(samples.astype(np.float64) * 32767).astype("<i2")
    if kind.str[1:] in ("i2", "i4"):
        return samples.astype(f"<{kind.str[1:]}")
    if kind == np.uint8:
        return samples
    message = f"audio is of floats, int16, int32 or uint8, not of {kind}."
    raise ArtifactError(message)


def read_wav(data: bytes) -> Audio:
    """Read a WAV of 8, 16 or 32 bits.

    Raises
    ------
    ArtifactError
        When it is none, or a compressed one.
    """
    import numpy as np

    try:
        with wave.open(io.BytesIO(data)) as reader:
            width, channels, rate = (
                reader.getsampwidth(),
                reader.getnchannels(),
                reader.getframerate(),
            )
            frames = reader.readframes(reader.getnframes())
    except (wave.Error, EOFError) as error:
        message = f"it is no WAV that can be read ({error}); take its .bytes() or .save() it."
        raise ArtifactError(message) from error
    kind = {1: "u1", 2: "<i2", 4: "<i4"}.get(width)
    if kind is None:
        message = f"a WAV of {8 * width} bits is not read here; .save() it."
        raise ArtifactError(message)
    return Audio(np.frombuffer(frames, kind).reshape(-1, channels), rate)
