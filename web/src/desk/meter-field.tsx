/**
 * The meters of all tracks, on few wide canvases over the strips.
 *
 * A canvas in every strip would be a layer of its own for the browser, which then sorts the whole desk anew with every
 * step of a scroll: 60 of them take 37 ms a frame for that alone, a few on top of everything 3 ms.
 */

import { type Signal, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Canvas, type Surface } from "../ui/canvas";
import { drawMeter, METER_SLOT } from "../ui/meter";
import { useDesk } from "./desk-context";
import type { MeterBank } from "./meter-bank";
import type { PlacedStrip } from "./strip-order";

/** A canvas of so many strips is within what every graphics card takes, at three pixels per CSS pixel too. */
const STRIPS_PER_CANVAS = 16;

/** Where the meter of the first strip is, and how far it is to the next, in CSS pixels. */
interface Slots {
  left: number;
  top: number;
  width: number;
  height: number;
  pitch: number;
}

export function MeterField({ order }: { order: readonly PlacedStrip[] }) {
  const { meters } = useDesk();
  const root = useRef<HTMLDivElement>(null);
  const slots = useSlots(root, order.length).value;
  const starts = Array.from({ length: Math.ceil(order.length / STRIPS_PER_CANVAS) }, (_, at) => at * STRIPS_PER_CANVAS);
  return (
    <div class="meter-field" ref={root} aria-hidden="true">
      {slots &&
        starts.map((start) => {
          const strips = order.slice(start, start + STRIPS_PER_CANVAS);
          const { top, height, pitch } = slots;
          return (
            <div
              key={start}
              class="meter-canvas"
              style={{
                left: `${start * pitch}px`,
                top: `${top}px`,
                width: `${strips.length * pitch}px`,
                height: `${height}px`,
              }}
            >
              <Canvas
                class="meter-drawing"
                draw={(surface, nowMs) =>
                  drawStrips(surface, nowMs, strips, slots, meters, seenPart(root.current, start * pitch))
                }
              />
            </div>
          );
        })}
    </div>
  );
}

/** From where to where the strips can be seen, from the left of a canvas that starts at `left`. */
function seenPart(root: HTMLElement | null, left: number): [number, number] {
  const scroller = root?.parentElement;
  return scroller ? [scroller.scrollLeft - left, scroller.scrollLeft + scroller.clientWidth - left] : [0, 0];
}

function drawStrips(
  surface: Surface,
  nowMs: number,
  strips: readonly PlacedStrip[],
  slots: Slots,
  meters: MeterBank,
  [from, to]: [number, number],
): boolean {
  const { context, colours } = surface;
  let moving = false;
  for (const [place, { track }] of strips.entries()) {
    const x = place * slots.pitch + slots.left;
    if (x + slots.width < from || x > to) {
      continue;
    }
    const { levels } = meters.strip(track);
    levels.fall(nowMs);
    context.save();
    context.translate(x, 0);
    drawMeter({ context, width: slots.width, height: slots.height, colours }, levels);
    context.restore();
    moving ||= levels.moving;
  }
  return moving;
}

/** All strips of tracks are alike, so the first tells where the meters of all are. */
function useSlots(root: { current: HTMLElement | null }, count: number): Signal<Slots | null> {
  const slots = useSignal<Slots | null>(null);
  useLayoutEffect(() => {
    const strip = root.current?.parentElement?.querySelector<HTMLElement>("[data-strip]");
    const slot = strip?.querySelector<HTMLElement>(`.${METER_SLOT}`);
    if (!strip || !slot || !count) {
      return undefined;
    }
    const measure = () => {
      const [outer, inner] = [strip.getBoundingClientRect(), slot.getBoundingClientRect()];
      slots.value = {
        left: inner.left - outer.left,
        top: inner.top - outer.top,
        width: inner.width,
        height: inner.height,
        pitch: outer.width,
      };
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(slot);
    return () => observer.disconnect();
  }, [root, count, slots]);
  return slots;
}
