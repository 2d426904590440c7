/** Terms of the distance to a reference, and what counts besides, in words. */
const NAMES: Record<string, string> = {
  buried: "Buried stems",
  loudness: "Missed loudness",
  tone: "Tone",
  dynamics: "Dynamics",
  width: "Width",
  balance: "Left and right",
  "af.rms": "Level",
  "af.crest_factor_db": "Crest factor",
  "af.stereo_width": "Stereo width",
  "af.stereo_imbalance": "Stereo balance",
  "af.bark_spectrum": "Spectrum",
};

export function termName(term: string): string {
  return NAMES[term] ?? term.replaceAll(/[._]/g, " ");
}
