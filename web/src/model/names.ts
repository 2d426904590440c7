/** What controls are called on the page, made from their names in the document. */

const WORDS: Record<string, string> = {
  eq: "EQ",
  gain_db: "gain",
  freq_hz: "frequency",
  rt60_s: "decay",
  q: "Q",
  input: "input gain",
  panner: "pan",
  image: "width",
  "reverb.mix": "mix",
};

/** Controls of these effects are called as the effect: it has no other. */
const ALONE = new Set(["input", "fader", "send", "panner"]);

/** `fader`, `low shelf gain`, `31 Hz decay`, `threshold`. */
export function controlTitle(control: string): string {
  const [effect, ...parts] = control.split(".");
  if (ALONE.has(effect)) {
    return word(effect);
  }
  return parts.map(word).join(" ");
}

/** What several controls have in common: `peak 1`, `compressor`, or just `settings`. */
export function sharedTitle(controls: readonly string[]): string {
  if (controls.length === 1) {
    return controlTitle(controls[0]);
  }
  const [effects, bands] = [0, 1].map((part) => [...new Set(controls.map((control) => control.split(".")[part]))]);
  if (effects.length > 1) {
    return "settings";
  }
  return bands.length === 1 ? bandTitle(bands[0]) : effectTitle(effects[0]).toLowerCase();
}

/** `Equalizer`, `Compressor`, ... */
export function effectTitle(effect: string): string {
  return effect === "eq" ? "Equalizer" : capitalised(word(effect));
}

/** `low shelf`, `peak 1`, `31 Hz`, `1 kHz`. */
export function bandTitle(band: string): string {
  return word(band);
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function word(part: string): string {
  const frequency = /^(\d+)(k?)hz$/.exec(part);
  if (frequency) {
    return `${frequency[1]} ${frequency[2]}Hz`;
  }
  const known = WORDS[part];
  return known ?? part.replace(/_(db|hz|ms|s)$/, "").replaceAll("_", " ");
}
