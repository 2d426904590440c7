import { signal } from "@preact/signals";
import { Button } from "../../ui/button";
import { Icon } from "../../ui/icon";
import { Segmented } from "../../ui/segmented";
import { DeliveryInput } from "../delivery-input";
import type { SessionModel } from "../session/session-model";
import { clock } from "../wording";
import { leftOutInWords } from "./left-out";
import { lockedInWords } from "./locked";
import { jobOptions, QUALITIES, type Quality } from "./quality";

type LoudnessChoice = "" | "reference" | "keep" | "lufs";

const quality = signal<Quality>("normal");
const keepChanges = signal(true);
const loudness = signal<LoudnessChoice>("");
const lufs = signal(-14);

interface MatchSetupProps {
  model: SessionModel;
  /** Whether it goes on from the mix on the desk, with its locks; else all begins anew. */
  goesOn: boolean;
  /** Whether that mix has been matched before. */
  again: boolean;
}

/** How it is to be done, and the button that does it. */
export function MatchSetup({ model, goesOn, again }: MatchSetupProps) {
  const info = model.info.value;
  const ready = !!info && info.stems.length > 0 && info.references.length > 0;
  const start = () => {
    const options = { ...jobOptions(quality.value), ...loudnessOption(again) };
    void (goesOn ? model.run("rematch", { ...options, keep_changes: keepChanges.value }) : model.run("match", options));
  };
  return (
    <section class="match-part" aria-label="How to match">
      <Segmented<Quality>
        label="Quality"
        choices={QUALITIES}
        value={quality.value}
        onChange={(chosen) => (quality.value = chosen)}
        class="match-quality"
      />
      <p class="match-note">{QUALITIES.find(({ value }) => value === quality.value)?.title}.</p>
      <LoudnessSetup again={again} />
      {goesOn && (
        <label class="match-check">
          <input
            type="checkbox"
            checked={keepChanges.value}
            onChange={(event) => (keepChanges.value = event.currentTarget.checked)}
          />
          <span>Keep what I have changed by hand</span>
        </label>
      )}
      <Passage model={model} />
      {goesOn && <Locked model={model} />}
      <LeftOut model={model} />
      <div class="match-actions">
        <Button kind="primary" icon="match" disabled={!ready} onClick={start}>
          {again ? "Match again" : "Start matching"}
        </Button>
      </div>
      {!ready && <p class="match-note">It needs stems and a reference: see Song.</p>}
    </section>
  );
}

function loudnessOption(again: boolean): { loudness?: "reference" | "keep" | number } {
  if (loudness.value === "") {
    return again ? {} : { loudness: "reference" };
  }
  return { loudness: loudness.value === "lufs" ? lufs.value : loudness.value };
}

function LoudnessSetup({ again }: { again: boolean }) {
  return (
    <div class="match-loudness">
      <label for="match-loudness" class="text-dim">
        Loudness
      </label>
      <select
        id="match-loudness"
        class="select"
        value={loudness.value}
        onChange={(event) => (loudness.value = event.currentTarget.value as LoudnessChoice)}
      >
        <option value="">{again ? "as it is" : "as the reference"}</option>
        {again && <option value="reference">as the reference</option>}
        <option value="keep">as it comes out</option>
        <option value="lufs">fixed, LUFS</option>
      </select>
      {loudness.value === "lufs" && (
        <DeliveryInput
          id="match-lufs"
          name="render.loudness_lufs"
          label="Loudness, LUFS"
          value={lufs.value}
          onChange={(chosen) => (lufs.value = chosen)}
        />
      )}
    </div>
  );
}

function Passage({ model }: { model: SessionModel }) {
  const window = model.info.value?.window;
  const text = window
    ? `Listens to ${window.seconds} s: the song from ${clock(window.start_s)}, the reference from ${clock(window.reference_start_s)}.`
    : "diffmst chooses the passages that it listens to.";
  return <p class="match-note">{text}</p>;
}

/** What came after the match is not a part of it, so there is nothing to go on from. */
function LeftOut({ model }: { model: SessionModel }) {
  const left = leftOutInWords(model);
  return left ? (
    <p class="match-note">
      {left}. All is matched from the beginning, with what is new; this mix is kept under Save, Earlier versions.
    </p>
  ) : null;
}

function Locked({ model }: { model: SessionModel }) {
  const mix = model.desk.value?.mix.value;
  const locked = mix ? lockedInWords(mix) : [];
  if (locked.length === 0) {
    return <p class="match-note">Nothing is locked: close a padlock on the desk, and it stays as it is.</p>;
  }
  return (
    <details>
      <summary>
        <Icon name="lock" size={12} /> Locked: {locked.length} {locked.length === 1 ? "strip" : "strips"}
      </summary>
      <ul class="match-note">
        {locked.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </details>
  );
}
