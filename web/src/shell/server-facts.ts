/** What does not change while the server runs: asked for once. */

import { signal } from "@preact/signals";
import { api } from "../api/client";
import type { About } from "../api/types";
import type { LayoutDeclaration } from "../model/types";

export interface ServerFacts {
  about: About;
  layouts: LayoutDeclaration[];
}

export const serverFacts = signal<ServerFacts | null>(null);

let asked: Promise<ServerFacts> | null = null;

export function loadServerFacts(): Promise<ServerFacts> {
  asked ??= ask().catch((reason: unknown) => {
    asked = null;
    throw reason;
  });
  return asked;
}

async function ask(): Promise<ServerFacts> {
  const [about, layouts] = await Promise.all([api.about(), api.effects()]);
  serverFacts.value = { about, layouts };
  return serverFacts.value;
}
