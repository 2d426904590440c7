import { type Signal, signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AnalysisWindow, Session } from "../../api/types";
import { Button } from "../../ui/button";
import { remember, remembered } from "../remembered";
import type { SessionModel } from "../session/session-model";
import { heardReference } from "../session/song";
import { usualWindow, type WindowOf } from "./analysis-window";
import { Lane } from "./lane";
import { type ViewRange, zoomed } from "./view-range";
import { WindowBox } from "./window-box";
import "./overview.css";

/** Whether the waveforms leave more room for what is below. */
const low = signal(remembered("waves") === "low");

function toggleLow(): void {
  low.value = !low.value;
  remember("waves", low.value ? "low" : null);
}

/** Song and reference as waveforms, with the loop and the passage that is matched. */
export function Overview({ model }: { model: SessionModel }) {
  const info = model.info.value;
  const songRange = useSignal<ViewRange>([0, 1]);
  const referenceRange = useSignal<ViewRange>([0, 1]);
  const dragged = useSignal<AnalysisWindow | null>(null);
  const durations = durationsOf(model, info);
  useWhole(songRange, durations.song);
  useWhole(referenceRange, durations.reference);
  if (!info) {
    return <section class="overview" aria-label="Waveforms" aria-busy="true" />;
  }
  const reference = heardReference(info);
  const window = dragged.value ?? info.window;
  const box = (of: WindowOf, range: Signal<ViewRange>) =>
    window ? (
      <WindowBox
        of={of}
        window={window}
        range={range}
        durations={durations}
        onMove={(moved) => (dragged.value = moved)}
        onDone={() => void keepWindow(model, dragged)}
      />
    ) : (
      <Heard model={model} of={of} range={range.value} />
    );
  const common = { version: model.soundVersion.value, positionS: model.playback.seconds };
  const reading = model.jobs.newest("prepare")?.state === "queued" ? "Waiting for other work" : null;
  const prepared = (name: string) => (model.jobs.sources.value[name] ? { session: info.id, source: name } : null);
  return (
    <section class={low.value ? "overview overview-low" : "overview"} aria-label="Waveforms">
      <Names reference={reference?.name} />
      <div class="overview-lanes">
        <Lane
          {...common}
          name="the song"
          colour="mix"
          source={prepared("song")}
          durationS={durations.song}
          range={songRange}
          empty={info.stems.length > 0 ? (reading ?? "Reading the stems…") : "No stems yet"}
          onSeek={(seconds) => model.playback.seekSeconds(seconds)}
          onSelect={(fromS, toS) => loop(model, fromS, toS)}
        >
          <Loop model={model} range={songRange.value} />
          {box("song", songRange)}
        </Lane>
        <Lane
          {...common}
          name="the reference"
          colour="reference"
          source={reference ? prepared(`reference-${reference.id}`) : null}
          durationS={durations.reference}
          range={referenceRange}
          empty={reference ? (reading ?? "Reading the reference…") : "No reference yet"}
          onSeek={(seconds) => model.playback.seekSeconds(seconds)}
        >
          {box("reference", referenceRange)}
        </Lane>
      </div>
      <Tools model={model} ranges={[songRange, referenceRange]} durations={durations} />
    </section>
  );
}

function Names({ reference }: { reference?: string }) {
  return (
    <div class="overview-names">
      <span class="overview-name">Song</span>
      <span class="overview-name overview-name-reference" title={reference}>
        {reference ?? "Reference"}
      </span>
    </div>
  );
}

interface ToolsProps {
  model: SessionModel;
  ranges: [Signal<ViewRange>, Signal<ViewRange>];
  durations: Record<WindowOf, number>;
}

function Tools({ model, ranges, durations }: ToolsProps) {
  const window = model.info.value?.window ?? null;
  const ready = durations.song > 0 && durations.reference > 0;
  const zoom = (factor: number) => {
    for (const [range, durationS] of [
      [ranges[0], durations.song],
      [ranges[1], durations.reference],
    ] as const) {
      const [from, to] = range.peek();
      const position = model.playback.seconds.peek();
      const around = position > from && position < to ? position : (from + to) / 2;
      range.value = durationS > 0 ? zoomed(range.peek(), durationS, factor, around) : range.peek();
    }
  };
  const toggle = () => void model.change({ window: window ? null : usualWindow(durations.song, durations.reference) });
  return (
    <div class="overview-tools">
      <span class="overview-zoom">
        <Button kind="quiet" icon="zoomOut" label="Zoom out" onClick={() => zoom(2)} />
        <Button kind="quiet" icon="zoomIn" label="Zoom in" onClick={() => zoom(0.5)} />
        <Button
          kind="quiet"
          icon="chevron"
          class="overview-fold"
          label={low.value ? "Higher waveforms" : "Lower waveforms"}
          aria-expanded={!low.value}
          onClick={toggleLow}
        />
      </span>
      <Button
        pressed={window !== null}
        disabled={!ready}
        title="Choose the passage of song and reference that matching listens to; otherwise diffmst finds them"
        onClick={toggle}
      >
        Passage
      </Button>
    </div>
  );
}

/** The passages that the last match has chosen by itself. */
function Heard({ model, of, range: [from, to] }: { model: SessionModel; of: WindowOf; range: ViewRange }) {
  const mix = model.desk.value?.mix.value;
  const reference = mix?.references.find((one) => one.main) ?? mix?.references[0];
  const [starts, seconds] =
    of === "song"
      ? [mix?.comparison?.song_windows_at_s ?? [], mix?.comparison?.song_window_s ?? 0]
      : [reference?.windows_at_s ?? [], reference?.window_s ?? 0];
  return (
    <>
      {starts.map((start) => (
        <div
          key={start}
          class="window-heard"
          title="Listened to in the last match"
          style={{ left: `${(100 * (start - from)) / (to - from)}%`, width: `${(100 * seconds) / (to - from)}%` }}
        />
      ))}
    </>
  );
}

function Loop({ model, range: [from, to] }: { model: SessionModel; range: ViewRange }) {
  const { section, looping, song } = model.playback;
  if (!section.value || !song.value) {
    return null;
  }
  const [start, end] = section.value.map((frame) => frame / (song.value?.sampleRate ?? 1));
  const style = { left: `${(100 * (start - from)) / (to - from)}%`, width: `${(100 * (end - start)) / (to - from)}%` };
  return <div class={looping.value ? "lane-loop" : "lane-loop lane-loop-off"} style={style} />;
}

const SHORTEST_LOOP_S = 0.1;

function loop({ playback }: SessionModel, fromS: number, toS: number): void {
  const rate = playback.song.peek()?.sampleRate;
  if (rate && toS - fromS >= SHORTEST_LOOP_S) {
    playback.loopOver([Math.round(fromS * rate), Math.round(toS * rate)]);
  }
}

async function keepWindow(model: SessionModel, dragged: Signal<AnalysisWindow | null>): Promise<void> {
  const window = dragged.peek();
  if (window) {
    await model.change({ window });
    dragged.value = null;
  }
}

function durationsOf(model: SessionModel, info: Session | null): Record<WindowOf, number> {
  const longest = Math.max(0, ...(info?.stems ?? []).map((stem) => stem.seconds));
  return {
    song: model.playback.durationS.value || longest,
    reference: (info && heardReference(info)?.seconds) ?? 0,
  };
}

/** A song of another length is shown whole. */
function useWhole(range: Signal<ViewRange>, durationS: number): void {
  const length = Math.round(10 * durationS) / 10;
  useEffect(() => {
    if (length > 0) {
      range.value = [0, length];
    }
  }, [range, length]);
}
