import { controlTitle } from "../../model/names";

const MOST_NAMED = 3;
const BUSES: Record<string, string> = { fx: "Reverb", master: "Master", render: "delivery" };

/** That changes of the desk have outlasted a job, and which, as the server names them: `Kick: fader.gain_db`. */
export function keptInWords(kept: readonly string[]): string {
  const named = kept.slice(0, MOST_NAMED).map(inWords).join(", ");
  const more = kept.length > MOST_NAMED ? ` and ${kept.length - MOST_NAMED} more` : "";
  return `What you changed meanwhile stays${named && `: ${named}`}${more}.`;
}

function inWords(kept: string): string {
  const end = kept.lastIndexOf(": ");
  const [part, control] = [kept.slice(0, end), kept.slice(end + 2)];
  const title = control.includes(".") ? controlTitle(control) : control.replace(/_.*/, "");
  return `${BUSES[part] ?? part} ${title}`;
}
