import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Target } from './target.js';

/** Time-outs of a service, in milliseconds. */
export interface Timeouts {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
}

/** The status and header fields of an upstream's answer. */
export interface ResponseHead {
  readonly statusCode: number;
  readonly statusMessage: string;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
}

/** Holds an answer's body back while the client does not take it. */
export interface Flow {
  pause(): unknown;
  resume(): unknown;
}

/** One try to have one target answer a request: what a transport is given, and whom it tells. */
export interface Attempt {
  readonly target: Target;
  readonly method: string;
  /** Path and query as they go upstream. */
  readonly path: string;
  /** All header fields as they go upstream. */
  readonly headers: OutgoingHttpHeaders;
  /** The body: bytes, or `req` where it flows from the client; undefined for none. */
  readonly body: Buffer | IncomingMessage | undefined;
  readonly timeouts: Timeouts;
  /** A connection that others have used before carries it: that it was closed just now says nothing about the target. */
  reusedConnection: boolean;
  /** So much of a body that flows has been taken from the client. */
  onUpload(bytes: number): void;
  /** An informational answer has come, such as 103 (Early Hints). */
  onInformation(head: ResponseHead): void;
  /** Status and header fields have come. */
  onHead(head: ResponseHead, flow: Flow): void;
  onData(chunk: Buffer): void;
  /** The upstream has switched to the protocol that it was asked for: what comes now are its bytes. */
  onUpgrade(head: ResponseHead, socket: Socket, first: Buffer): void;
  /** The answer is whole. */
  onEnd(rawTrailers: readonly string[]): void;
  /** It broke, before the answer's head or after. May be called more than once. */
  onFailure(error: Error): void;
}

/** An attempt that runs. */
export interface RunningAttempt {
  /** Ends it: its connection is closed unless the answer is whole. The attempt hears nothing more. */
  cancel(): void;
}

/** Forwards requests to upstreams. */
export interface Transport {
  /** Forwards one request to one target, and reports to the attempt how it goes. */
  forward(attempt: Attempt): RunningAttempt;
  /** A target is gone: its idle connections are closed. */
  forget?(target: Target): void;
  /** Closes idle connections, and others as soon as they are. */
  close(): void;
}

/** What was too slow. */
export type TimeoutPhase = 'connect' | 'first_byte' | 'idle' | 'total';

/** An upstream was slower than its time-outs allow. */
export class UpstreamTimeout extends Error {
  constructor(
    readonly phase: TimeoutPhase,
    timeoutMs: number,
  ) {
    super(`Upstream ${phase.replace('_', ' ')} time-out after ${timeoutMs} ms`);
  }
}
