import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Desk } from "../../model/desk";
import { type Amounts, ASPECTS } from "../../model/types";
import { Slider } from "../../ui/slider";
import type { SessionModel } from "../session/session-model";
import { AmountChanger } from "./amount-changer";

const MOST_PERCENT = 150;
const NAMES = ["overall", ...ASPECTS] as const;
const LABELS: Record<keyof Amounts, string> = {
  overall: "Overall",
  level: "Level",
  tone: "Tone",
  dynamics: "Dynamics",
  width: "Width",
  space: "Space",
};

/** More or less of what was matched, heard while they move. */
export function AmountSliders({ model, desk }: { model: SessionModel; desk: Desk }) {
  const changer = useMemo(() => new AmountChanger(model.id, desk), [model, desk]);
  const moved = useSignal<Partial<Amounts>>({});
  const amounts = { ...desk.mix.value.amounts, ...moved.value };
  const kept = changer.kept.value;
  const remembers = desk.mix.value.tracks.some((track) => track.ends !== null);
  if (!remembers) {
    return null;
  }
  const move = (name: keyof Amounts, value: number) => {
    moved.value = { [name]: value };
    changer.move({ [name]: value });
  };
  const done = async () => {
    await changer.done();
    moved.value = {};
  };
  return (
    <section class="match-part" aria-label="How much of it">
      <div class="match-part-head">
        <h3>How much of it</h3>
        <span class="match-note">0 neutral · 100 matched</span>
      </div>
      <div>
        {NAMES.map((name) => (
          <Slider
            key={name}
            label={LABELS[name]}
            low={0}
            high={MOST_PERCENT}
            rest={100}
            value={amounts[name]}
            format={(value) => `${Math.round(value)} %`}
            onMove={(value) => move(name, value)}
            onDone={() => void done()}
          />
        ))}
      </div>
      {kept.length > 0 && (
        <p class="match-note" title={kept.join("\n")}>
          {kept.length} {kept.length === 1 ? "setting stays" : "settings stay"} as you have set{" "}
          {kept.length === 1 ? "it" : "them"}.
        </p>
      )}
    </section>
  );
}
