/** How much work a match is, in a musician's words. */

export const QUALITIES = [
  { value: "predict", name: "Sketch", title: "What the model predicts, at once; nothing is refined" },
  { value: "quick", name: "Quick", title: "Refined for a moment" },
  { value: "normal", name: "Normal", title: "Refined until it hardly comes nearer" },
  { value: "thorough", name: "Thorough", title: "Refined for long; takes three times as long" },
] as const;

export type Quality = (typeof QUALITIES)[number]["value"];

const STEPS: Record<Quality, number> = { predict: 0, quick: 25, normal: 80, thorough: 240 };

export function jobOptions(quality: Quality): { steps: number } {
  return { steps: STEPS[quality] };
}
