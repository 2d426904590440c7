/** The reverb between send and return: convolvers that take turns, so that another response does not click. */

const CROSSFADE_S = 0.03;

/** Two that fade into each other, and one more that may ring on. */
const CONVOLVERS = 3;

interface Room {
  input: GainNode;
  convolver: ConvolverNode;
  output: GainNode;
}

/**
 * The send goes over from the old response to the new one, and what went into the old one rings out.
 */
export class Reverb {
  readonly input: GainNode;
  readonly output: GainNode;
  private readonly rooms: Room[];
  private current = 0;

  constructor(private readonly context: BaseAudioContext) {
    this.input = stereo(new GainNode(context));
    this.output = stereo(new GainNode(context));
    this.rooms = Array.from({ length: CONVOLVERS }, () => this.build());
  }

  /** Takes the first response, at once. */
  start(response: Float32Array<ArrayBuffer>): void {
    this.fill(this.rooms[this.current], response);
    this.rooms[this.current].input.gain.value = 1;
  }

  /** Takes another response over the next 30 ms. */
  change(response: Float32Array<ArrayBuffer>): void {
    const old = this.rooms[this.current];
    this.current = (this.current + 1) % CONVOLVERS;
    const next = this.replaced(this.current);
    this.fill(next, response);
    const now = this.context.currentTime;
    ramp(old.input.gain, 1, 0, now);
    ramp(next.input.gain, 0, 1, now);
  }

  /** A fresh room in place of an old one, which is faded out if it still rings, then let go. */
  private replaced(place: number): Room {
    const old = this.rooms[place];
    ramp(old.output.gain, 1, 0, this.context.currentTime);
    setTimeout(
      () => {
        this.input.disconnect(old.input);
        old.output.disconnect();
      },
      1000 * 4 * CROSSFADE_S,
    );
    this.rooms[place] = this.build();
    return this.rooms[place];
  }

  private build(): Room {
    const input = stereo(new GainNode(this.context, { gain: 0 }));
    const convolver = new ConvolverNode(this.context, { disableNormalization: true });
    const output = stereo(new GainNode(this.context));
    convolver.channelCountMode = "explicit";
    this.input.connect(input).connect(convolver).connect(output).connect(this.output);
    return { input, convolver, output };
  }

  private fill(room: Room, response: Float32Array<ArrayBuffer>): void {
    const taps = response.length / 2;
    const { sampleRate } = this.context;
    const buffer = new AudioBuffer({ length: Math.max(1, taps), numberOfChannels: 2, sampleRate });
    buffer.copyToChannel(response.subarray(0, taps), 0);
    buffer.copyToChannel(response.subarray(taps), 1);
    room.convolver.buffer = buffer;
  }
}

function stereo<Node extends AudioNode>(node: Node): Node {
  node.channelCount = 2;
  node.channelCountMode = "explicit";
  return node;
}

function ramp(param: AudioParam, from: number, to: number, start: number): void {
  param.cancelScheduledValues(start);
  param.setValueAtTime(from, start);
  param.linearRampToValueAtTime(to, start + CROSSFADE_S);
}
