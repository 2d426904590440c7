import type { ReadonlySignal, Signal } from "@preact/signals";
import { useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { theme } from "../theme";
import { clock } from "../wording";
import { drawWave } from "./draw-wave";
import type { Outline, Source } from "./peaks";
import { useOutline } from "./use-outline";
import { scrolled, ticks, type ViewRange, zoomed } from "./view-range";
import "./lane.css";

export interface LaneProps {
  name: string;
  colour: "mix" | "reference";
  source: Source | null;
  version: number;
  durationS: number;
  range: Signal<ViewRange>;
  positionS: ReadonlySignal<number>;
  /** What is said where there is nothing to draw. */
  empty: string;
  onSeek: (seconds: number) => void;
  onSelect?: (fromS: number, toS: number) => void;
  /** Drawn over the waveform, in the coordinates of the lane. */
  children?: ComponentChildren;
}

const DRAG_PX = 4;
const KEYS_S: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: 10, PageDown: -10 };

/** The waveform of a song: a click goes there, a drag chooses a section, the wheel zooms and scrolls. */
export function Lane(props: LaneProps) {
  const { name, durationS, range, positionS, onSeek } = props;
  const surface = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  useWidth(surface, setWidth);
  useWheel(surface, range, durationS);
  const outline = useOutline(props.source, props.version, range.value);
  const shown = durationS > 0;
  const onKey = (event: KeyboardEvent) => {
    const to = event.key === "Home" ? 0 : event.key === "End" ? durationS : positionS.peek() + (KEYS_S[event.key] ?? 0);
    if (event.key in KEYS_S || event.key === "Home" || event.key === "End") {
      event.preventDefault();
      onSeek(Math.min(durationS, Math.max(0, to)));
    }
  };
  return (
    <div class={`lane lane-${props.colour}`}>
      <div
        ref={surface}
        class="lane-surface"
        role="slider"
        tabIndex={shown ? 0 : -1}
        aria-label={`Position in ${name}`}
        aria-valuemin={0}
        aria-valuemax={Math.round(durationS)}
        aria-valuenow={Math.round(positionS.value)}
        aria-valuetext={clock(positionS.value)}
        aria-disabled={!shown}
        onKeyDown={onKey}
        onPointerDown={(event) => shown && press(event, props)}
      >
        <Wave colour={props.colour} outline={outline} range={range.value} width={width} />
        {!outline && <p class="lane-empty">{props.empty}</p>}
        {shown && <Times range={range.value} width={width} />}
      </div>
      {shown && props.children}
      {shown && <Playhead range={range} positionS={positionS} />}
    </div>
  );
}

interface WaveProps {
  colour: LaneProps["colour"];
  outline: Outline | null;
  range: ViewRange;
  width: number;
}

function Wave({ colour, outline, range, width }: WaveProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const pixels = Math.round(width * devicePixelRatio);
  const shownTheme = theme.value;
  useEffect(() => {
    const frame = requestAnimationFrame(() => canvas.current && draw(canvas.current, outline, range, pixels));
    return () => cancelAnimationFrame(frame);
  }, [outline, pixels, range, shownTheme]);
  return <canvas ref={canvas} class={`lane-wave lane-wave-${colour}`} />;
}

function draw(canvas: HTMLCanvasElement, outline: Outline | null, range: ViewRange, pixels: number): void {
  canvas.width = pixels; // this also clears it
  canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
  if (outline?.low.length) {
    const style = getComputedStyle(canvas);
    const [peak, body, axis] = ["color", "accent-color", "border-top-color"].map((it) => style.getPropertyValue(it));
    drawWave(canvas, outline, range, { peak, body, axis });
  }
}

/** Moved without drawing anything again. */
function Playhead({ range, positionS }: Pick<LaneProps, "range" | "positionS">) {
  const line = useRef<HTMLDivElement>(null);
  useSignalEffect(() => {
    const [from, to] = range.value;
    const share = (positionS.value - from) / (to - from);
    if (line.current) {
      line.current.style.left = `${100 * share}%`;
      line.current.hidden = share < 0 || share > 1;
    }
  });
  return <div class="lane-playhead" ref={line} />;
}

function Times({ range, width }: { range: ViewRange; width: number }) {
  const [from, to] = range;
  const tenths = to - from < 8;
  return (
    <div class="lane-times" aria-hidden="true">
      {ticks(range, width).map((at) => (
        <span key={at} style={{ left: `${(100 * (at - from)) / (to - from)}%` }}>
          {clock(at, tenths)}
        </span>
      ))}
    </div>
  );
}

/** The time under a pointer. */
export function timeAt(lane: Element, clientX: number, [from, to]: ViewRange): number {
  const { left, width } = lane.getBoundingClientRect();
  return from + ((clientX - left) / Math.max(1, width)) * (to - from);
}

function press(
  event: PointerEvent & { currentTarget: HTMLElement },
  { range, durationS, onSeek, onSelect }: LaneProps,
) {
  if (event.button !== 0) {
    return;
  }
  const lane = event.currentTarget;
  const held = (clientX: number) => Math.min(durationS, Math.max(0, timeAt(lane, clientX, range.peek())));
  const start = event.clientX;
  let dragging = false;
  lane.setPointerCapture(event.pointerId);
  const move = (moved: PointerEvent) => {
    dragging ||= onSelect !== undefined && Math.abs(moved.clientX - start) > DRAG_PX;
    if (dragging) {
      const [a, b] = [held(start), held(moved.clientX)];
      onSelect?.(Math.min(a, b), Math.max(a, b));
    }
  };
  const end = (ended: PointerEvent) => {
    lane.removeEventListener("pointermove", move);
    if (!dragging && ended.type === "pointerup") {
      onSeek(held(ended.clientX));
    }
  };
  lane.addEventListener("pointermove", move);
  lane.addEventListener("pointerup", end, { once: true });
  lane.addEventListener("pointercancel", end, { once: true });
}

function useWidth(element: { current: HTMLElement | null }, onWidth: (width: number) => void) {
  useEffect(() => {
    const target = element.current;
    if (!target || typeof ResizeObserver === "undefined") {
      return;
    }
    const observer = new ResizeObserver(() => onWidth(target.clientWidth));
    observer.observe(target);
    return () => observer.disconnect();
  }, [element, onWidth]);
}

/** The wheel zooms around the pointer; sideways, or with Shift, it scrolls. */
function useWheel(surface: { current: HTMLElement | null }, range: Signal<ViewRange>, durationS: number) {
  useEffect(() => {
    const target = surface.current;
    const turn = (event: WheelEvent) => {
      if (!target || durationS <= 0) {
        return;
      }
      event.preventDefault();
      const [from, to] = range.peek();
      const sideways = event.shiftKey ? event.deltaY : event.deltaX;
      if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
        range.value = scrolled(range.peek(), durationS, (sideways / target.clientWidth) * (to - from));
      } else {
        const around = timeAt(target, event.clientX, range.peek());
        range.value = zoomed(range.peek(), durationS, Math.exp(event.deltaY / 400), around);
      }
    };
    target?.addEventListener("wheel", turn, { passive: false });
    return () => target?.removeEventListener("wheel", turn);
  }, [surface, range, durationS]);
}
