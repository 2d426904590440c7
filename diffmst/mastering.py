"""The last stage: a mix brought to its loudness under the ceiling, from a temporary file, in constant memory."""

import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from diffmst.audio import AudioWriter
from diffmst.dsp.limiter import Limiter
from diffmst.dsp.loudness import LoudnessMeter
from diffmst.mix import RenderSettings
from diffmst.outputs import write_errors
from diffmst.progress import Advance, Passes

LOUDNESS_TOLERANCE_LU = 0.05
HARDEST_LIMITING_DB = 9.0
"""The limiter takes no more than this off the highest peak; a louder target is not reached."""

_GAIN_TRIALS = 6
_FLATTEST = 0.2  # LU per dB: more gain than its inverse asks for is never tried at once
_ROUNDING_DB = 1e-3  # kept from the ceiling, for what the sample format rounds up
_BLOCK_FRAMES = 65_536

Audio = NDArray[np.float32]


@dataclass(frozen=True)
class Output:
    """What became of the mix on its way out of the master bus."""

    loudness_lufs: float
    true_peak_dbtp: float
    gain_db: float
    limiting_db: float
    """The deepest gain reduction of the limiter, 0 or more."""
    target_lufs: float | None
    frames: int


class Spool:
    """Stereo audio on its way through several passes: a temporary file of float32 frames beside the outputs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with write_errors(folder):
            self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 closed by __exit__
        self.frames = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # a full disk refuses the last buffer again; the file is gone all the same
            self._file.close()

    def append(self, block: Audio) -> None:
        """Adds a block [2, frames]."""
        with write_errors(self._folder):
            self._file.write(np.ascontiguousarray(block.T).tobytes())
            self._file.flush()
        self.frames += block.shape[1]

    def __iter__(self) -> Iterator[Audio]:
        """Blocks [2, frames] from the start."""
        self._file.seek(0)
        while chunk := self._file.read(_BLOCK_FRAMES * 2 * 4):
            yield np.frombuffer(chunk, np.float32).reshape(-1, 2).T


class Gain(NamedTuple):
    """How a mix reaches its loudness.

    Attributes:
        gain_db: before the limiter.
        limited: whether the limiter has to hold the ceiling.
        trim_db: after the limiter, 0 or less: what a meter finds over the ceiling all the same.
    """

    gain_db: float
    limited: bool = False
    trim_db: float = 0.0


def find_gain(spool: Spool, meter: LoudnessMeter, settings: RenderSettings, passes: Passes) -> Gain:
    """The gain that brings a spooled mix to its loudness under the ceiling.

    Gain alone where that suffices. Else the limiter holds the ceiling, and the gain makes up for what it takes, up to
    `HARDEST_LIMITING_DB` over the highest peak. Without a target, gain is only taken away, and nothing limited.

    Args:
        spool: the mix.
        meter: has heard it all.
        settings: target and ceiling.
        passes: told of every trial.
    """
    headroom_db = settings.ceiling_dbtp - _ROUNDING_DB - meter.true_peak_dbtp
    target_lufs = settings.loudness_lufs
    if target_lufs is None or not math.isfinite(meter.integrated_lufs):
        return Gain(min(0.0, headroom_db))
    gain_db = target_lufs - meter.integrated_lufs
    if gain_db <= headroom_db:
        return Gain(gain_db)

    def heard_at(gain_db: float) -> LoudnessMeter:
        heard = LoudnessMeter(meter.sample_rate, channels=2)
        mastered = _mastered(spool, Gain(gain_db, limited=True), _limiter(meter.sample_rate, settings))
        for block in passes.over(mastered, 0.5):
            heard.add(block)
        return heard

    just_unlimited = _Trial(headroom_db, meter.integrated_lufs + headroom_db)
    return _limited_gain(heard_at, just_unlimited, target_lufs, settings.ceiling_dbtp)


class _Trial(NamedTuple):
    """A gain in front of the limiter, and the loudness behind it."""

    gain_db: float
    loudness_lufs: float


def _limited_gain(
    heard_at: Callable[[float], LoudnessMeter], last: _Trial, target_lufs: float, ceiling_dbtp: float
) -> Gain:
    """The gain in front of the limiter, by secants: the loudness rises with it, more and more slowly.

    Args:
        heard_at: what a meter hears behind the limiter at a gain.
        last: the highest gain at which there is nothing to limit.
        target_lufs: loudness wanted.
        ceiling_dbtp: of the limiter.
    """
    highest_db = last.gain_db + HARDEST_LIMITING_DB
    gain_db = min(last.gain_db + target_lufs - last.loudness_lufs, highest_db)
    for _ in range(_GAIN_TRIALS):
        heard = heard_at(gain_db)
        trial = _Trial(gain_db, heard.integrated_lufs)
        missing_lu = target_lufs - trial.loudness_lufs
        slope = (trial.loudness_lufs - last.loudness_lufs) / (trial.gain_db - last.gain_db)
        gain_db = min(trial.gain_db + missing_lu / min(max(slope, _FLATTEST), 1.0), highest_db)
        last = trial
        if abs(missing_lu) < LOUDNESS_TOLERANCE_LU or gain_db == trial.gain_db:
            break
    over_db = heard.true_peak_dbtp - ceiling_dbtp
    return Gain(last.gain_db, limited=True, trim_db=-(over_db + _ROUNDING_DB) if over_db > -_ROUNDING_DB else 0.0)


def write_master(
    spool: Spool, meter: LoudnessMeter, path: Path, settings: RenderSettings, advance: Advance | None = None
) -> Output:
    """Writes a spooled mix at its loudness under the ceiling, as the file that the user gets.

    Args:
        spool: the mix.
        meter: has heard it all.
        path: of the WAV file.
        settings: loudness, ceiling and sample format.
        advance: told the share of the work that was done, 1 in all.

    Raises:
        UserError: the file cannot be written.
    """
    passes = Passes(spool.frames, advance or (lambda share: None))
    gain = find_gain(spool, meter, settings, passes)
    limiter = _limiter(meter.sample_rate, settings)
    written = LoudnessMeter(meter.sample_rate, channels=2)
    with AudioWriter(path, meter.sample_rate, 2, settings.subtype) as writer:
        for block in passes.over(_mastered(spool, gain, limiter), 1.0):
            writer.write(block)
            written.add(block)
    return Output(
        loudness_lufs=written.integrated_lufs,
        true_peak_dbtp=written.true_peak_dbtp,
        gain_db=gain.gain_db,
        limiting_db=limiter.reduction_db,
        target_lufs=settings.loudness_lufs,
        frames=spool.frames,
    )


def _mastered(spool: Spool, gain: Gain, limiter: Limiter) -> Iterator[Audio]:
    """The spooled mix with its gain, limited where the gain says so."""
    amplitude, trim = (np.float32(10 ** (db / 20)) for db in (gain.gain_db, gain.trim_db))
    for block in spool:
        louder = block * amplitude
        yield trim * limiter.process(louder) if gain.limited else louder
    if gain.limited:
        yield trim * limiter.flush()


def _limiter(sample_rate: int, settings: RenderSettings) -> Limiter:
    return Limiter(sample_rate, channels=2, ceiling_db=settings.ceiling_dbtp)
