/** Requests to the server of the page, with errors that can be shown. */

import { signal } from "@preact/signals";

/** The server said no, and why, in one line. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly body: unknown = null,
  ) {
    super(message);
  }
}

/** Counts answers that demand a token: the server may have been started anew. */
export const refused = signal(0);

/** The server did not answer at all. */
export class ServerAway extends Error {
  constructor() {
    super("diffmst does not answer. Is it still running?");
  }
}

export interface Request {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  json?: unknown;
  signal?: AbortSignal;
}

/** What the server answers below `/api`; an answer without content is null. */
export async function request<T>(path: string, options: Request = {}): Promise<T> {
  const response = await respond(path, options);
  if (response.status === 204) {
    return null as T;
  }
  return (await response.json()) as T;
}

async function respond(path: string, { method = "GET", json, signal }: Request): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (json !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  const body = json === undefined ? undefined : JSON.stringify(json);
  const response = await fetch(`/api${path}`, { method, headers, body, signal }).catch((reason: unknown) => {
    if (reason instanceof DOMException && reason.name === "AbortError") {
      throw reason;
    }
    throw new ServerAway();
  });
  if (response.status === 401) {
    refused.value++;
  }
  if (!response.ok) {
    throw await errorOf(response);
  }
  return response;
}

async function errorOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  return new ApiError(response.status, lineOf(body) || `The server answered ${response.status}.`, body);
}

/** The one line of an error's body; of several that pydantic has, the first. */
export function lineOf(body: unknown): string {
  const detail = isObject(body) ? body.detail : undefined;
  if (typeof detail === "string") {
    return detail;
  }
  const first: unknown = Array.isArray(detail) ? detail[0] : undefined;
  if (isObject(first) && typeof first.msg === "string") {
    const where = Array.isArray(first.loc) ? first.loc.slice(1).join(".") : "";
    return where ? `${where}: ${first.msg}` : first.msg;
  }
  return "";
}

/** What to tell the user of anything that was thrown. */
export function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
