import os
import subprocess
import sys

import numba
import torch
from strips import coefficients

from diffmst.dsp.kernels import cpu, host


def test_compiled_code_is_kept_for_the_next_process(generator):
    cpu.equalize(torch.zeros(1, 1, 1), coefficients(generator, 1, 1))
    program = """
import torch
from diffmst.dsp.kernels import cpu, cpu_strip
x = torch.zeros(1, 1, 1)
cpu.equalize(x, torch.zeros(1, 1, 1, 5, dtype=torch.float64))
print(sum(cpu_strip.forward.stats.cache_hits.values()), sum(cpu_strip.forward.stats.cache_misses.values()))
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["1", "0"]


def test_what_is_compiled_for_another_processor_does_not_count(generator):
    cpu.warm_up()
    assert cpu.is_warm()
    program = "from diffmst.dsp.kernels import cpu; print(cpu.is_warm())"
    other = {**os.environ, "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "+nothing-that-anybody-compiles-for"}
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=other)
    assert found.stdout.strip() == "False"


def test_kernels_compile_where_nothing_can_be_kept(monkeypatch):
    monkeypatch.setattr(numba.core.caching.CompileResultCacheImpl, "_locator_classes", [])

    def double(x):
        return 2 * x

    assert host.kernel(double)(21) == 42
