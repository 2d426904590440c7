import { computed, signal } from "@preact/signals";
import type { DistanceStep, Job, JobKind, JobState } from "../../api/types";
import type { Sources } from "./song";

const UNDER_WAY = ["queued", "running", "stopping"] as const satisfies JobState[];
type JobUnderWay = Job & { state: (typeof UNDER_WAY)[number] };

export function underWay(job: Job | null | undefined): job is JobUnderWay {
  return UNDER_WAY.some((state) => state === job?.state);
}

/** How a distance fell, stage by stage. */
export interface Trail {
  stage: DistanceStep["stage"];
  total: number;
  points: { step: number; best: number }[];
  terms: DistanceStep["terms"];
}

const MOST_ENDED = 20;

/** What the server works on for a session, as told by its events. */
export class Jobs {
  private readonly all = signal<readonly Job[]>([]);
  private readonly trailsOf = signal<{ job: string; trails: readonly Trail[] }>({ job: "", trails: [] });

  readonly running = computed(() => this.all.value.filter(underWay));
  /** The match that is under way, or was the last. */
  readonly match = computed(() => this.newest("match", "rematch"));
  /** What the server has decoded so far. */
  readonly sources = computed<Sources>(() => {
    const prepared = this.all.value.findLast(({ kind, result }) => kind === "prepare" && result !== null);
    return (prepared?.result?.sources as Sources | undefined) ?? {};
  });
  /** Those of the last match only: one that has begun just now has come nowhere yet. */
  readonly trails = computed(() => {
    const { job, trails } = this.trailsOf.value;
    return job === (this.match.value?.id ?? job) ? trails : [];
  });

  newest(...kinds: JobKind[]): Job | null {
    return this.all.value.findLast((job) => kinds.includes(job.kind)) ?? null;
  }

  byId(id: string): Job | null {
    return this.all.value.find((job) => job.id === id) ?? null;
  }

  /** @returns whether the job has ended just now. */
  told(job: Job): boolean {
    const before = this.all.peek().find((other) => other.id === job.id);
    if (before && !underWay(before) && underWay(job)) {
      return false; // what was asked for ended before the answer that it was begun had come
    }
    const others = this.all.peek().filter((other) => other.id !== job.id);
    const kept = [...others.filter((other) => !underWay(other)).slice(-MOST_ENDED), ...others.filter(underWay)];
    const place = before ? this.all.peek().indexOf(before) : kept.length;
    this.all.value = before ? this.all.peek().with(place, job) : [...kept, job];
    return !underWay(job) && (!before || underWay(before));
  }

  distance({ job, stage, step, total, best, terms }: DistanceStep): void {
    const { job: known, trails } = this.trailsOf.peek();
    const old = known === job ? trails : [];
    const last = old.at(-1);
    const points = last?.stage === stage ? [...last.points, { step, best }] : [{ step, best }];
    const trail = { stage, total, points, terms };
    this.trailsOf.value = { job, trails: last?.stage === stage ? [...old.slice(0, -1), trail] : [...old, trail] };
  }

  /** The server was restarted: what it worked on is not under way any more. */
  only(jobs: readonly Job[]): void {
    const there = new Set(jobs.map((job) => job.id));
    const lost = this.all.peek().filter((job) => underWay(job) && !there.has(job.id));
    for (const job of lost) {
      this.told({ ...job, state: "failed", message: "diffmst was restarted meanwhile" });
    }
    for (const job of jobs) {
      this.told(job);
    }
  }
}

/** "about 2 min left", or nothing where nobody knows, as while it stops early. */
export function timeLeft(job: Job): string {
  const seconds = job.seconds_left;
  if (seconds === null || seconds < 1 || job.state === "stopping") {
    return "";
  }
  return seconds < 90 ? `about ${Math.ceil(seconds / 5) * 5} s left` : `about ${Math.round(seconds / 60)} min left`;
}
