/** The server's API, one function per route. */

import type { Amounts, LayoutDeclaration, MixDocument } from "../model/types";
import { request } from "./http";
import type {
  About,
  Job,
  JobKind,
  OutputFiles,
  PastMix,
  Peaks,
  Pictures,
  SavedMix,
  Session,
  SessionChange,
  SessionSummary,
} from "./types";

const of = (id: string) => `/sessions/${encodeURIComponent(id)}`;

export type FileKind = "stems" | "references";

export const api = {
  login: (token: string) => request<null>("/login", { method: "POST", json: { token } }),
  about: () => request<About>("/about"),
  effects: () => request<LayoutDeclaration[]>("/effects"),

  sessions: () => request<SessionSummary[]>("/sessions"),
  create: (title: string) => request<Session>("/sessions", { method: "POST", json: { title } }),
  demo: () => request<Session>("/sessions/demo", { method: "POST" }),
  session: (id: string) => request<Session>(of(id)),
  change: (id: string, change: SessionChange) => request<Session>(of(id), { method: "PATCH", json: change }),
  remove: (id: string) => request<null>(of(id), { method: "DELETE" }),

  /** Where a file is sent to: see `Uploads`. */
  uploadUrl: (id: string, kind: FileKind, name: string) => `/api${of(id)}/${kind}/${encodeURIComponent(name)}`,
  removeFile: (id: string, kind: FileKind, file: string) =>
    request<null>(`${of(id)}/${kind}/${encodeURIComponent(file)}`, { method: "DELETE" }),

  mix: (id: string) => request<SavedMix>(`${of(id)}/mix`),
  putMix: (id: string, saved: SavedMix) =>
    request<{ revision: number }>(`${of(id)}/mix`, { method: "PUT", json: saved }),
  adjust: (id: string, amounts: Amounts, mix: MixDocument, signal?: AbortSignal) =>
    request<{ mix: MixDocument; kept: string[] }>(`${of(id)}/mix/adjust`, {
      method: "POST",
      json: { amounts, mix },
      signal,
    }),
  history: (id: string) => request<PastMix[]>(`${of(id)}/mix/history`),
  restore: (id: string, name: string) =>
    request<SavedMix>(`${of(id)}/mix/history/${encodeURIComponent(name)}/restore`, { method: "POST" }),

  audioUrl: (id: string, source: string) => `/api${of(id)}/audio/${encodeURIComponent(source)}`,
  responseUrl: (id: string) => `/api${of(id)}/response`,
  eventsUrl: (id: string) => `/api${of(id)}/events`,
  peaks: (
    id: string,
    source: string,
    stretch: { points: number; start?: number; frames?: number },
    signal?: AbortSignal,
  ) => request<Peaks>(`${of(id)}/peaks/${encodeURIComponent(source)}?${query(stretch)}`, { signal }),

  jobs: (id: string) => request<Job[]>(`${of(id)}/jobs`),
  start: (id: string, kind: JobKind, options: object = {}) =>
    request<Job>(`${of(id)}/jobs`, { method: "POST", json: { kind, options } }),
  stop: (id: string, job: string) => request<Job>(`${of(id)}/jobs/${job}/stop`, { method: "POST" }),
  cancel: (id: string, job: string) => request<null>(`${of(id)}/jobs/${job}`, { method: "DELETE" }),

  pictures: (id: string) => request<Pictures>(`${of(id)}/pictures`),
  save: (id: string, options: { force?: boolean } = {}) =>
    request<{ path: string }>(`${of(id)}/save`, { method: "POST", json: options }),
  files: (id: string) => request<OutputFiles>(`${of(id)}/files`),
  fileUrl: (id: string, path: string) => `/api${of(id)}/files/${path.split("/").map(encodeURIComponent).join("/")}`,
};

function query(values: Record<string, number | undefined>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}
