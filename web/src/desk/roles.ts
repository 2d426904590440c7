/** What the roles of tracks are called and coloured by. */

import type { Desk } from "../model/desk";

/** Those with a colour in theme.css. */
const COLOURED = new Set(["drums", "percussion", "bass", "guitar", "keys", "pad", "brass", "voice", "effects"]);

export function roleLabel(desk: Desk, role: string): string {
  return desk.roles.find(({ name }) => name === role)?.label ?? (role || "no role");
}

/** The class that gives a strip the colour of its family. */
export function familyClass(desk: Desk, role: string): string {
  const family = desk.roles.find(({ name }) => name === role)?.family ?? role;
  return `family-${COLOURED.has(family) ? family : "other"}`;
}
