/** What workers and their primary say to each other about metrics, beside what Node says itself. */
export type WorkerMessage =
  /** A worker wants the metrics of the others; the primary asks each of them. */
  | { readonly gatewright: 'gather'; readonly id: number }
  | { readonly gatewright: 'tell'; readonly id: number }
  /** A worker tells its own; the primary hands all of them to whoever wanted them. */
  | { readonly gatewright: 'told'; readonly id: number; readonly metrics: readonly object[] }
  | { readonly gatewright: 'gathered'; readonly id: number; readonly all: readonly (readonly object[])[] };

/** Whether a message of any kind is one of these. */
export function isWorkerMessage(message: unknown): message is WorkerMessage {
  return typeof message === 'object' && message !== null && 'gatewright' in message;
}
