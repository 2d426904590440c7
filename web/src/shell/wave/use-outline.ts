import { useEffect, useMemo, useState } from "preact/hooks";
import {
  fillingScale,
  type Outline,
  type Source,
  scaled,
  stretchOutline,
  type WholeOutline,
  wholeOutline,
} from "./peaks";
import type { ViewRange } from "./view-range";

const WHOLE_POINTS = 4000;
const DETAIL_POINTS = 3000;
const DETAIL_AFTER_MS = 150;
/** Up to this much zoom the whole outline has a point per pixel. */
const DETAIL_FROM_ZOOM = 2;

/**
 * The outline of what is shown of a source, in details where one has zoomed in, and so high that the whole fills a lane.
 *
 * @param version of the sound; another one, and it is asked for again.
 */
export function useOutline(source: Source | null, version: number, range: ViewRange): Outline | null {
  const [whole, setWhole] = useState<WholeOutline | null>(null);
  const [detail, setDetail] = useState<Outline | null>(null);
  const session = source?.session;
  const name = source?.source;
  useEffect(() => {
    let wanted = true;
    setDetail(null);
    if (session && name) {
      wholeOutline({ session, source: name }, WHOLE_POINTS)
        .catch(() => null)
        .then((outline) => wanted && setWhole(outline));
    } else {
      setWhole(null);
    }
    return () => {
      wanted = false;
    };
  }, [session, name, version]);
  const [from, to] = range;
  useEffect(() => {
    if (!whole || !session || !name || (to - from) * DETAIL_FROM_ZOOM > whole.endS) {
      setDetail(null);
      return;
    }
    const aborted = new AbortController();
    const timer = setTimeout(() => {
      stretchOutline({ session, source: name }, [from, to], whole.rate, DETAIL_POINTS, aborted.signal)
        .then(setDetail)
        .catch(() => {}); // the whole outline stays
    }, DETAIL_AFTER_MS);
    return () => {
      clearTimeout(timer);
      aborted.abort();
    };
  }, [whole, session, name, from, to]);
  const scale = useMemo(() => (whole ? fillingScale(whole) : 1), [whole]);
  const shown = whole && covers(detail, range) ? detail : whole;
  return useMemo(() => shown && scaled(shown, scale), [shown, scale]);
}

function covers(outline: Outline | null, [from, to]: ViewRange): boolean {
  return !!outline && outline.startS <= from + 0.01 && outline.endS >= to - 0.01;
}
