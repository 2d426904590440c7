import type { Desk } from "../../model/desk";
import { Button } from "../../ui/button";
import type { SessionModel } from "../session/session-model";
import { figure } from "../wording";

/** How near it came, and what there is to know. */
export function MatchOutcome({ model, desk }: { model: SessionModel; desk: Desk }) {
  const comparison = desk.mix.value.comparison;
  const result = model.jobs.match.value?.result;
  const notes = Array.isArray(result?.notes) ? result.notes.map(String) : [];
  const before = comparison ? total(comparison.distance_before) : null;
  const after = comparison ? total(comparison.distance_after) : null;
  return (
    <section class="match-part" aria-label="How near it came">
      {before !== null && after !== null && before > 0 && (
        <p>
          <strong>{Math.round(100 * (1 - after / before))} % nearer</strong>{" "}
          <span class="match-note">
            distance {figure(before, 2)} before, {figure(after, 2)} after
          </span>
        </p>
      )}
      {notes.length > 0 && (
        <ul class="match-notes">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <div>
        <Button onClick={() => (model.view.value = "pictures")}>See the pictures</Button>
      </div>
    </section>
  );
}

function total(terms: Record<string, number>): number {
  return Object.values(terms).reduce((sum, value) => sum + value, 0);
}
