/** The scope of an audio worklet, which TypeScript's libraries do not declare. */
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

/** The samples of a message, about 43 ms. The browser gives 128 at a time, which would be 375 messages a second. */
const PIECE_SAMPLES = 2048;

/** Sends what it hears to the page, in pieces. */
class Recorder extends AudioWorkletProcessor {
  #piece = new Float32Array(PIECE_SAMPLES);
  #filled = 0;

  process([input]: readonly (readonly Float32Array[])[]): boolean {
    const heard = input?.[0];
    // There is no channel after the microphone has stopped.
    if (heard === undefined) return true;
    if (this.#filled + heard.length > PIECE_SAMPLES) this.#send();
    this.#piece.set(heard, this.#filled);
    this.#filled += heard.length;
    if (this.#filled === PIECE_SAMPLES) this.#send();
    return true;
  }

  #send(): void {
    const piece = this.#piece.slice(0, this.#filled);
    this.port.postMessage(piece, [piece.buffer]);
    this.#filled = 0;
  }
}

registerProcessor('recorder', Recorder);
