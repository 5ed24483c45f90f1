import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { isAsReceived } from '../core/received-body.js';
import { hasBody, statedLength } from './replay.js';
import { bufferedBody } from './request-body.js';

/** The body of a request as it goes upstream: bytes, what flows from the client, or none. */
export class OutgoingBody {
  readonly #req: IncomingMessage;
  #bytes: Buffer | undefined;
  #flows: boolean;

  /** @throws ConsumedBodyError where a body was read before, and is lost */
  constructor(req: IncomingMessage) {
    this.#req = req;
    this.#bytes = bufferedBody(req);
    this.#flows = this.#bytes === undefined && hasBody(req);
  }

  /** Whether it flows from the client, so that it can be sent only once. */
  get flows(): boolean {
    return this.#flows;
  }

  /** Undefined where it is not known beforehand. */
  get length(): number | undefined {
    return this.#bytes?.length ?? statedLength(this.#req);
  }

  get source(): Buffer | IncomingMessage | undefined {
    return this.#bytes ?? (this.#flows ? this.#req : undefined);
  }

  /** Reads what flows, so that it can be sent again. Rejects where the client leaves. */
  async keep(): Promise<void> {
    this.#bytes = await buffer(this.#req);
    this.#flows = false;
  }

  /** Has header fields say how it is sent. */
  describe(headers: OutgoingHttpHeaders): void {
    if (this.#bytes === undefined) return;
    delete headers['transfer-encoding'];
    if (!isAsReceived(this.#bytes)) delete headers['content-encoding'];
    headers['content-length'] = this.#bytes.length;
  }

  /** A client that reads no answer before all of its upload is taken would wait for ever. */
  discard(): void {
    this.#req.unpipe();
    this.#req.resume();
  }
}
