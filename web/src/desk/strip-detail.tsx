/** The selected strip at large: a panel for each of its effects, and one for what is left. */

import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import type { Section } from "../model/declarations";
import { effectTitle } from "../model/names";
import type { Strip } from "../model/types";
import { ChannelPanel } from "./channel-panel";
import { CompressorPanel } from "./compressor-panel";
import { useDesk } from "./desk-context";
import { EqPanel } from "./eq-panel";
import { ReverbPanel } from "./reverb-panel";
import { familyClass } from "./roles";
import "./strip-detail.css";

/** Effects that are drawn as more than knobs. */
const PICTURED: Record<string, ComponentType<{ strip: Strip }>> = {
  eq: EqPanel,
  compressor: CompressorPanel,
  reverb: ReverbPanel,
};
const CHANNEL = "channel";

/** Whether it is shown, and which panel where there is only room for one; the choice stays while strips change. */
const open = signal(true);
const chosen = signal("eq");

export function StripDetail() {
  const { desk } = useDesk();
  const strip = desk.selected.value;
  const { layout } = desk.console.value;
  const name = desk.name(strip).value;
  const panels = panelsOf(desk.console.value.section(strip), strip);
  const shown = panels.includes(chosen.value) ? chosen.value : panels[0];
  return (
    <section class={detailClass(useFamily(strip))} aria-label={`${name} in detail`}>
      <header class="detail-head">
        <Toggle name={name} />
        {open.value && panels.length > 1 && <Tabs panels={panels} shown={shown} />}
      </header>
      {open.value && (
        <div class="detail-panels" key={`${layout.name} ${strip}`}>
          {panels.map((panel) => (
            <div key={panel} class={`detail-panel detail-${panel}${panel === shown ? " detail-shown" : ""}`}>
              <Panel name={panel} strip={strip} />
            </div>
          ))}
        </div>
      )}
    </section>
  );
}

function panelsOf(section: Section, strip: Strip): string[] {
  const names = section.effects.map((effect) => effect.name);
  const pictured = names.filter((name) => name in PICTURED);
  const others = names.length > pictured.length || typeof strip === "number";
  return others ? [...pictured, CHANNEL] : pictured;
}

function Panel({ name, strip }: { name: string; strip: Strip }) {
  const Pictured = PICTURED[name];
  return Pictured ? <Pictured strip={strip} /> : <ChannelPanel strip={strip} without={Object.keys(PICTURED)} />;
}

function Toggle({ name }: { name: string }) {
  return (
    <button
      type="button"
      class="detail-toggle"
      aria-expanded={open.value}
      title={open.value ? "Close: more room for the faders" : "Equalizer, compressor and more"}
      onClick={() => {
        open.value = !open.value;
      }}
    >
      <svg viewBox="0 0 10 6" width="10" height="6" aria-hidden="true">
        <path d={open.value ? "M1 1l4 4 4-4" : "M1 5l4-4 4 4"} />
      </svg>
      <span class="detail-name">{name}</span>
    </button>
  );
}

/** Seen only where the panels do not fit beside each other. */
function Tabs({ panels, shown }: { panels: readonly string[]; shown: string }) {
  return (
    <div class="detail-tabs">
      {panels.map((panel) => (
        <button
          key={panel}
          type="button"
          class="detail-tab"
          aria-pressed={panel === shown}
          onClick={() => {
            chosen.value = panel;
          }}
        >
          {effectTitle(panel)}
        </button>
      ))}
    </div>
  );
}

function useFamily(strip: Strip): string {
  const { desk } = useDesk();
  return typeof strip === "number" ? familyClass(desk, desk.track(strip).value?.role ?? "") : "family-bus";
}

function detailClass(family: string): string {
  return `detail ${family}${open.value ? "" : " detail-closed"}`;
}
