import { expect, test } from "vitest";
import type { DistanceStep, Job } from "../../api/types";
import { Jobs, timeLeft } from "./jobs";

const jobOf = (id: string, change: Partial<Job> = {}): Job => ({
  id,
  kind: "match",
  state: "running",
  phase: "",
  phase_share: 0,
  share: 0,
  seconds_left: null,
  message: null,
  result: null,
  ...change,
});
const stepOf = (stage: DistanceStep["stage"], step: number, best: number): DistanceStep => ({
  type: "distance",
  job: "1",
  stage,
  step,
  total: 10,
  best,
  terms: {},
});

test("a job that has ended stays so, whatever older news comes late", () => {
  const jobs = new Jobs();
  jobs.told(jobOf("1", { state: "done" }));
  expect(jobs.told(jobOf("1", { state: "queued" }))).toBe(false);
  expect(jobs.byId("1")?.state).toBe("done");
});

test("a job is told to have ended once", () => {
  const jobs = new Jobs();
  expect(jobs.told(jobOf("1"))).toBe(false);
  expect(jobs.told(jobOf("1", { state: "done" }))).toBe(true);
  expect(jobs.told(jobOf("1", { state: "done" }))).toBe(false);
});

test("what a restarted server no longer knows has failed", () => {
  const jobs = new Jobs();
  jobs.told(jobOf("1"));
  jobs.only([]);
  expect(jobs.match.value?.state).toBe("failed");
});

test("distances make a trail for every stage, and another match begins anew", () => {
  const jobs = new Jobs();
  for (const step of [stepOf("master", 1, 3), stepOf("master", 2, 2), stepOf("tracks", 1, 1)]) {
    jobs.distance(step);
  }
  expect(jobs.trails.value.map(({ stage, points }) => [stage, points.length])).toEqual([
    ["master", 2],
    ["tracks", 1],
  ]);
  jobs.distance({ ...stepOf("master", 1, 3), job: "2" });
  expect(jobs.trails.value).toHaveLength(1);
});

test("a match that has just begun shows nothing of the one before", () => {
  const jobs = new Jobs();
  jobs.told(jobOf("1"));
  jobs.distance({ ...stepOf("master", 1, 3), job: "1" });
  expect(jobs.trails.value).toHaveLength(1);
  jobs.told(jobOf("1", { state: "done" }));
  jobs.told(jobOf("2"));
  expect(jobs.trails.value).toEqual([]);
});

test("time left is said in words, or not at all", () => {
  expect(timeLeft(jobOf("1", { seconds_left: 12 }))).toBe("about 15 s left");
  expect(timeLeft(jobOf("1", { seconds_left: 200 }))).toBe("about 3 min left");
  expect(timeLeft(jobOf("1"))).toBe("");
  expect(timeLeft(jobOf("1", { seconds_left: 200, state: "stopping" }))).toBe("");
});
