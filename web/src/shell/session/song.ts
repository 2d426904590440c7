import { api } from "../../api/client";
import type { Reference, Session, SourceInfo } from "../../api/types";
import type { SongInfo, StreamInfo } from "../../engine/types";
import type { MixDocument } from "../../model/types";

/** The reference that is listened to: the first of those that the loudness is taken from. */
export function heardReference(session: Session): Reference | undefined {
  return session.references.find((reference) => reference.main) ?? session.references[0];
}

/** What the server has decoded for playing, by name: song, before, reference-<id>. */
export type Sources = Readonly<Record<string, SourceInfo>>;

/**
 * Where the sound of a session lies; null as long as the server has not prepared it for this document.
 *
 * @param versions how often each source has been prepared.
 */
export function songOf(
  session: Session,
  mix: MixDocument,
  sources: Sources,
  versions: ReadonlyMap<string, number>,
): SongInfo | null {
  const stream = (name: string): StreamInfo | null => {
    const found = sources[name];
    const url = api.audioUrl(session.id, name);
    return found ? { url, rows: found.rows, frames: found.frames, version: versions.get(name) ?? 0 } : null;
  };
  const song = stream("song");
  const rows = mix.tracks.reduce((sum, track) => sum + track.channels, 0);
  if (song?.rows !== rows) {
    return null;
  }
  const heard = heardReference(session);
  return {
    sampleRate: mix.sample_rate,
    song,
    before: stream("before"),
    reference: heard ? stream(`reference-${heard.id}`) : null,
    responseUrl: api.responseUrl(session.id),
  };
}
