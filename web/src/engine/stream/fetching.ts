/** Audio from the server: raw float32, planar [rows, frames]. */

import type { StreamInfo } from "../types";

/** Frames of a stream. Throws with a line for the user where they cannot be had. */
export async function fetchAudio(
  stream: StreamInfo,
  start: number,
  frames: number,
  signal?: AbortSignal,
): Promise<Float32Array<ArrayBuffer>> {
  const response = await fetchOrExplain(`${stream.url}?start=${start}&frames=${frames}`, { signal, cache: "no-store" });
  const bytes = await response.arrayBuffer();
  if (bytes.byteLength !== 4 * stream.rows * frames) {
    throw new Error(`the server sent ${bytes.byteLength} bytes of audio instead of ${4 * stream.rows * frames}`);
  }
  return new Float32Array(bytes);
}

/** The impulse response of the reverb, left then right. */
export async function fetchResponse(
  url: string,
  values: Record<string, number>,
  signal?: AbortSignal,
): Promise<Float32Array<ArrayBuffer>> {
  const body = JSON.stringify({ values });
  const headers = { "Content-Type": "application/json" };
  const response = await fetchOrExplain(url, { method: "POST", body, headers, signal });
  return new Float32Array(await response.arrayBuffer());
}

async function fetchOrExplain(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") {
      throw error;
    }
    throw new Error("the server cannot be reached");
  }
  if (!response.ok) {
    throw new Error(`the server has no audio (${response.status}${await detailOf(response)})`);
  }
  return response;
}

async function detailOf(response: Response): Promise<string> {
  try {
    const { detail } = await response.json();
    return typeof detail === "string" ? `: ${detail}` : "";
  } catch {
    return "";
  }
}
