/** The strip of the mix: its level, its loudness, and what the limiter takes away. */

import { useComputed } from "@preact/signals";
import { formatDb } from "../model/values";
import { ValueField } from "../ui/value";
import { deliveryControls } from "./delivery-controls";
import { useDesk } from "./desk-context";
import { MiniEq } from "./mini-eq";
import { StripHead } from "./strip-head";
import { FaderArea, ValueCell } from "./strip-parts";
import "./master-strip.css";

export function MasterStrip() {
  const { desk, controls, meters } = useDesk();
  const selected = useComputed(() => desk.selected.value === "master");
  const tabIndex = selected.value ? 0 : -1;
  const input = controls.find("master", "input.gain_db");
  const width = controls.find("master", "image.width");
  const level = controls.find("master", "fader.gain_db");
  const ceilingDb = desk.mix.value.render.ceiling_dbtp;
  return (
    <section
      class={`strip strip-master${selected.value ? " strip-selected" : ""}`}
      aria-label="Master"
      data-strip="master"
    >
      <div class="strip-group" />
      <StripHead strip="master" tabIndex={tabIndex} />
      <MiniEq strip="master" />
      <div class="strip-master-line strip-input">
        {input && <ValueCell control={input} title="in" stop="input" tabIndex={tabIndex} />}
        {width && <ValueCell control={width} title="width" stop="pan" tabIndex={tabIndex} />}
      </div>
      <Delivery tabIndex={tabIndex} />
      <div class="strip-master-level">
        {level && <FaderArea control={level} meter={meters.strip("master")} tabIndex={tabIndex} overDb={ceilingDb} />}
        <Figures />
      </div>
    </section>
  );
}

/** How loud it is to be written, and the level that it never exceeds. */
function Delivery({ tabIndex }: { tabIndex: number }) {
  const { desk } = useDesk();
  const { target, ceiling } = deliveryControls(desk);
  return (
    <div class="strip-delivery">
      <div class="strip-line" data-stop="send">
        <span class="strip-caption">target</span>
        <ValueField control={target} class="strip-value" alone tabIndex={tabIndex} />
      </div>
      <div class="strip-line" data-stop="ceiling">
        <span class="strip-caption">ceiling</span>
        <ValueField control={ceiling} class="strip-value" alone tabIndex={tabIndex} />
      </div>
      <Limiting />
    </div>
  );
}

/** What the limiter takes away just now. */
function Limiting() {
  const { meters } = useDesk();
  const { limitingDb } = meters.loudness.value;
  return (
    <dl class="strip-line">
      <dt class="strip-caption">limiting</dt>
      <dd class="strip-value strip-limiting figures">{formatDb(-limitingDb)} dB</dd>
    </dl>
  );
}

function Figures() {
  const { meters } = useDesk();
  const { momentaryLufs, shortTermLufs } = meters.loudness.value;
  return (
    <dl class="strip-figures">
      <Figure name="momentary" value={loudness(momentaryLufs)} unit="LUFS" />
      <Figure name="short term" value={loudness(shortTermLufs)} unit="LUFS" />
    </dl>
  );
}

function Figure({ name, value, unit }: { name: string; value: string; unit: string }) {
  return (
    <div class="strip-figure">
      <dt class="strip-caption">{name}</dt>
      <dd>
        <span class="strip-figure-value figures">{value}</span> <span class="strip-unit">{unit}</span>
      </dd>
    </div>
  );
}

/** Below -70 LUFS nothing is measured. */
function loudness(lufs: number): string {
  return lufs < -70 ? "–" : formatDb(lufs);
}
