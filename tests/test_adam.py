"""Our Adam beside torch's class, and what it loads."""

import math
import subprocess
import sys

import torch

from diffmst.adam import Adam

STEPS = 20
PROGRAM = """
import sys, torch
from diffmst.adam import Adam
part = torch.ones(3, requires_grad=True)
Adam([part], 0.1, 0.5).step(part.square().sum(), 0.0)
print("torch._dynamo" in sys.modules)
"""


def bowl(parts):
    one, other = parts
    return (one - 1).square().sum() + (one[:2] * other).square().sum().sqrt()


def test_it_moves_as_the_class_of_torch_does():
    ours = [torch.tensor([3.0, -2.0, 0.5], requires_grad=True), torch.tensor([1.0, 4.0], requires_grad=True)]
    theirs = [part.detach().clone().requires_grad_() for part in ours]
    adam, reference = Adam(ours, 0.12, 0.1), torch.optim.Adam(theirs, lr=0.12, betas=(0.9, 0.97))
    for step in range(STEPS):
        progress = step / (STEPS - 1)
        adam.step(bowl(ours), progress)
        reference.param_groups[0]["lr"] = 0.12 * (0.1 + 0.9 * (1 + math.cos(math.pi * progress)) / 2)
        reference.zero_grad()
        bowl(theirs).backward()
        reference.step()
        for one, other in zip(ours, theirs, strict=True):
            assert torch.equal(one, other)


def test_it_does_not_load_the_compiler():
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
