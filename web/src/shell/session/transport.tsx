import { useComputed } from "@preact/signals";
import type { Source } from "../../model/types";
import { Button } from "../../ui/button";
import { Segmented } from "../../ui/segmented";
import { MatchButton } from "../match/match-button";
import { clock, figure } from "../wording";
import type { Playback } from "./playback";
import type { SessionModel } from "./session-model";
import "./transport.css";

/** Play, where it is, what is heard, and how loud it is. */
export function Transport({ model }: { model: SessionModel }) {
  const { playback } = model;
  const ready = playback.engine.value !== null;
  const playing = useComputed(() => playback.state.value.playing).value;
  const name = playing ? "Pause" : "Play";
  return (
    <section class="transport" aria-label="Transport">
      <span class="transport-keys">
        <Button icon="stop" label="Stop, back to the start" disabled={!ready} onClick={() => playback.rewind()} />
        <Button
          class="transport-play"
          icon={playing ? "pause" : "play"}
          label={name}
          title={ready ? name : whySilent(model)}
          disabled={!ready && !model.canBalance.value}
          onClick={() => model.toggle()}
        />
        <Button
          icon="loop"
          label="Loop"
          title="Loop: drag on the waveform for a section"
          pressed={playback.looping.value}
          disabled={!ready}
          onClick={() => playback.toggleLoop()}
        />
      </span>
      <Time playback={playback} />
      <SourceSwitch playback={playback} />
      <Loudness model={model} />
      <MatchButton model={model} />
    </section>
  );
}

function whySilent(model: SessionModel): string {
  if (model.desk.value) {
    return "It plays as soon as the audio is prepared";
  }
  if (model.balancing.value) {
    return "It plays as soon as the stems are balanced";
  }
  return model.canBalance.value ? "Play: hear the stems, balanced" : "It plays once there are stems";
}

function Time({ playback }: { playback: Playback }) {
  const now = useComputed(() => clock(playback.seconds.value, true));
  const whole = useComputed(() => clock(playback.durationS.value));
  return (
    <span class="transport-time figures" role="timer" aria-label="Time">
      <span class="transport-now">{now}</span>
      <span class="text-dim"> / {whole}</span>
    </span>
  );
}

function SourceSwitch({ playback }: { playback: Playback }) {
  const song = playback.song.value;
  const source = useComputed(() => playback.state.value.source).value;
  const choices = [
    { value: "before", name: "Before", title: "A: levels balanced, no effects (1)", disabled: !song?.before },
    { value: "mix", name: "Mix", title: "B: as the desk has it now (2)", disabled: !song },
    { value: "reference", name: "Reference", title: "R: the song to follow (3)", disabled: !song?.reference },
  ] as const;
  return (
    <Segmented<Source>
      label="Listen to, equally loud"
      choices={choices}
      value={source}
      onChange={(chosen) => playback.listen(chosen)}
      class="transport-source"
    />
  );
}

const MISSED_LU = 0.5;

/** The delivered mix as the server measured it over the whole song. */
function Loudness({ model }: { model: SessionModel }) {
  const delivery = model.measuring.delivery.value;
  const target = delivery?.target_lufs;
  const lufs = delivery?.loudness_lufs;
  const missed = typeof target === "number" && typeof lufs === "number" && Math.abs(lufs - target) > MISSED_LU;
  return (
    <dl
      class={model.measuring.stale.value ? "loudness loudness-stale" : "loudness"}
      aria-label="Loudness of the whole mix"
    >
      {missed && <span class="loudness-missed">target {figure(target)} not reached</span>}
      <Fact name="LUFS" title="Integrated loudness of the whole mix" value={figure(lufs)} />
      <Fact name="dBTP" title="True peak" value={figure(delivery?.true_peak_dbtp)} />
      <Fact name="dB limited" title="Deepest gain reduction of the limiter" value={figure(delivery?.limiting_db)} />
    </dl>
  );
}

function Fact({ name, value, title }: { name: string; value: string; title: string }) {
  return (
    <div class="loudness-fact" title={title}>
      <dd class="figures">{value}</dd>
      <dt>{name}</dt>
    </div>
  );
}
