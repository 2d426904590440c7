/** Fetches audio for the console, off the page: its timers are not slowed down when the page is hidden. */

import type { FeederStart, FeederStream, FeederTrouble, FromFeeder, ToFeeder } from "./messages";
import { LANES } from "./messages";
import { Feeder } from "./stream/feeder";
import { fetchAudio } from "./stream/fetching";

let feeder: Feeder | null = null;

self.onmessage = ({ data }: MessageEvent<FeederStart | FeederStream>) => {
  if (data.type === "start") {
    feeder = start(data);
  } else {
    feeder?.replace(data.lane, data.stream);
  }
};

function start({ port, streams, aheadFrames }: FeederStart): Feeder {
  const send = (message: FromFeeder, transfer: Transferable[]) => port.postMessage(message, transfer);
  const tell = (message: string | null) => self.postMessage({ type: "trouble", message } satisfies FeederTrouble);
  const made = new Feeder(
    LANES.map((name) => streams[name]),
    aheadFrames,
    fetchAudio,
    send,
    tell,
  );
  port.onmessage = (event: MessageEvent<ToFeeder>) => made.take(event.data);
  made.update();
  return made;
}
