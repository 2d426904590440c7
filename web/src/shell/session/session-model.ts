import { computed, effect, signal } from "@preact/signals";
import { api } from "../../api/client";
import { Events } from "../../api/events";
import { ApiError, messageOf } from "../../api/http";
import type { Job, JobKind, Pictures, ServerEvent, Session, SessionChange } from "../../api/types";
import { notify } from "../../ui/toast";
import { loadServerFacts, type ServerFacts } from "../server-facts";
import { DocumentSync } from "./document-sync";
import { Jobs, underWay } from "./jobs";
import { Measuring } from "./measuring";
import { Playback } from "./playback";
import { SessionFiles } from "./session-files";
import { heardReference, songOf } from "./song";
import { visible } from "./visible";

export type View = "files" | "desk" | "pictures";

/** Jobs that read the document as the server has it. */
const READS_MIX: readonly JobKind[] = ["balance", "rematch", "measure", "render", "export"];

/** One session as the page has it: the server's state, the desk, the sound, and what is under way. */
export class SessionModel {
  readonly info = signal<Session | null>(null);
  readonly facts = signal<ServerFacts | null>(null);
  readonly connected = signal(true);
  readonly problem = signal("");
  readonly view = signal<View>("files");
  readonly matchOpen = signal(false);
  readonly pictures = signal<Pictures | null>(null);
  /** Counts up when the audio on the server has changed. */
  readonly soundVersion = signal(0);
  readonly jobs = new Jobs();
  readonly playback = new Playback();
  readonly files: SessionFiles;
  readonly document: DocumentSync;
  readonly measuring: Measuring;
  readonly desk = computed(() => this.document.desk.value);
  readonly balancing = computed(() => underWay(this.jobs.newest("balance")));
  /** Whether there are stems and no mix of them yet: a balanced one can be made, to be heard. */
  readonly canBalance = computed(() => !this.desk.value && !!this.info.value?.stems.length && !this.balancing.value);
  /** Browsers allow six connections to a server, all tabs together: those that are not seen, and wait for nothing, do without. */
  private readonly wantsEvents = computed(() => visible.value || this.jobs.running.value.length > 0);

  private readonly events: Events;
  private readonly unfollow: () => void;
  /** Whether there was a connection before, so that something may have been missed since. */
  private followed = false;
  /** How often the server has prepared each source while the page was open, and which it has just now. */
  private readonly versions = new Map<string, number>();
  private readonly prepared = new Set<string>();
  private closed = false;

  constructor(readonly id: string) {
    const largest = () => this.facts.peek()?.about.limits.max_file_bytes ?? Number.POSITIVE_INFINITY;
    this.files = new SessionFiles(id, largest, () => void this.reloadInfo());
    this.document = new DocumentSync(id, () => this.facts.peek(), {
      onShown: () => this.onShown(),
      onSaved: () => this.closed || this.measuring.soon(),
    });
    this.measuring = new Measuring(id, this.document, this.playback, () => void this.run("measure"));
    this.events = new Events(api.eventsUrl(id), {
      onEvent: (event) => this.onEvent(event),
      onConnected: (connected) => this.onConnected(connected),
    });
    this.unfollow = effect(() => this.follow());
    void this.begin();
  }

  close(): void {
    this.closed = true;
    this.files.close();
    this.document.close();
    this.measuring.close();
    this.unfollow();
    this.events.close();
    void this.playback.close();
  }

  retry(): void {
    this.events.connect();
  }

  toggleMatch(): void {
    this.matchOpen.value = !this.matchOpen.peek();
  }

  /** Shows a view; the desk of a song that is not mixed yet once it is balanced. */
  open(view: View): void {
    if (view === "desk" && this.canBalance.peek()) {
      void this.balance();
    } else {
      this.view.value = view;
    }
  }

  /** Plays or pauses; stems that are not mixed yet are balanced first. */
  toggle(): void {
    if (this.canBalance.peek()) {
      this.playback.playLater(true);
      void this.balance();
    } else {
      this.playback.toggle();
    }
  }

  /** Mixes the stems without a reference, or brings those that came later into the mix. */
  async balance(): Promise<void> {
    if (!(await this.run("balance"))) {
      this.playback.playLater(false);
    }
  }

  /** Starts a job; what was changed on the desk is saved first, as the server works on what it has. */
  async run(kind: JobKind, options: object = {}): Promise<Job | null> {
    try {
      if (!(await this.document.settle()) && READS_MIX.includes(kind)) {
        throw new Error("The mix is not saved yet, so this cannot begin.");
      }
      const job = await api.start(this.id, kind, options);
      this.jobs.told(job);
      return job;
    } catch (reason) {
      if (kind !== "measure") {
        notify(messageOf(reason), "bad");
      }
      return null;
    }
  }

  async change(change: SessionChange): Promise<void> {
    try {
      this.info.value = await api.change(this.id, change);
    } catch (reason) {
      notify(messageOf(reason), "bad");
    }
  }

  private follow(): void {
    if (this.wantsEvents.value) {
      this.events.connect();
    } else {
      this.events.close();
    }
  }

  private async begin(): Promise<void> {
    try {
      this.facts.value = await loadServerFacts();
      await this.reloadInfo();
      this.problem.value = "";
      void this.reloadPictures();
    } catch (reason) {
      this.problem.value = messageOf(reason);
    }
  }

  private async reloadInfo(): Promise<void> {
    const info = await api.session(this.id);
    if (!this.closed) {
      this.info.value = info;
      this.document.told(info.revision);
      await this.reloadSound();
    }
  }

  private async reloadJobs(): Promise<void> {
    this.jobs.only(await api.jobs(this.id));
    this.soundVersion.value++;
    await this.reloadSound();
  }

  /** What mixes and references look like, and how loud they are. */
  private async reloadPictures(): Promise<void> {
    const pictures = await api.pictures(this.id).catch(() => null); // those that are shown stay
    const info = this.info.peek();
    if (pictures && info) {
      this.pictures.value = pictures;
      const { before, [`reference-${heardReference(info)?.id}`]: reference } = pictures.sounds;
      this.playback.heard({ before: levelOf(before), reference: levelOf(reference) });
    }
  }

  /** Plays what the server has prepared, if it is another song than the one that plays. */
  private async reloadSound(): Promise<void> {
    const desk = this.desk.peek();
    const info = this.info.peek();
    const song = desk && info ? songOf(info, desk.mix.peek(), this.jobs.sources.peek(), this.versions) : null;
    if (desk && song && !this.closed) {
      await this.playback.open(song, desk);
    }
  }

  private onShown(): void {
    if (this.view.peek() === "files") {
      this.view.value = "desk";
    }
    this.measuring.soon();
    void this.reloadSound();
  }

  private onConnected(connected: boolean): void {
    const missed = this.followed || !this.connected.peek();
    this.connected.value = connected;
    if (!connected) {
      void this.findOut();
      return;
    }
    this.followed = true;
    void this.reloadJobs().catch(() => {}); // gone again: the next connection asks once more
    if (missed) {
      this.document.autosave.peek()?.retry();
      void (this.info.peek() ? this.reloadInfo().catch(() => {}) : this.begin());
    }
  }

  /** Events do not tell why they end: whether the session is gone, or the server. */
  private async findOut(): Promise<void> {
    try {
      await api.session(this.id);
    } catch (reason) {
      if (reason instanceof ApiError && reason.status === 404) {
        this.problem.value = messageOf(reason);
        this.info.value = null;
      }
    }
  }

  private onEvent(event: ServerEvent): void {
    if (event.type === "job") {
      this.onJob(event.job);
    } else if (event.type === "distance") {
      this.jobs.distance(event);
    } else if (event.type === "delivery") {
      this.measuring.told(event);
      void this.reloadPictures();
    } else if (event.type === "mix") {
      this.document.told(event.revision, event.origin, event.kept);
    } else if (event.type === "prepared") {
      this.prepared.add(event.source);
    } else {
      void this.reloadInfo().catch(() => {}); // the next connection asks again
    }
  }

  private onJob(job: Job): void {
    if (!this.jobs.told(job)) {
      return;
    }
    if (job.state === "failed" && job.kind !== "measure") {
      notify(job.message ?? `${job.kind} failed`, "bad");
    }
    if (job.kind === "balance" && job.state !== "done") {
      this.playback.playLater(false);
    }
    if (job.kind === "prepare" && job.state === "done") {
      this.soundVersion.value++;
      void this.reloadPictures();
      this.takePrepared();
      void this.reloadSound();
    }
  }

  private takePrepared(): void {
    for (const source of this.prepared) {
      this.versions.set(source, (this.versions.get(source) ?? 0) + 1);
    }
    this.prepared.clear();
  }
}

function levelOf(sound: Pictures["sounds"][string] | undefined) {
  return sound && { loudnessLufs: sound.loudness_lufs, truePeakDbtp: sound.true_peak_dbtp };
}
