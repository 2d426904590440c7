"""The last stage: a mix brought to its loudness under the ceiling, from a temporary file, in constant memory.

What the meter heard while the mix was made says what gain does. Where gain alone suffices, the file is written in one
pass. Where the limiter has to hold the ceiling, the gain is found on a model of the limiter that knows the mix by its
frames only (`limiter.limited_energies`), and the song is limited, heard and written in one pass. The model is right to
a few hundredths of a LU. Where that is not enough, its error is known by then, and the song is written again.
"""

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffmst.audio import AudioWriter
from diffmst.data.parallel import Ahead
from diffmst.dsp.kernels.threads import working_threads
from diffmst.dsp.limiter import Limiter, limited_energies
from diffmst.dsp.loudness import LoudnessMeter, hop_samples, integrated_loudness_from_hops
from diffmst.dsp.pcm import encode
from diffmst.mix import RenderSettings
from diffmst.progress import Advance, Passes
from diffmst.spool import Spool

LOUDNESS_TOLERANCE_LU = 0.05
HARDEST_LIMITING_DB = 9.0
"""The limiter takes no more than this off the highest peak; a louder target is not reached."""

_ATTEMPTS = 3  # at writing the file
_GATE_TRIALS = 3
_GAIN_TRIALS = 10
_MODEL_TOLERANCE_LU = 0.002
_FLATTEST = 0.2  # LU per dB: more gain than its inverse asks for is never tried at once
_ROUNDING_DB = 1e-3  # kept from the ceiling, for what the sample format rounds up
_SHARE = 0.9  # of the work left, that an attempt is taken for: it may be the last

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
    trim_db: float = 0.0
    """Gain behind the limiter, 0 or less."""
    limited: bool = False
    """Whether it went through the limiter at all."""
    wanted_tail_s: float = 0.0
    """The tail in which the reverb would die away that is heard to be cut off at the end; 0 where none is."""


class _Gain(NamedTuple):
    """What is set around the limiter.

    Attributes:
        before_db: in front of it.
        trim_db: behind it, 0 or less: what a meter finds over the ceiling all the same.
    """

    before_db: float
    trim_db: float = 0.0


def _headroom_db(meter: LoudnessMeter, settings: RenderSettings) -> float:
    """The gain at which the highest peak meets the ceiling."""
    return settings.ceiling_dbtp - _ROUNDING_DB - meter.true_peak_dbtp


def _gain_alone_db(meter: LoudnessMeter, settings: RenderSettings) -> float:
    """The gain that brings a mix to its loudness, or, without a target, its peaks under the ceiling."""
    target_lufs = settings.loudness_lufs
    if target_lufs is None or not math.isfinite(meter.integrated_lufs):
        return min(0.0, _headroom_db(meter, settings))
    gain_db = 0.0
    for _ in range(_GATE_TRIALS):  # what is under the absolute gate before the gain may be over it behind
        gain_db += target_lufs - _loudness_at(meter, gain_db)
    return gain_db


def _loudness_at(meter: LoudnessMeter, gain_db: float) -> float:
    """Loudness of what a meter has heard, had it heard it at another gain."""
    return integrated_loudness_from_hops(meter.hop_energies * 10 ** (gain_db / 10))


class _Model:
    """How loud a mix becomes behind the limiter, and so at which gain it becomes as loud as wanted.

    Args:
        meter: has heard all of the mix.
        settings: the ceiling.
    """

    def __init__(self, meter: LoudnessMeter, settings: RenderSettings) -> None:
        self._sample_rate, self._ceiling_dbtp = meter.sample_rate, settings.ceiling_dbtp
        self._frames, self._hops = meter.frames, meter.hop_energies
        self._headroom_db, self._loudness_lufs = _headroom_db(meter, settings), meter.integrated_lufs
        self._highest_db = self._headroom_db + HARDEST_LIMITING_DB
        # A frame belongs to the hop in which its middle lies; a song so short is one hop.
        edges = np.arange(self._hops.shape[1] + 1) * hop_samples(meter.sample_rate) / self._frames.samples - 0.5
        self._edges = np.ceil(edges).astype(np.intp)
        if len(edges) == 2:
            self._edges[1] = len(self._frames.energies)
        self._energies = self._by_hop(self._frames.energies)

    def _by_hop(self, energies: NDArray[np.float32]) -> NDArray[np.float64]:
        """Sums over the frames of every hop, [hops]."""
        if not len(energies):
            return np.zeros(len(self._edges) - 1)
        return np.add.reduceat(energies[: self._edges[-1]], self._edges[:-1], dtype=np.float64)

    def loudness_at(self, gain_db: float) -> float:
        """Loudness in LUFS behind the limiter, with a gain in front of it."""
        limited = limited_energies(self._frames, self._sample_rate, gain_db=gain_db, ceiling_db=self._ceiling_dbtp)
        kept = np.full_like(self._energies, 10 ** (gain_db / 10))  # where there is no frame to tell more
        np.divide(self._by_hop(limited), self._energies, where=self._energies > 0, out=kept)
        return integrated_loudness_from_hops(self._hops * kept)

    def gain_for(self, target_lufs: float) -> _Gain:
        """By secants: the loudness rises with the gain, more and more slowly."""
        last_db, last_lufs = self._headroom_db, self._loudness_lufs + self._headroom_db
        gain_db = min(last_db + target_lufs - last_lufs, self._highest_db)
        for _ in range(_GAIN_TRIALS):
            loudness_lufs = self.loudness_at(gain_db)
            missing_lu = target_lufs - loudness_lufs
            if abs(missing_lu) < _MODEL_TOLERANCE_LU or gain_db == last_db:
                break
            slope = (loudness_lufs - last_lufs) / (gain_db - last_db)
            last_db, last_lufs = gain_db, loudness_lufs
            gain_db = min(gain_db + missing_lu / min(max(slope, _FLATTEST), 1.0), self._highest_db)
        return _Gain(gain_db)

    def corrected(self, gain: _Gain, heard: LoudnessMeter, target_lufs: float) -> _Gain:
        """The gain for another attempt after one, the same if there is nothing to mend.

        Args:
            gain: of the attempt.
            heard: the outcome.
            target_lufs: loudness wanted.
        """
        over_db = max(0.0, heard.true_peak_dbtp - self._ceiling_dbtp + _ROUNDING_DB)
        missing_lu = target_lufs - heard.integrated_lufs
        most = missing_lu > 0 and gain.before_db >= self._highest_db
        if over_db == 0 and (most or abs(missing_lu) < LOUDNESS_TOLERANCE_LU):
            return gain
        trim_db = gain.trim_db - over_db
        error_lu = heard.integrated_lufs - gain.trim_db - self.loudness_at(gain.before_db)
        return self.gain_for(target_lufs - trim_db - error_lu)._replace(trim_db=trim_db)


def is_warm() -> bool:
    """Whether the compiled kernels of metering, limiting and writing are ready."""
    from diffmst.dsp.kernels import cpu_limiter, cpu_loudness, cpu_pcm, cpu_peaks, host

    metering = (cpu_loudness.weigh, cpu_peaks.interpolate, cpu_pcm.encode)
    return all(map(host.is_compiled, (*metering, cpu_limiter.raise_peaks, cpu_limiter.follow, cpu_limiter.apply)))


def warm_up() -> None:
    """Compiles them, or loads them from disk, by a moment of something too loud: two seconds, once per machine."""
    loud = np.full((2, 1024), 2, np.float32)
    LoudnessMeter(44_100, channels=2).add(loud)
    encode(Limiter(44_100).process(loud), width=2)


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
    if _exceeds(meter, settings):
        return _limit(spool, meter, settings, passes, path)
    output = _at_gain(spool, meter, settings)
    _write_with_gain(spool, meter, path, settings, output.gain_db, passes)
    return output


def measure_master(
    spool: Spool, meter: LoudnessMeter, settings: RenderSettings, advance: Advance | None = None
) -> Output:
    """What `write_master` would make of a spooled mix, to the last digit; nothing is written.

    Where gain alone suffices, it takes no pass over the mix.

    Args:
        spool: the mix.
        meter: has heard it all.
        settings: loudness and ceiling.
        advance: told the share of the work that was done, 1 in all.
    """
    passes = Passes(spool.frames, advance or (lambda share: None))
    if _exceeds(meter, settings):
        return _limit(spool, meter, settings, passes)
    passes.finish()
    return _at_gain(spool, meter, settings)


def _exceeds(meter: LoudnessMeter, settings: RenderSettings) -> bool:
    """Whether the limiter has to hold the ceiling at the loudness wanted."""
    return settings.loudness_lufs is not None and _gain_alone_db(meter, settings) > _headroom_db(meter, settings)


def _at_gain(spool: Spool, meter: LoudnessMeter, settings: RenderSettings) -> Output:
    """What becomes of a mix by gain alone: the meter has heard what comes out, but for the gain."""
    gain_db = _gain_alone_db(meter, settings)
    return Output(
        loudness_lufs=_loudness_at(meter, gain_db),
        true_peak_dbtp=meter.true_peak_dbtp + gain_db,
        gain_db=gain_db,
        limiting_db=0.0,
        target_lufs=settings.loudness_lufs,
        frames=spool.frames,
    )


def _write_with_gain(
    spool: Spool, meter: LoudnessMeter, path: Path, settings: RenderSettings, gain_db: float, passes: Passes
) -> None:
    """One pass."""
    amplitude = np.float32(10 ** (gain_db / 20))
    with (
        _ahead(block * amplitude for block in spool) as blocks,
        AudioWriter(path, meter.sample_rate, 2, settings.subtype) as writer,
    ):
        for block in passes.over(blocks, 1.0):
            writer.write(block)


def _limit(
    spool: Spool, meter: LoudnessMeter, settings: RenderSettings, passes: Passes, path: Path | None = None
) -> Output:
    """As many passes as it takes to be near the target and under the ceiling, mostly one; to a file or nowhere."""
    target_lufs = settings.loudness_lufs
    assert target_lufs is not None  # see `_exceeds`
    model = _Model(meter, settings)
    gain = model.gain_for(target_lufs)
    for attempts_left in reversed(range(_ATTEMPTS)):
        limiter = Limiter(meter.sample_rate, ceiling_db=settings.ceiling_dbtp, gain_db=gain.before_db)
        heard = LoudnessMeter(meter.sample_rate, channels=2)
        with _ahead(_limited(spool, limiter, gain.trim_db)) as blocks, ExitStack() as kept:
            writer = kept.enter_context(AudioWriter(path, meter.sample_rate, 2, settings.subtype)) if path else None
            for block in passes.over(blocks, _SHARE):
                if writer:
                    writer.write(block)
                heard.add(block)
            better = model.corrected(gain, heard, target_lufs)
            if attempts_left == 1:  # With the same gain, a trim brings the peak where it is wanted to the digit:
                better = gain._replace(trim_db=better.trim_db)  # so the last attempt is safe.
            if better == gain or not attempts_left:
                break
            if writer:
                writer.discard()
            kept.pop_all()
        gain = better
    passes.finish()
    return Output(
        loudness_lufs=heard.integrated_lufs,
        true_peak_dbtp=heard.true_peak_dbtp,
        gain_db=gain.before_db,
        limiting_db=limiter.reduction_db,
        target_lufs=target_lufs,
        frames=spool.frames,
        trim_db=gain.trim_db,
        limited=True,
    )


def _limited(spool: Spool, limiter: Limiter, trim_db: float) -> Iterator[Audio]:
    """The spooled mix behind the limiter."""
    trim = np.float32(10 ** (trim_db / 20))
    for block in spool:
        limited = limiter.process(block)
        yield limited * trim if trim_db else limited
    yield limiter.flush() * trim


def _ahead(blocks: Iterator[Audio]) -> Ahead[Audio]:
    """The same blocks; they are made while others are heard and written, where there is a second thread."""
    return Ahead(blocks, depth=2 if working_threads() > 1 else 0)
