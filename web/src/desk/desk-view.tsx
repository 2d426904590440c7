/** The desk: a strip per track, reverb and master at the right, and the selected strip at large below. */

import { useComputed } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Engine } from "../engine/types";
import type { Desk } from "../model/desk";
import type { Strip } from "../model/types";
import { type Shortcut, useShortcuts } from "../shell/keymap";
import { ControlMenu } from "../ui/control-menu";
import { Controls } from "./controls";
import { DeskContext } from "./desk-context";
import { focusStrip, lockSelected, muteSelected, onStripKey, selectBeside, soloSelected } from "./desk-keys";
import { FxStrip } from "./fx-strip";
import { MasterStrip } from "./master-strip";
import { MeterBank } from "./meter-bank";
import { MeterField } from "./meter-field";
import { StripDetail } from "./strip-detail";
import { placedStrips } from "./strip-order";
import { TrackStrip } from "./track-strip";
import "./desk-view.css";

interface DeskViewProps {
  desk: Desk;
  /** Null while nothing is to be heard yet: all but the meters works. */
  engine: Engine | null;
}

let desksShown = 0;

export function DeskView({ desk, engine }: DeskViewProps) {
  const root = useRef<HTMLDivElement>(null);
  const controls = useMemo(() => new Controls(desk), [desk]);
  const meters = useMemo(() => new MeterBank(), [desk]);
  useEffect(() => (engine ? meters.follow(engine) : undefined), [engine, meters]);
  useDeskShortcuts(desk, root);
  const parts = useMemo(() => ({ desk, engine, controls, meters }), [desk, engine, controls, meters]);
  // Another desk is drawn anew: what is computed within would go on listening to the one before.
  const shown = useMemo(() => ++desksShown, [desk]);
  return (
    <DeskContext.Provider key={shown} value={parts}>
      <div class="desk" ref={root}>
        <Strips desk={desk} />
        <StripDetail />
        <ControlMenu />
      </div>
    </DeskContext.Provider>
  );
}

function Strips({ desk }: { desk: Desk }) {
  const root = useRef<HTMLDivElement>(null);
  // As text, since most changes of the document leave the groups as they are.
  const groups = useComputed(() => JSON.stringify(desk.mix.value.tracks.map(({ group }) => ({ group })))).value;
  const order = useMemo(() => placedStrips(JSON.parse(groups)), [groups]);
  const layout = desk.console.value.layout.name;
  const select = (event: Event) => {
    const strip = stripAt(event.target);
    if (strip !== null) {
      desk.selected.value = strip;
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the strips inside take the focus; their keys are handled once
    <div
      class="desk-strips"
      ref={root}
      onPointerDown={select}
      onFocusIn={select}
      onKeyDown={(event) => root.current && onStripKey(event, desk, root.current)}
    >
      <section class="desk-tracks" aria-label="Tracks" onWheel={scrollSideways}>
        {order.map((placed) => (
          <TrackStrip key={`${layout} ${placed.track}`} {...placed} />
        ))}
        <MeterField order={order} />
      </section>
      <div class="desk-buses">
        <FxStrip key={`fx ${layout}`} />
        <MasterStrip key={`master ${layout}`} />
      </div>
    </div>
  );
}

/** Which strip an element is in. */
function stripAt(target: EventTarget | null): Strip | null {
  const name = target instanceof Element ? target.closest<HTMLElement>("[data-strip]")?.dataset.strip : undefined;
  return name === undefined ? null : name === "fx" || name === "master" ? name : Number(name);
}

/** A wheel that only goes up and down moves the strips sideways, where no control takes it. */
function scrollSideways(event: WheelEvent & { currentTarget: HTMLElement }): void {
  if (!event.defaultPrevented && event.deltaX === 0 && !event.ctrlKey) {
    event.currentTarget.scrollLeft += event.deltaY;
    event.preventDefault();
  }
}

function useDeskShortcuts(desk: Desk, root: { current: HTMLElement | null }): void {
  const shortcuts = useMemo<Shortcut[]>(() => {
    const beside = (side: number) => () => {
      const strip = selectBeside(desk, side);
      if (root.current) {
        focusStrip(root.current, strip);
      }
    };
    return [
      { keys: ["ArrowLeft"], about: "Strip to the left", run: beside(-1) },
      { keys: ["ArrowRight"], about: "Strip to the right", run: beside(1) },
      { keys: ["m"], about: "Mute", run: () => muteSelected(desk) },
      { keys: ["s"], about: "Solo", run: () => soloSelected(desk) },
      { keys: ["Shift+l"], about: "Lock the strip", run: () => lockSelected(desk) },
      { keys: ["Shift+s"], about: "No solo", run: () => desk.clearSolos() },
    ];
  }, [desk, root]);
  useShortcuts("Desk", shortcuts);
}
