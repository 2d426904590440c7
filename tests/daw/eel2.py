"""EEL2, the language of JSFX, translated into Python: runs the very text of a script, by the rules of its reference.

What differs between real implementations, or is easily got wrong, is an error here: variables that are read before they
are set in a function, assignments in a row, loops of more than a million rounds, an FFT across a multiple of 65536.
"""

import re

import numpy as np
from eel2_syntax import Parser
from eel2_translation import PURE, Translator, rounds, same, true

FFT_BOUNDARY = 65_536


class Script:
    """A JSFX that runs: `process` takes and gives audio, as a host would block by block.

    Args:
        text: of the script.
        sample_rate: of the host, Hz.
        sliders: values by number; others at their defaults.
        files: samples that `file_open` finds, by name: flat arrays.
        memory: slots.
    """

    def __init__(self, text, sample_rate, sliders=None, files=None, memory=1 << 20):
        header, *sections = re.split(r"^@(\w+)[^\n]*\n", text, flags=re.MULTILINE)
        self.code = dict(zip(sections[::2], sections[1::2], strict=True))
        self.declared = {
            int(number): tuple(map(float, values))
            for number, *values in re.findall(r"^slider(\d+):([\d.-]+)<([\d.-]+),([\d.-]+),", header, re.MULTILINE)
        }
        self.titles = {
            int(number): title for number, title in re.findall(r"^slider(\d+):.*>(.*)$", header, re.MULTILINE)
        }
        self.files, self.opened, self.drawn = files or {}, {}, []
        self.memory = [0.0] * memory
        self.space = {f"f_{name}": function for name, function in (PURE | self._functions()).items()}
        self.space |= {"m": self.memory, "true": true, "same": same, "rounds": rounds}
        self._compile()
        self.sliders = {number: default for number, (default, _, _) in self.declared.items()} | (sliders or {})
        self.sample_rate = sample_rate
        self.restart()

    def __getitem__(self, name):
        return self.space[f"v_{name}"]

    def restart(self):
        """What a host does whenever playback starts: all memory and variables are zero, then the script begins."""
        self.memory[:] = [0.0] * len(self.memory)
        for name in [name for name in self.space if name.startswith("v_")]:
            self.space[name] = 0.0
        self.space["v_srate"] = float(self.sample_rate)
        for number, value in self.sliders.items():
            self.space[f"v_slider{number}"] = float(value)
        self.run("init")
        self.run("slider")

    def set_slider(self, number, value):
        self.sliders[number] = value
        self.space[f"v_slider{number}"] = float(value)
        self.run("slider")

    def run(self, section):
        if section in self.code:
            self.space[f"section_{section}"]()

    def process(self, x, block=512):
        """The output for x [2, time], of the same shape."""
        y, space, sample = np.empty_like(x, dtype=np.float64), self.space, self.space["section_sample"]
        for start in range(0, x.shape[1], block):
            self.run("block")
            for n in range(start, min(start + block, x.shape[1])):
                space["v_spl0"], space["v_spl1"] = float(x[0, n]), float(x[1, n])
                sample()
                y[:, n] = space["v_spl0"], space["v_spl1"]
        return y

    def _compile(self):
        names = {name.removeprefix("f_") for name in self.space}
        order = [name for name in ("init", "slider", "block", "sample", "gfx") if name in self.code]
        for section in order:
            _, items = Parser(self.code[section]).sequence()
            source, used = [], []
            for item in items:
                if item[0] == "function":
                    _, name, parameters, local, body = item
                    lines, found = Translator(names).define(f"f_{name}", parameters, body, local)
                    names.add(name)
                    source, used = source + lines, used + found
            body = ("sequence", [item for item in items if item[0] != "function"])
            lines, found = Translator(names).define(f"section_{section}", [], body)
            for name in {*used, *found}:
                self.space.setdefault(name, 0.0)
            exec(compile("\n".join(source + lines), f"@{section}", "exec"), self.space)

    def _functions(self):
        drawing = ("gfx_set", "gfx_rect", "gfx_line", "gfx_drawstr")
        return {name: self._drawing(name) for name in drawing} | {
            "__memtop": lambda: float(len(self.memory)),
            "memset": self._memset,
            "memcpy": self._memcpy,
            "fft": lambda at, size: self._fft(at, size, np.fft.fft, _shuffled(int(size))),
            "ifft": lambda at, size: self._fft(at, size, lambda z: np.fft.ifft(z) * size, None, _shuffled(int(size))),
            "fft_permute": lambda at, size: self._fft(at, size, None, None, _shuffled(int(size))),
            "fft_ipermute": lambda at, size: self._fft(at, size, None, _shuffled(int(size))),
            "file_open": self._open,
            "file_close": lambda handle: float(self.opened.pop(handle) is not None),
            "file_rewind": lambda handle: self.opened[handle].__setitem__(1, 0),
            "file_mem": self._read,
        }

    def _drawing(self, name):
        return lambda *arguments: self.drawn.append((name, *arguments)) or 0.0

    def _memset(self, at, value, count):
        at, count = int(at), int(count)
        self.memory[at : at + count] = [value] * count
        return at

    def _memcpy(self, to, at, count):
        to, at, count = int(to), int(at), int(count)
        self.memory[to : to + count] = self.memory[at : at + count]
        return to

    def _fft(self, at, size, transform, after=None, before=None):
        """In place; the order of the bins between `fft` and `fft_permute` is known to nobody."""
        at, size = int(at), int(size)
        assert at // FFT_BOUNDARY == (at + 2 * size - 1) // FFT_BOUNDARY, "an FFT across a multiple of 65536"
        assert size in {1 << power for power in range(4, 16)}, f"no FFT of size {size}"
        z = np.array(self.memory[at : at + 2 * size]).view(complex)
        if before is not None:
            ordered = np.empty_like(z)
            ordered[before] = z
            z = ordered
        z = z if transform is None else transform(z)
        z = z if after is None else z[after]
        self.memory[at : at + 2 * size] = np.ascontiguousarray(z).view(float).tolist()
        return at

    def _open(self, name):
        if name not in self.files:
            return -1.0
        handle = float(len(self.opened) + 1)
        self.opened[handle] = [self.files[name], 0]
        return handle

    def _read(self, handle, at, count):
        samples, position = self.opened[handle]
        found = samples[position : position + int(count)].tolist()
        self.memory[int(at) : int(at) + len(found)] = found
        self.opened[handle][1] += len(found)
        return float(len(found))


def _shuffled(size):
    return np.random.default_rng(size).permutation(size)
