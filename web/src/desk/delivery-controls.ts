/** The two settings of how the mix is written, as controls. They stand beside the console's own in the document. */

import { computed, signal } from "@preact/signals";
import type { Desk } from "../model/desk";
import type { MixDocument, Param } from "../model/types";
import type { Control } from "../ui/control";

type Render = MixDocument["render"];

interface DeliveryControls {
  target: Control;
  ceiling: Control;
}

const made = new WeakMap<Desk, DeliveryControls>();

export function deliveryControls(desk: Desk): DeliveryControls {
  const known = made.get(desk) ?? { target: target(desk), ceiling: ceiling(desk) };
  made.set(desk, known);
  return known;
}

/** At its lowest there is none: the loudness stays as it is. */
function target(desk: Desk): Control {
  const param = declared(desk, "render.loudness_lufs");
  return control(
    desk,
    param,
    "loudness target",
    ({ loudness_lufs }) => loudness_lufs ?? param.low,
    (lufs) => ({ loudness_lufs: lufs <= param.low ? null : lufs }),
  );
}

function ceiling(desk: Desk): Control {
  return control(
    desk,
    declared(desk, "render.ceiling_dbtp"),
    "ceiling",
    ({ ceiling_dbtp }) => ceiling_dbtp,
    (db) => ({ ceiling_dbtp: db }),
  );
}

function declared(desk: Desk, name: string): Param {
  const param = desk.delivery.find((one) => one.name === name);
  if (!param) {
    throw new Error(`the server does not declare ${name}`);
  }
  return param;
}

function control(
  desk: Desk,
  param: Param,
  title: string,
  read: (render: Render) => number,
  write: (value: number) => Partial<Render>,
): Control {
  return {
    param,
    law: "even",
    label: computed(() => `Master, ${title}`),
    value: computed(() => read(desk.mix.value.render)),
    locked: signal(false),
    typing: signal(null),
    rest: () => ({ default: param.default, neutral: null, matched: null }),
    set: (value, gesture) => desk.render(write(Math.round(10 * value) / 10), { gesture }),
    lock: null,
  };
}
