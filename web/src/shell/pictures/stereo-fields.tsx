import { useEffect, useRef } from "preact/hooks";
import type { Pictures, Sound } from "../../api/types";
import { theme } from "../theme";
import { figure } from "../wording";
import { heardFor, NAMES } from "./comparison";
import type { SeriesKind } from "./line-chart";
import "./stereo-fields.css";

const RADIUS_PX = 150;

/** Where the sound sits: the goniometers of reference, before and mix. */
export function StereoFields({ pictures }: { pictures: Pictures }) {
  const heard = heardFor(pictures, "width");
  return (
    <figure class="chart chart-wide">
      <figcaption class="chart-head">
        <h3>Stereo field</h3>
        <span class="text-dim">left to right; outwards is louder</span>
      </figcaption>
      <div class="fields">
        {(["reference", "before", "after"] as const).map((kind) => {
          const sound = heard[kind];
          return sound && <Field key={kind} kind={kind} sound={sound} />;
        })}
      </div>
    </figure>
  );
}

function Field({ kind, sound }: { kind: SeriesKind; sound: Sound }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = theme.value;
  useEffect(() => {
    const frame = requestAnimationFrame(() => canvas.current && draw(canvas.current, sound.field));
    return () => cancelAnimationFrame(frame);
  }, [sound, shown]);
  const facts = sound.mono ? "mono" : `side ${figure(sound.width_db)} dB · correlation ${figure(sound.correlation, 2)}`;
  return (
    <div class="field">
      <canvas
        ref={canvas}
        class={`field-picture chart-${kind}`}
        width={2 * RADIUS_PX}
        height={RADIUS_PX}
        role="img"
        aria-label={`${NAMES[kind]}: ${facts}`}
      />
      <span class={`chart-key chart-${kind}`}>{NAMES[kind]}</span>
      <span class="text-dim field-facts">{facts}</span>
    </div>
  );
}

const FLATTEN = 0.6;
const NEAREST = 0.08;

/** A half disc: its middle is at the lower edge, straight up is the middle of the stage. */
function draw(canvas: HTMLCanvasElement, field: readonly (readonly number[])[]): void {
  const context = canvas.getContext("2d");
  const [red, green, blue] = rgbOf(getComputedStyle(canvas).color);
  if (!context) {
    return;
  }
  const picture = context.createImageData(2 * RADIUS_PX, RADIUS_PX);
  const shades = shadesOf(field);
  const brightest = percentile(shades, 0.995) || 1;
  for (let pixel = 0; pixel < shades.length; pixel++) {
    const alpha = 255 * Math.min(1, shades[pixel] / brightest) ** FLATTEN;
    picture.data.set([red, green, blue, alpha], 4 * pixel);
  }
  context.putImageData(picture, 0, 0);
}

function shadesOf(field: readonly (readonly number[])[]): Float32Array {
  const shades = new Float32Array(2 * RADIUS_PX * RADIUS_PX);
  for (let row = 0; row < RADIUS_PX; row++) {
    for (let column = 0; column < 2 * RADIUS_PX; column++) {
      const [x, y] = [(column + 0.5 - RADIUS_PX) / RADIUS_PX, (RADIUS_PX - row - 0.5) / RADIUS_PX];
      const radius = Math.hypot(x, y);
      if (radius < 1) {
        const angle = ((Math.atan2(x, y) + Math.PI / 2) / Math.PI) * field.length - 0.5;
        // A ring holds more pixels the wider it is.
        const density = between(field, angle, radius * (field[0]?.length ?? 0) - 0.5);
        shades[2 * RADIUS_PX * row + column] = density / Math.max(radius, NEAREST);
      }
    }
  }
  return shades;
}

/** Bilinear; beyond the edges as at them. */
function between(field: readonly (readonly number[])[], angle: number, level: number): number {
  const [low, share] = [Math.floor(angle), angle - Math.floor(angle)];
  const row = (at: number) => field[Math.min(field.length - 1, Math.max(0, at))] ?? [];
  const along = (values: readonly number[]) => {
    const at = Math.floor(level);
    const value = (place: number) => values[Math.min(values.length - 1, Math.max(0, place))] ?? 0;
    return value(at) + (value(at + 1) - value(at)) * (level - at);
  };
  return along(row(low)) * (1 - share) + along(row(low + 1)) * share;
}

function percentile(values: Float32Array, share: number): number {
  const sounding = values.filter((value) => value > 0).sort();
  return sounding[Math.floor(share * (sounding.length - 1))] ?? 0;
}

function rgbOf(colour: string): number[] {
  return (colour.match(/[\d.]+/g) ?? ["128", "128", "128"]).slice(0, 3).map(Number);
}
