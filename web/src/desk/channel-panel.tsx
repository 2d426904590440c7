/** What a strip has beside the effects with pictures: its role, its gains, its place. */

import { useComputed } from "@preact/signals";
import type { Strip } from "../model/types";
import { ControlKnob } from "../ui/control-knob";
import { useDesk } from "./desk-context";

interface ChannelPanelProps {
  strip: Strip;
  /** Effects that have panels of their own. */
  without: readonly string[];
}

export function ChannelPanel({ strip, without }: ChannelPanelProps) {
  const { desk, controls } = useDesk();
  const section = desk.console.value.section(strip);
  const params = section.effects.filter(({ name }) => !without.includes(name)).flatMap((effect) => effect.params);
  const note = useComputed(() => (typeof strip === "number" ? desk.track(strip).value?.note : null));
  return (
    <section class="panel channel-panel" aria-label={`${desk.name(strip).value}, channel`}>
      <header class="panel-head">
        <h2 class="panel-title">Channel</h2>
      </header>
      {typeof strip === "number" && <RoleChoice track={strip} />}
      <div class="panel-knobs">
        {params.map((param) => (
          <ControlKnob key={param.name} control={controls.get(strip, param.name)} />
        ))}
      </div>
      {note.value && <p class="channel-note">{note.value}</p>}
    </section>
  );
}

/** What the track is: matching treats a kick unlike a voice. */
function RoleChoice({ track }: { track: number }) {
  const { desk } = useDesk();
  const { role = "", role_from = "", role_confidence = 0 } = desk.track(track).value ?? {};
  const guess =
    role_from === "name" || role_from === "ear" ? `by ${role_from}, ${Math.round(100 * role_confidence)} %` : "";
  const known = desk.roles.some(({ name }) => name === role) || role === "";
  return (
    <label class="channel-role">
      <span class="strip-caption">Role</span>
      <select
        class="channel-select"
        value={role}
        title={guess || undefined}
        onChange={(event) => desk.role(track, event.currentTarget.value)}
      >
        <option value="">no role</option>
        {!known && <option value={role}>{role}</option>}
        {desk.roles
          .filter(({ name }) => name)
          .map(({ name, label }) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
      </select>
      <span class="channel-guess">{guess}</span>
    </label>
  );
}
