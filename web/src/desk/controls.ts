/** The controls of a desk for the widgets, made once each. */

import { computed, signal } from "@preact/signals";
import type { Desk } from "../model/desk";
import type { Gesture } from "../model/history";
import { controlTitle } from "../model/names";
import { lawOf } from "../model/taper";
import type { Param, Strip } from "../model/types";
import type { Control } from "../ui/control";

export class Controls {
  readonly #made = new Map<string, Control>();

  constructor(readonly desk: Desk) {}

  /** A control of a strip, or null where the layout does not have it. */
  find(strip: Strip, name: string): Control | null {
    const console = this.desk.console.value;
    const param = console.section(strip).params.get(name);
    const { layout } = console;
    return param ? this.#once(`${layout.name} ${strip} ${name}`, () => this.#make(strip, param)) : null;
  }

  /** A control that the layout has, as it was read from its declaration. */
  get(strip: Strip, name: string): Control {
    const control = this.find(strip, name);
    if (!control) {
      throw new Error(`strip ${strip} has no control ${name}`);
    }
    return control;
  }

  /** The level of all bands of an effect at once; their differences stay, as far as their ranges let them. */
  together(strip: Strip, names: readonly string[], title: string, pattern: string): Control {
    return this.#once(`together ${strip} ${pattern}`, () => this.#makeTogether(strip, names, title, pattern));
  }

  #make(strip: Strip, param: Param): Control {
    const { desk } = this;
    return {
      param,
      law: lawOf(param.name),
      label: computed(() => `${desk.name(strip).value}, ${controlTitle(param.name)}`),
      value: desk.value(strip, param.name),
      locked: desk.locked(strip, param.name),
      typing: signal(null),
      rest: () => desk.rest(strip, param.name),
      set: (value, gesture) => desk.set(strip, { [param.name]: value }, { gesture }),
      lock: (on) => desk.lock(strip, param.name, on),
    };
  }

  #makeTogether(strip: Strip, names: readonly string[], title: string, pattern: string): Control {
    const { desk } = this;
    const first = desk.console.peek().section(strip).param(names[0]);
    const highest = (of: (name: string) => number) => Math.max(...names.map(of));
    const orNull = (which: "neutral" | "matched") =>
      desk.rest(strip, names[0])[which] === null ? null : highest((name) => desk.rest(strip, name)[which] ?? 0);
    const value = computed(() => highest((name) => desk.value(strip, name).value));
    const from = new GestureStart<Record<string, number>>();
    return {
      param: { ...first, name: pattern, default: highest((name) => desk.rest(strip, name).default) },
      law: "level",
      label: computed(() => `${desk.name(strip).value}, ${title}`),
      value,
      locked: computed(() => desk.lockState(strip, names) === "all"),
      typing: signal(null),
      rest: () => ({
        default: highest((name) => desk.rest(strip, name).default),
        neutral: orNull("neutral"),
        matched: orNull("matched"),
      }),
      set: (wanted, gesture) => {
        const start = from.of(gesture, () =>
          Object.fromEntries(names.map((name) => [name, desk.value(strip, name).peek()])),
        );
        const change = wanted - Math.max(...Object.values(start));
        const moved = Object.fromEntries(names.map((name) => [name, start[name] + change]));
        desk.set(strip, moved, { gesture });
      },
      lock: (on) => desk.lock(strip, pattern, on),
    };
  }

  #once(key: string, make: () => Control): Control {
    const control = this.#made.get(key) ?? make();
    this.#made.set(key, control);
    return control;
  }
}

/** What a gesture began with, so that what was held at the end of a range comes back with the way back. */
class GestureStart<State> {
  #gesture: Gesture | undefined;
  #state: State | undefined;

  of(gesture: Gesture | undefined, read: () => State): State {
    if (!gesture || gesture !== this.#gesture || this.#state === undefined) {
      this.#gesture = gesture;
      this.#state = read();
    }
    return this.#state;
  }
}
