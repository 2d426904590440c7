/** Tells at which frame of the context a steady signal changes first. */

const STEADY = 1e-6;

class Probe extends AudioWorkletProcessor {
  private last = 0;
  private armed = false;

  constructor() {
    super();
    this.port.onmessage = () => {
      this.armed = true;
    };
  }

  override process(inputs: Float32Array<ArrayBuffer>[][]): boolean {
    const row = inputs[0][0];
    for (let n = 0; row && n < row.length; n++) {
      if (this.armed && Math.abs(row[n] - this.last) > STEADY) {
        this.armed = false;
        this.port.postMessage(currentFrame + n);
      }
      this.last = row[n];
    }
    return true;
  }
}

registerProcessor("probe", Probe);
