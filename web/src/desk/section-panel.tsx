/** One effect of the selected strip: its name, its padlock, a way back, and what it shows. */

import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { effectTitle } from "../model/names";
import type { Strip, Values } from "../model/types";
import type { Control } from "../ui/control";
import { ControlKnob } from "../ui/control-knob";
import { LockButton } from "../ui/lock";
import { useDesk } from "./desk-context";

interface SectionPanelProps {
  strip: Strip;
  effect: string;
  class: string;
  children: ComponentChildren;
  /** Beside the title. */
  tools?: ComponentChildren;
}

export function SectionPanel({ strip, effect, class: extra, children, tools }: SectionPanelProps) {
  const { desk } = useDesk();
  const title = effectTitle(effect);
  const names =
    desk.console.value
      .section(strip)
      .effect(effect)
      ?.params.map((param) => param.name) ?? [];
  const lock = useComputed(() => desk.lockState(strip, names));
  const label = `${desk.name(strip).value}, ${title.toLowerCase()}`;
  return (
    <section class={`panel ${extra}`} aria-label={label}>
      <header class="panel-head">
        <h2 class="panel-title">{title}</h2>
        <LockButton state={lock.value} label={label} onLock={(on) => desk.lock(strip, `${effect}.*`, on)} />
        {tools}
        <span class="panel-space" />
        <BackButton strip={strip} names={names} />
      </header>
      {children}
    </section>
  );
}

/** Takes all controls of an effect back to the match, or before a match to their defaults. */
function BackButton({ strip, names }: { strip: Strip; names: readonly string[] }) {
  const { desk } = useDesk();
  const rest = useComputed((): Values => {
    const ends = names.map((name) => [name, desk.rest(strip, name)] as const);
    return Object.fromEntries(ends.map(([name, { matched, default: fallback }]) => [name, matched ?? fallback]));
  });
  const there = useComputed(() => names.every((name) => desk.value(strip, name).value === rest.value[name]));
  const matched = names.length > 0 && desk.rest(strip, names[0]).matched !== null;
  return (
    <button type="button" class="panel-back" disabled={there.value} onClick={() => desk.set(strip, rest.value)}>
      {matched ? "As matched" : "Reset"}
    </button>
  );
}

interface OtherKnobsProps {
  strip: Strip;
  effect: string;
  /** What the panel shows in another way. */
  drawn: readonly Control[];
}

/** Knobs for all controls of an effect that its pictures leave out. */
export function OtherKnobs({ strip, effect, drawn }: OtherKnobsProps) {
  const { desk, controls } = useDesk();
  const names = new Set(drawn.map((control) => control.param.name));
  const params = desk.console.value.section(strip).effect(effect)?.params ?? [];
  const others = params.filter((param) => !names.has(param.name));
  return others.length ? (
    <div class="panel-knobs">
      {others.map((param) => (
        <ControlKnob key={param.name} control={controls.get(strip, param.name)} />
      ))}
    </div>
  ) : null;
}
