"""Tasks: pairs of stems and a reference, made so that as much as possible is known of the mix that is wanted.

Each module makes one kind of pairs: `same_song` and `same_style` with the truth as a mix document, `foreign` with the
truth as another engine rendered it, `real` without.
"""
