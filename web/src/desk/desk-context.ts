/** What every part of the desk works with. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Engine } from "../engine/types";
import type { Desk } from "../model/desk";
import type { Controls } from "./controls";
import type { MeterBank } from "./meter-bank";

export interface DeskParts {
  desk: Desk;
  engine: Engine | null;
  controls: Controls;
  meters: MeterBank;
}

export const DeskContext = createContext<DeskParts | null>(null);

export function useDesk(): DeskParts {
  const parts = useContext(DeskContext);
  if (!parts) {
    throw new Error("a part of the desk must stand in a DeskView");
  }
  return parts;
}
