/** A canvas that draws in the one animation frame while it can be seen. */

import { useEffect, useRef } from "preact/hooks";
import { frames } from "./frame-loop";
import { type Palette, palette } from "./palette";

export interface Surface {
  context: CanvasRenderingContext2D;
  /** In CSS pixels. */
  width: number;
  height: number;
  colours: Palette;
}

interface CanvasProps {
  class: string;
  /** Draws the whole canvas, which is empty; true while there is more to come. */
  draw: (surface: Surface, nowMs: number) => boolean;
}

export function Canvas({ class: names, draw }: CanvasProps) {
  const element = useRef<HTMLCanvasElement>(null);
  const painter = useRef(draw);
  painter.current = draw;
  useEffect(() => (element.current ? show(element.current, painter) : undefined), []);
  return <canvas ref={element} class={names} />;
}

function show(element: HTMLCanvasElement, painter: { current: CanvasProps["draw"] }): (() => void) | undefined {
  const context = element.getContext("2d");
  if (!context) {
    return undefined;
  }
  const size = { width: 0, height: 0, seen: false };
  const stopPainting = frames.add((nowMs) => {
    if (!size.seen || !size.width || !size.height) {
      return false;
    }
    const { width, height } = size;
    context.clearRect(0, 0, width, height);
    return painter.current({ context, width, height, colours: palette() }, nowMs);
  });
  const resized = new ResizeObserver(() => {
    size.width = element.clientWidth;
    size.height = element.clientHeight;
    const ratio = devicePixelRatio;
    element.width = Math.round(size.width * ratio);
    element.height = Math.round(size.height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    frames.wake();
  });
  const seen = new IntersectionObserver((entries) => {
    size.seen = entries.some((entry) => entry.isIntersecting);
    frames.wake();
  });
  resized.observe(element);
  seen.observe(element);
  return () => {
    stopPainting();
    resized.disconnect();
    seen.disconnect();
  };
}
