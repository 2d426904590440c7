/** Figures as the page writes them. */

/** 3:07 of 187 s; with tenths 3:07.4. */
export function clock(seconds: number, tenths = false): string {
  const scale = tenths ? 10 : 1;
  const whole = Math.max(0, tenths ? Math.floor(seconds * scale) : Math.round(seconds));
  const total = Math.floor(whole / scale);
  const text = `${Math.floor(total / 60)}:${String(total % 60).padStart(2, "0")}`;
  return tenths ? `${text}.${whole % scale}` : text;
}

/** A time of the past in words: "today, 14:05", "3 Nov 2026". */
export function whenOf(iso: string | number | null, now = new Date()): string {
  if (iso === null) {
    return "";
  }
  const date = new Date(typeof iso === "number" ? 1000 * iso : iso);
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === now.toDateString()) {
    return `today, ${time}`;
  }
  return `${date.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" })}, ${time}`;
}

/** −3.2 with a real minus; "–" for what is not a number. */
export function figure(value: number | null | undefined, digits = 1, sign = false): string {
  if (value === null || value === undefined || !Number.isFinite(value)) {
    return "–";
  }
  const rounded = Number(value.toFixed(digits));
  const text = Math.abs(rounded).toFixed(digits);
  return rounded < 0 ? `\u2212${text}` : sign && rounded > 0 ? `+${text}` : text;
}

export function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${figure(bytes / 1e6, bytes < 1e7 ? 1 : 0)} MB`;
}
