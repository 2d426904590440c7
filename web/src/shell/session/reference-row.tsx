import { useSignal } from "@preact/signals";
import type { Reference } from "../../api/types";
import { ASPECTS, type Aspect } from "../../model/types";
import { Button } from "../../ui/button";
import { Icon } from "../../ui/icon";
import { Slider } from "../../ui/slider";
import { clock, figure } from "../wording";
import type { SessionModel } from "./session-model";
import "./stem-row.css";

interface ReferenceRowProps {
  reference: Reference;
  /** The only one: its weight means nothing. */
  alone: boolean;
  model: SessionModel;
}

const ABOUT: Record<Aspect, string> = {
  level: "How loud the stems are against each other",
  tone: "Equalizers",
  dynamics: "Compressors",
  width: "Panning",
  space: "Reverb",
};

/** One reference: what is taken from it, and how much it counts. */
export function ReferenceRow({ reference, alone, model }: ReferenceRowProps) {
  return (
    <li class="file-row reference-row">
      <span class="file-name" title={reference.file}>
        {reference.name}
      </span>
      <span class="file-fact">{figure(reference.sample_rate / 1000, reference.sample_rate % 1000 ? 1 : 0)} kHz</span>
      <span class="file-fact figures">{clock(reference.seconds)}</span>
      <Button
        kind="quiet"
        icon="trash"
        label={`Remove ${reference.name}`}
        onClick={() => void model.files.remove("references", reference.id)}
      />
      {!alone && <More reference={reference} model={model} />}
      {reference.problem && (
        <span class="file-problem">
          <Icon name="warning" />
          {reference.problem}
        </span>
      )}
    </li>
  );
}

function More({ reference, model }: Omit<ReferenceRowProps, "alone">) {
  const weight = useSignal<number | null>(null);
  const change = (change: Partial<Pick<Reference, "weight" | "aspects" | "main">>) =>
    model.change({ references: { [reference.id]: change } });
  const toggle = (aspect: Aspect) => {
    const taken = ASPECTS.filter((one) => reference.aspects.includes(one) !== (one === aspect));
    if (taken.length > 0) {
      void change({ aspects: taken });
    }
  };
  return (
    <div class="reference-more">
      <fieldset class="reference-aspects" aria-label={`What is taken from ${reference.name}`}>
        {ASPECTS.map((aspect) => (
          <Button
            key={aspect}
            title={ABOUT[aspect]}
            pressed={reference.aspects.includes(aspect)}
            onClick={() => toggle(aspect)}
          >
            {aspect}
          </Button>
        ))}
      </fieldset>
      <div class="reference-weight">
        <Slider
          label="Weight"
          low={0.1}
          high={5}
          step={0.1}
          rest={1}
          value={weight.value ?? reference.weight}
          format={(value) => figure(value)}
          onMove={(value) => (weight.value = value)}
          onDone={async (value) => {
            await change({ weight: value });
            weight.value = null;
          }}
        />
      </div>
      <Button
        pressed={reference.main}
        title="The mix takes its loudness from it too"
        onClick={() => void change({ main: !reference.main })}
      >
        loudness
      </Button>
    </div>
  );
}
