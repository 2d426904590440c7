"""Imports go down only."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "diffmst"
# From the ground up; modules in one row may not import each other except within one package.
LAYERS = [
    ["arrays", "aspects", "errors", "progress", "statistics", "validation"],
    ["roles"],
    ["dsp.kernels"],
    ["dsp"],
    ["params"],
    ["effects"],
    ["layout"],
    ["amount", "locks", "strips", "features", "tail"],
    ["console", "stream"],
    ["mix_parts"],
    ["mix", "style", "excerpts", "band_console"],
    ["mix_schema"],
    ["losses"],
    ["distance"],
    ["outputs"],
    ["audio", "spool"],
    ["data"],
    ["gauge", "groups", "tidy", "references"],
    ["prior", "stereo_field"],
    ["ties"],
    ["adam"],
    ["descent"],
    ["master_tone"],
    ["models"],
    ["random_mix"],
    ["ear", "training"],
    ["kept_loudness"],
    ["refine", "mastering", "profile", "info"],
    ["sanity", "listening", "render", "tone_curve", "effort"],
    ["adjust", "reach", "restraint"],
    ["locking"],
    ["rebase"],
    ["passages", "combined_prior"],
    ["task"],
    ["held"],
    ["predict", "shared_distance", "outgoing"],
    ["advice", "report", "solving"],
    ["listening_test"],
    ["daw"],
    ["delivery", "recall"],
    ["balance"],
    ["match"],
    ["rematch"],
    ["trained"],
    ["evaluation"],
    ["demo"],
    ["terminal", "cli_options", "cli_references"],
    ["web"],
    [
        "cli_adjust",
        "cli_daw",
        "cli_ear",
        "cli_evaluate",
        "cli_listen",
        "cli_pairs",
        "cli_recall",
        "cli_serve",
        "cli_training",
    ],
    ["cli"],
    ["__main__"],
]
ORDER = {name: level for level, row in enumerate(LAYERS) for name in row}
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def layer(module):
    """The longest declared prefix of a dotted module name below the package."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if ".".join(parts[:length]) in ORDER:
            return ".".join(parts[:length])
    return None


def imported(path):
    for node in ast.walk(ast.parse((PACKAGE / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("diffmst"):
            below = node.module.removeprefix("diffmst").removeprefix(".")
            for alias in node.names:
                yield f"{below}.{alias.name}".removeprefix(".")
        elif isinstance(node, ast.Import):
            yield from (a.name.removeprefix("diffmst.") for a in node.names if a.name.startswith("diffmst."))


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_every_module_stands_in_a_layer_and_imports_down_only(path):
    module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    if module in ("__init__", "__main__"):
        return
    own = layer(module)
    assert own is not None, f"{path} stands in no layer: add it to LAYERS"
    for other in imported(path):
        target = layer(other)
        if target is None:  # a name of the package itself, such as __version__
            continue
        assert target == own or ORDER[target] < ORDER[own], f"{path} ({own}) imports {other} ({target}), which is above"
