"""`python -m bench.daw_docs`: what becomes of every effect in every format, as docs/daw.md has it below its mark."""

from __future__ import annotations

from pathlib import Path

from diffmst.daw.formats import FORMAT_NAMES, VARIANT_NAMES, Format, format_named
from diffmst.daw.translation import console_effects

PAGE = Path(__file__).parents[1] / "docs" / "daw.md"
MARK = "<!-- below: written by `python -m bench.daw_docs` -->"


def below_the_mark() -> str:
    """An overview of all formats, then a table of each, as Markdown."""
    kinds = [format_named(name) for name in sorted((*FORMAT_NAMES, *VARIANT_NAMES))]
    lines = ["## What becomes of what", "", f"| effect | {' | '.join(f'`{kind.name}`' for kind in kinds)} |"]
    lines.append("|---" * (len(kinds) + 1) + "|")
    for effect in console_effects():
        lines.append(f"| {effect} | {' | '.join(kind.translations[effect].fidelity for kind in kinds)} |")
    return "\n".join([*lines, "", *map(_section, kinds)])


def _section(kind: Format) -> str:
    lines = [
        f"### `{kind.name}`: {kind.title}",
        "",
        "| effect | is | by | what differs | comes back |",
        "|---" * 5 + "|",
    ]
    for effect in console_effects():
        found = kind.translations[effect]
        back = "yes" if found.comes_back else "no"
        lines.append(f"| {effect} | {found.fidelity} | {found.by} | {found.difference} | {back} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Writes the page anew below its mark."""
    by_hand, _, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    PAGE.write_text(f"{by_hand}{MARK}\n\n{below_the_mark()}", encoding="utf-8")


if __name__ == "__main__":
    main()
