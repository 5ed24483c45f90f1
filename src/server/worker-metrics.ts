import cluster, { type Worker } from 'node:cluster';
import { isWorkerMessage, type WorkerMessage } from './worker-messages.js';

/** How long a worker that does not answer is waited for, in milliseconds. */
const PATIENCE_MS = 1000;

type Metrics = readonly object[];

/** In a worker: asks the others for their metrics, and tells its own to whoever asks. */
export class WorkerMetrics {
  readonly #own: () => Promise<Metrics>;
  readonly #waiting = new Map<number, (all: readonly Metrics[]) => void>();
  #count = 0;

  constructor(own: () => Promise<Metrics>) {
    this.#own = own;
  }

  /** Hears what the others ask, and answer. */
  open(): void {
    process.on('message', this.#heard);
  }

  /** The metrics of the other workers, without those that do not answer in time. */
  readonly gather = (): Promise<readonly Metrics[]> => {
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve) => {
      // The primary waits, too: it should answer first.
      const timer = setTimeout(() => this.#waiting.get(id)?.([]), 2 * PATIENCE_MS).unref();
      this.#waiting.set(id, (all) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(all);
      });
      say({ gatewright: 'gather', id });
    });
  };

  close(): void {
    process.off('message', this.#heard);
    for (const answer of [...this.#waiting.values()]) answer([]);
  }

  readonly #heard = (message: unknown): void => {
    if (!isWorkerMessage(message)) return;
    if (message.gatewright === 'gathered') this.#waiting.get(message.id)?.(message.all);
    if (message.gatewright !== 'tell') return;
    const { id } = message;
    this.#own().then(
      (metrics) => say({ gatewright: 'told', id, metrics }),
      () => say({ gatewright: 'told', id, metrics: [] }),
    );
  };
}

/** In the primary: hands the metrics of all other workers to whoever wants them. @returns stops it */
export function serveMetrics(): () => void {
  const asked = new Map<number, (metrics: Metrics) => void>();
  let count = 0;

  function ask(worker: Worker): Promise<Metrics> {
    count += 1;
    const id = count;
    return new Promise((resolve) => {
      const answer = (metrics: Metrics): void => {
        clearTimeout(timer);
        asked.delete(id);
        resolve(metrics);
      };
      const timer = setTimeout(() => answer([]), PATIENCE_MS).unref();
      asked.set(id, answer);
      tell(worker, { gatewright: 'tell', id });
    });
  }

  function heard(from: Worker, message: unknown): void {
    if (!isWorkerMessage(message)) return;
    if (message.gatewright === 'told') asked.get(message.id)?.(message.metrics);
    if (message.gatewright !== 'gather') return;
    const { id } = message;
    const others = Object.values(cluster.workers ?? {}).filter(
      (worker): worker is Worker => worker !== undefined && worker !== from,
    );
    void Promise.all(others.map(ask)).then((all) => tell(from, { gatewright: 'gathered', id, all }));
  }

  cluster.on('message', heard);
  return () => {
    cluster.off('message', heard);
    for (const answer of [...asked.values()]) answer([]);
  };
}

function say(message: WorkerMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, ignore);
}

function tell(worker: Worker, message: WorkerMessage): void {
  if (worker.isConnected()) worker.send(message, ignore);
}

/** Who has just ended hears nothing; without a callback, that would be an error that nobody handles. */
function ignore(): void {}
