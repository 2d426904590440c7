/** Terms of the distance to a reference, as `diffmst.aspects.TERM_ASPECTS` names them, in words. */
const NAMES: Record<string, string> = {
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
