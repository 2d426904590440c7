/** The channel strip of a track. */

import { useComputed } from "@preact/signals";
import { useDesk } from "./desk-context";
import { MiniEq } from "./mini-eq";
import { familyClass } from "./roles";
import { StripHead } from "./strip-head";
import type { PlacedStrip } from "./strip-order";
import { FaderArea, KnobCell, ValueCell } from "./strip-parts";
import "./strip-room.css";

/** Reads signals, so it is drawn again only when what it shows has changed, whatever happens to the others. */
export function TrackStrip({ track, group, first, last }: PlacedStrip) {
  const { desk, controls, meters } = useDesk();
  const selected = useComputed(() => desk.selected.value === track);
  const role = useComputed(() => desk.track(track).value?.role ?? "");
  const silent = useComputed(() => {
    const { value: solos } = desk.solos;
    return Boolean(desk.track(track).value?.mute) || (solos.size > 0 && !solos.has(track));
  });
  const tabIndex = selected.value ? 0 : -1;
  const section = desk.console.value.track;
  const level = section.level && controls.get(track, section.level.name);
  const input = level?.param.name === "input.gain_db" ? null : controls.find(track, "input.gain_db");
  const send = controls.find(track, "send.gain_db");
  const pan = controls.find(track, "panner.pan");
  return (
    <section
      class={stripClass(familyClass(desk, role.value), selected.value, silent.value, { group, first, last })}
      aria-label={`${desk.name(track).value}${group ? `, group ${group}` : ""}`}
      data-strip={track}
    >
      <div class="strip-group" title={group || undefined}>
        {first && group}
      </div>
      <StripHead strip={track} tabIndex={tabIndex} />
      <MiniEq strip={track} />
      {input && <ValueCell control={input} title="in" stop="input" tabIndex={tabIndex} />}
      <div class="strip-knobs">
        {send && <KnobCell control={send} title="send" stop="send" tabIndex={tabIndex} />}
        {pan && <KnobCell control={pan} title="pan" stop="pan" tabIndex={tabIndex} />}
      </div>
      <MuteAndSolo track={track} tabIndex={tabIndex} />
      {level && <FaderArea control={level} meter={meters.strip(track)} tabIndex={tabIndex} slot />}
    </section>
  );
}

function stripClass(
  family: string,
  selected: boolean,
  silent: boolean,
  place: Pick<PlacedStrip, "group" | "first" | "last">,
): string {
  return [
    "strip",
    family,
    selected && "strip-selected",
    silent && "strip-silent",
    place.group && "strip-grouped",
    place.first && "strip-first",
    place.last && "strip-last",
  ]
    .filter(Boolean)
    .join(" ");
}

function MuteAndSolo({ track, tabIndex }: { track: number; tabIndex: number }) {
  const { desk } = useDesk();
  const name = desk.name(track).value;
  const muted = useComputed(() => desk.track(track).value?.mute ?? false).value;
  const soloed = useComputed(() => desk.solos.value.has(track)).value;
  return (
    <div class="strip-switches">
      <button
        type="button"
        class="strip-switch strip-mute"
        data-stop="mute"
        aria-label={`Mute ${name}`}
        aria-pressed={muted}
        title="Mute (M)"
        tabIndex={tabIndex}
        onClick={() => desk.mute(track, !muted)}
      >
        M
      </button>
      <button
        type="button"
        class="strip-switch strip-solo"
        data-stop="solo"
        aria-label={`Solo ${name}`}
        aria-pressed={soloed}
        title="Solo (S); with Ctrl no other beside it"
        tabIndex={tabIndex}
        onClick={(event) => desk.solo(track, !soloed, { only: event.ctrlKey || event.metaKey })}
      >
        S
      </button>
    </div>
  );
}
