import { randomBytes } from 'node:crypto';

/** The longest head of a frame: two bytes, a length of eight, a mask of four (RFC 6455, section 5.2). */
const MAX_HEAD = 14;
const CLOSE_OPCODE = 0x8;

/**
 * Follows one direction of a WebSocket to know where its frames end, whatever pieces they come in. It keeps no more
 * than the head of one frame, and reads nothing else.
 */
export class FrameTracker {
  /** Whether a Close frame has passed whole: nothing follows it (RFC 6455, section 5.5.1). */
  closed = false;
  readonly #head = Buffer.allocUnsafe(MAX_HEAD);
  #have = 0;
  #need = 2;
  #left = 0;

  /** Whether the bytes so far end where a frame does. */
  get atBoundary(): boolean {
    return this.#have === 0;
  }

  /**
   * Follows a piece up to the end of the frame that it continues or begins.
   *
   * @returns where that frame ends in it, or the piece's length where it does not
   */
  follow(piece: Buffer, from: number): number {
    let at = from;
    while (this.#have < this.#need) {
      if (at === piece.length) return at;
      this.#head[this.#have++] = piece[at++] as number;
      if (this.#have === 2) this.#need = this.#headLength();
      if (this.#have === this.#need) this.#left = this.#payloadLength();
    }
    const taken = Math.min(this.#left, piece.length - at);
    this.#left -= taken;
    if (this.#left === 0) this.#endFrame();
    return at + taken;
  }

  /** Follows a whole piece. */
  followAll(piece: Buffer): void {
    let at = 0;
    while (at < piece.length) at = this.follow(piece, at);
  }

  #endFrame(): void {
    if (((this.#head[0] as number) & 0x0f) === CLOSE_OPCODE) this.closed = true;
    this.#have = 0;
    this.#need = 2;
  }

  #headLength(): number {
    const second = this.#head[1] as number;
    const length = second & 0x7f;
    const extended = length === 127 ? 8 : length === 126 ? 2 : 0;
    return 2 + extended + (second & 0x80 ? 4 : 0);
  }

  #payloadLength(): number {
    const length = (this.#head[1] as number) & 0x7f;
    if (length === 126) return this.#head.readUInt16BE(2);
    // Inexact beyond 2^53, where no frame ever ends.
    return length === 127 ? Number(this.#head.readBigUInt64BE(2)) : length;
  }
}

/** A Close frame (RFC 6455, section 5.5.1), masked where it goes to a server (section 5.3). */
export function closeFrame(code: number, masked: boolean): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  if (!masked) return Buffer.concat([Buffer.of(0x80 | CLOSE_OPCODE, payload.length), payload]);
  const mask = randomBytes(4);
  const hidden = payload.map((byte, at) => byte ^ (mask[at] as number));
  return Buffer.concat([Buffer.of(0x80 | CLOSE_OPCODE, 0x80 | payload.length), mask, hidden]);
}
