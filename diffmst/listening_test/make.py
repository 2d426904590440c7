"""Making a listening test: from a folder of mixes to pages that tell nothing, and the key to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diffmst import mastering
from diffmst.errors import UserError
from diffmst.listening_test.anchors import Anchor
from diffmst.listening_test.key import KEY_NAME, Key, KeyStimulus, KeyTrial, Kind, Question
from diffmst.listening_test.page import build_page, trial_script
from diffmst.listening_test.sources import REFERENCE, TrialFiles, read_sources
from diffmst.listening_test.stimuli import (
    CEILING_DBTP,
    SHORTEST_S,
    Prepared,
    Samples,
    choose_cut,
    common_rate,
    prepare,
    to_16_bits,
)
from diffmst.listening_test.webmushra import write_configuration, write_sounds
from diffmst.mix import relative_path
from diffmst.outputs import OutputFolder
from diffmst.progress import SILENT, Progress

PAGE_FOLDER, WEBMUSHRA_FOLDER = "page", "webmushra"
MOST_SOUNDS = 12
"""On a page, the open reference not counted; ITU-R BS.1534-3, section 5.3."""

LONGEST_S = 12.0
"""Of an excerpt, as ITU-R BS.1534-3 prefers, section 5.1."""

_STANDARD_ANCHORS: tuple[Anchor, ...] = ("low", "mid")
_INDEX = f"{PAGE_FOLDER}/index.html"
_ID_LETTERS, _ID_LENGTH = "abcdefghjkmnpqrstuvwxyz", 6


@dataclass(frozen=True)
class Options:
    """How a test is made.

    Attributes:
        kind: `mushra`, with the reference hidden among what is rated; or `preference`, without.
        question: of a preference test: `quality` of each as a mix, or nearness to the `style` of the reference.
        title: on every page.
        instructions: more for listeners to know, on the first page.
        send_to: where listeners are asked to send their results.
        start_s: where excerpts begin, unless the table says so; the loudest passage when not given.
        seconds: length of the excerpts.
        loudness_lufs: integrated, of every sound; less for all of a page where one would exceed -1 dBTP.
        anchors: low-passed copies of the reference; those of the standard for `mushra`, when not given.
        must_hear: share of every sound to be heard before a page may be left.
        repeats: pages that come twice, to see who rates alike; one in a preference test, when not given.
        seed: of the names of the sounds; the order is drawn for each participant.
        webmushra: also write the test for webMUSHRA.
    """

    kind: Kind = "mushra"
    question: Question = "quality"
    title: str = "Listening test"
    instructions: str = ""
    send_to: str = ""
    start_s: float | None = None
    seconds: float = 10.0
    loudness_lufs: float = -23.0
    anchors: tuple[Anchor, ...] | None = None
    must_hear: float = 1.0
    repeats: int | None = None
    seed: int = 1
    webmushra: bool = False


@dataclass(frozen=True)
class Made:
    """What was made.

    Attributes:
        key: which sound is which.
        page: what listeners open.
        page_bytes: of all that they need.
        notes: what to know of it, a sentence each.
    """

    key: Key
    page: Path
    page_bytes: int
    notes: tuple[str, ...]


def make_test(
    stimuli: Path, out: Path, options: Options | None = None, *, force: bool = False, progress: Progress = SILENT
) -> Made:
    """Writes a listening test: `page/` for listeners, `key.json` for the report, `webmushra/` if wanted.

    Args:
        stimuli: a folder or a table; see `sources.read_sources`.
        out: the folder to write.
        options: all else.
        force: replace a test that is there.
        progress: told how far it is.

    Raises:
        UserError: the stimuli cannot be used, the options do not fit them, or the test cannot be written.
    """
    options = options or Options()
    with OutputFolder(out, [KEY_NAME, _INDEX], force=force) as outputs:
        trials = read_sources(stimuli)
        _check(options, trials)
        _compile(progress)
        making = _Making(options, common_rate(trials), outputs)
        with progress.phase("preparing sounds", len(trials)) as advance:
            for number, files in enumerate(trials, start=1):
                making.add(f"{number:02d}", files)
                advance(1)
        key = making.key()
        outputs.path(KEY_NAME).write_text(key.to_json(), encoding="utf-8")
        page = build_page(key, instructions=options.instructions, send_to=options.send_to)
        outputs.path(_INDEX).write_text(page, encoding="utf-8")
        if options.webmushra:
            write_configuration(key, options.instructions, outputs, WEBMUSHRA_FOLDER)
    return Made(key, out / _INDEX, making.script_bytes + len(page.encode()), tuple(_notes(key, options)))


class _Making:
    """A test in the making, trial by trial, so that only one is in memory.

    Attributes:
        script_bytes: of sound written so far.
    """

    def __init__(self, options: Options, sample_rate: int, outputs: OutputFolder) -> None:
        self._options, self._rate, self._outputs = options, sample_rate, outputs
        self._trials: list[KeyTrial] = []
        self.script_bytes = 0

    def add(self, name: str, files: TrialFiles) -> None:
        """Prepares the sounds of a trial and writes them."""
        options, hidden = self._options, self._options.kind == "mushra"
        cut = choose_cut(files, start_s=options.start_s, seconds=options.seconds, same_song=hidden)
        prepared = prepare(
            files,
            cut,
            self._rate,
            loudness_lufs=options.loudness_lufs,
            hidden=hidden,
            anchors=_anchors(options),
        )
        generator = _generator(options.seed, prepared)
        names = _meaningless_names(len(prepared.stimuli), generator)
        samples = dict(zip(names, (to_16_bits(sound.audio, generator) for sound in prepared.stimuli), strict=True))
        if prepared.reference:
            samples[REFERENCE] = to_16_bits(prepared.reference.audio, generator)
        self._trials.append(self._key_trial(name, prepared, names))
        self._write(self._trials[-1], prepared, samples)

    def _write(self, trial: KeyTrial, prepared: Prepared, samples: dict[str, Samples]) -> None:
        hidden = self._options.kind == "mushra" and prepared.reference
        drawn = [hidden] if hidden else list(prepared.stimuli)
        script = trial_script(trial.id, [sound.audio for sound in drawn], samples, self._rate)
        self._outputs.path(f"{PAGE_FOLDER}/trials/{trial.id}.js").write_text(script, encoding="ascii")
        self.script_bytes += len(script)
        if self._options.webmushra:
            hidden_copies = {stimulus.id for stimulus in trial.stimuli if stimulus.role == "reference"}
            rest = {name: audio for name, audio in samples.items() if name not in hidden_copies}
            write_sounds(trial, rest, self._rate, self._outputs, WEBMUSHRA_FOLDER)

    def _key_trial(self, name: str, prepared: Prepared, names: Sequence[str]) -> KeyTrial:
        stimuli = [
            KeyStimulus(
                id=stimulus,
                system=sound.system,
                role=sound.role,
                path=relative_path(sound.path, self._outputs.folder),
                gain_db=round(sound.gain_db, 3),
            )
            for stimulus, sound in zip(names, prepared.stimuli, strict=True)
        ]
        return KeyTrial(
            id=name,
            song=prepared.song,
            seconds=prepared.cut.seconds,
            start_s=prepared.cut.start_s,
            reference_start_s=prepared.cut.reference_start_s if prepared.reference else None,
            loudness_lufs=round(prepared.loudness_lufs, 2),
            stimuli=tuple(stimuli),
        )

    def key(self) -> Key:
        """Of all trials so far; the same sounds and options have the same name of the test."""
        options = self._options
        told = "".join(trial.model_dump_json() for trial in self._trials)
        identity = f"{options.kind} {options.question} {told}"
        return Key(
            test=hashlib.sha256(identity.encode()).hexdigest()[:8],
            title=options.title,
            kind=options.kind,
            question="similarity" if options.kind == "mushra" else options.question,
            sample_rate=self._rate,
            seed=options.seed,
            repeats=_repeats(options),
            must_hear=options.must_hear,
            trials=tuple(self._trials),
        )


def _anchors(options: Options) -> tuple[Anchor, ...]:
    if options.anchors is not None:
        return options.anchors
    return _STANDARD_ANCHORS if options.kind == "mushra" else ()


def _repeats(options: Options) -> int:
    if options.repeats is not None:
        return options.repeats
    return 1 if options.kind == "preference" else 0


def _generator(seed: int, prepared: Prepared) -> np.random.Generator:
    """Chance that depends on the seed and on all that is heard, so that no two tests name their sounds alike."""
    digest = hashlib.sha256()
    for sound in prepared.stimuli:
        digest.update(sound.audio.tobytes())
    return np.random.default_rng([seed, *digest.digest()])


def _meaningless_names(count: int, generator: np.random.Generator) -> list[str]:
    names: set[str] = set()
    while len(names) < count:
        names.add("".join(generator.choice(list(_ID_LETTERS), _ID_LENGTH)))
    return list(generator.permutation(sorted(names)).tolist())


def _compile(progress: Progress) -> None:
    """Makes the kernels of the meters ready, where this machine has not done so yet."""
    if not mastering.is_warm():
        with progress.phase("compiling (first run only)", 1):
            mastering.warm_up()


def _check(options: Options, trials: Sequence[TrialFiles]) -> None:
    """Raises UserError unless the options make sense for these files."""
    _check_numbers(options, len(trials))
    lacking = next((trial.song for trial in trials if not trial.reference), None)
    if options.kind == "mushra" and lacking:
        raise UserError(f"{lacking}: has no reference; a mushra test needs one for every song, or --kind preference")
    if options.kind == "mushra":
        return
    if options.question == "similarity":
        raise UserError("--question similarity: is that of a mushra test; a preference test asks for quality or style")
    if options.question == "style" and lacking:
        raise UserError(f"{lacking}: has no reference; the question of style needs one for every song")
    if options.anchors:
        raise UserError("--anchors: are made of a reference that is the same song; give your own as a file anchor*")
    if options.webmushra:
        raise UserError("--webmushra: its pages always hide the reference among the sounds; use it with --kind mushra")
    if len(trials[0].stimuli) < 2:
        raise UserError(f"{trials[0].song}: has one sound to rate; a preference test needs two or more")


def _check_numbers(options: Options, trials: int) -> None:
    if not SHORTEST_S <= options.seconds <= 600:
        raise UserError(f"--seconds {options.seconds:g}: must lie in {SHORTEST_S:g} .. 600 s")
    if options.start_s is not None and options.start_s < 0:
        raise UserError(f"--start {options.start_s:g}: must be 0 s or more")
    if not -60 <= options.loudness_lufs <= -5:
        raise UserError(f"--loudness {options.loudness_lufs:g}: must lie in -60 .. -5 LUFS")
    if not 0 <= options.must_hear <= 1:
        raise UserError(f"--must-hear {options.must_hear:g}: must lie in 0 .. 1, a share of every sound")
    if not 0 <= _repeats(options) <= trials:
        raise UserError(f"--repeats {options.repeats}: must lie in 0 .. {trials}, the number of songs")


def _notes(key: Key, options: Options) -> Iterator[str]:
    sounds = len(key.trials[0].stimuli)
    if sounds > MOST_SOUNDS:
        yield f"{sounds} sounds on a page; ITU-R BS.1534 recommends {MOST_SOUNDS} at most"
    if options.seconds > LONGEST_S:
        yield f"excerpts of {options.seconds:g} s; ITU-R BS.1534 prefers {LONGEST_S:g} s at most"
    if options.kind == "mushra" and "low" not in _anchors(options):
        yield "no low anchor; ITU-R BS.1534 asks for one, and results can hardly be compared without"
    for trial in key.trials:
        if trial.seconds < options.seconds:
            yield f"{trial.song}: excerpts of {trial.seconds:.1f} s only, as a file ends there"
        if trial.loudness_lufs < options.loudness_lufs - 0.05:
            yield f"{trial.song}: at {trial.loudness_lufs:.1f} LUFS, so that no peak exceeds {CEILING_DBTP:g} dBTP"
