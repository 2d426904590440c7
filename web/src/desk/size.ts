/** The size of an element, as it changes. */

import { type Signal, useSignal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";

export interface Size {
  width: number;
  height: number;
}

export function useSize(element: { current: HTMLElement | null }): Signal<Size> {
  const size = useSignal<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const { current } = element;
    if (!current) {
      return undefined;
    }
    const measure = () => {
      size.value = { width: current.clientWidth, height: current.clientHeight };
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, [element, size]);
  return size;
}
