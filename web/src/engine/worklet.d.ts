/** What an AudioWorkletGlobalScope offers, which TypeScript does not declare. */

declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
  abstract process(
    inputs: Float32Array<ArrayBuffer>[][],
    outputs: Float32Array<ArrayBuffer>[][],
    parameters: Record<string, Float32Array>,
  ): boolean;
}

declare const sampleRate: number;
declare const currentFrame: number;

declare function registerProcessor(
  name: string,
  processor: new (options: AudioWorkletNodeOptions) => AudioWorkletProcessor,
): void;
