"""What is believed of a mix when several references each say something else."""

from collections.abc import Sequence

import torch
from torch import Tensor

from diffmst.aspects import aspect_of
from diffmst.excerpts import Excerpts
from diffmst.layout import Layout, Section, Settings
from diffmst.prior import Prior, level_control
from diffmst.references import Counted, shares
from diffmst.sanity import track_levels_lufs


def combined_prior(priors: Sequence[Prior], references: Sequence[Counted], excerpts: Excerpts, layout: Layout) -> Prior:
    """One prior of those that several references gave, every control from those that its aspect is taken from.

    References are wishes, not measurements of one truth. A product of the Gaussians would be surest of the middle of
    two that disagree, where neither is; so this is the Gaussian with the moments of their mixture: for shares w,
    mean m = sum w m_i and variance sum w (s_i^2 + (m_i - m)^2). It is in doubt by as much as they differ, and leaves to
    refinement where between them the mix shall be. A control that none of them would move is not moved.

    Equalizers and compressors change levels too, so faders that come from one reference would not balance strips that
    come from another: the levels of all tracks are set anew to what they are in the mixes of those that level is taken
    from, heard in the excerpts.

    Args:
        priors: one per reference, of the same song.
        references: as many.
        excerpts: of the song, for which the priors are.
        layout: the console's controls.
    """
    if len(priors) == 1:
        return priors[0]
    sections = [section for _, section in layout.sections()]
    mixed = [_moments(section, parts, references) for section, parts in zip(sections, _by_section(priors), strict=True)]
    mean, width = (Settings(*parts) for parts in zip(*mixed, strict=True))
    mean = _with_levels(mean, [prior.mean for prior in priors], references, excerpts, layout)
    return Prior(mean, width, mean)


def _by_section(priors: Sequence[Prior]) -> list[tuple[Tensor, Tensor]]:
    """Means and widths of every section, [priors, ..., controls] both."""
    means, widths = ([getattr(prior, name) for prior in priors] for name in ("mean", "width"))
    return [
        (torch.stack(mean), torch.stack(width))
        for mean, width in zip(zip(*means, strict=True), zip(*widths, strict=True), strict=True)
    ]


def _moments(section: Section, parts: tuple[Tensor, Tensor], references: Sequence[Counted]) -> tuple[Tensor, Tensor]:
    """Mean and width of the mixture for a section."""
    means, widths = parts
    of_controls = torch.tensor([shares(references, aspect_of(name)) for name in section.params], dtype=means.dtype)
    weights = of_controls.T.reshape(len(references), *[1] * (means.ndim - 2), -1)
    mean = (weights * means).sum(0)
    width = (weights * (widths.square() + (means - mean).square())).sum(0).sqrt()
    return mean, torch.where((weights * widths).sum(0) > 0, width, 0.0)


def _with_levels(
    mean: Settings[Tensor],
    means: Sequence[Settings[Tensor]],
    references: Sequence[Counted],
    excerpts: Excerpts,
    layout: Layout,
) -> Settings[Tensor]:
    """The same positions, with every track as loud as it is in the mean of the mixes that level is taken from."""
    found_lufs, *levels_lufs = (track_levels_lufs(excerpts, layout.from_unit(unit), layout) for unit in (mean, *means))
    counts = zip(shares(references, "level"), levels_lufs, strict=True)
    change_db = (sum(share * level for share, level in counts if share > 0) - found_lufs).nan_to_num(0.0, 0.0, 0.0)
    values = layout.track.moved(layout.track.from_unit(mean.tracks), level_control(layout.track), change_db)
    return mean._replace(tracks=layout.track.to_unit(values))
