import { randomBytes } from 'node:crypto';
import type { GatewayEvents } from '../core/events.js';
import type { Logger } from '../core/logger.js';
import type { RedisClient } from '../redis/client.js';
import { RedisGuard } from '../redis/guard.js';
import { RedisScript } from '../redis/script.js';
import type { Row } from './row.js';
import { plus } from './sums.js';
import { overflowField } from './usage-days.js';

/** Options of {@link RedisRows}. */
export interface RedisRowsOptions {
  readonly client: RedisClient;
  readonly keyPrefix: string;
  /** How many rows a span may have; further ones are counted together. */
  readonly maxEntries: number;
  /** How long a span is kept after its last change, in milliseconds, by the first part of its name. */
  readonly keepMs: Readonly<Record<string, number>>;
  readonly timeoutMs: number;
  readonly logger: Logger;
  readonly events: GatewayEvents | undefined;
}

/**
 * Adds rows of doubles (little-endian) to those of a hash, all of a batch or nothing: a batch that was applied before,
 * and whose answer was lost, is not applied again.
 *
 * KEYS[1]: the hash of a span. ARGV: the field that says which batch of this replica was the last, the batch's number,
 * the time to live in ms, the most fields; then for each row its field, the field for where there are too many, and its
 * numbers.
 */
const addScript = new RedisScript(`
if tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0') >= tonumber(ARGV[2]) then return 0 end
local size = redis.call('HLEN', KEYS[1])
local most = tonumber(ARGV[4])
for i = 5, #ARGV, 3 do
  local field, added = ARGV[i], ARGV[i + 2]
  local there = redis.call('HGET', KEYS[1], field)
  if not there and size >= most then
    field = ARGV[i + 1]
    there = redis.call('HGET', KEYS[1], field)
  end
  if not there then size = size + 1 end
  if there and #there == #added then
    local sum = {}
    for at = 1, #added, 8 do
      sum[#sum + 1] = struct.pack('<d', struct.unpack('<d', there, at) + struct.unpack('<d', added, at))
    end
    added = table.concat(sum)
  end
  redis.call('HSET', KEYS[1], field, added)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`);

interface Batch {
  readonly span: string;
  readonly number: number;
  readonly rows: readonly {
    readonly field: string;
    readonly grown: Float64Array;
  }[];
}

/** What ioredis's types leave out: fields and values as they are. */
interface BufferClient {
  hgetallBuffer(key: string): Promise<Record<string, Buffer>>;
}

/** The rows of all replicas, in Redis. */
export class RedisRows {
  readonly #options: RedisRowsOptions;
  readonly #guard: RedisGuard;
  readonly #replica = `q${randomBytes(9).toString('base64url')}`;
  #count = 0;
  /** Sent, and not known to have been applied. */
  #unconfirmed: Batch[] = [];
  #flushing: Promise<void> | undefined;

  constructor(options: RedisRowsOptions) {
    this.#options = options;
    this.#guard = new RedisGuard({
      timeoutMs: options.timeoutMs,
      probe: () => options.client.ping(),
      onChange: (available) => {
        if (available) options.logger.info('Analytics share their totals through Redis again');
        else options.logger.warn('Analytics keep their totals until Redis is back');
        options.events?.publish('storeMode', { store: 'analytics', mode: available ? 'shared' : 'local' });
      },
    });
  }

  /** Whether Redis answers. */
  get available(): boolean {
    return this.#guard.available;
  }

  /** Adds what rows have grown by. What Redis does not take is kept, and taken along the next time. Never rejects. */
  flush(take: () => readonly Row[]): Promise<void> {
    this.#flushing ??= this.#flush(take).finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  /**
   * The rows of a span, as all replicas have counted them.
   *
   * @param own this replica's rows, of which some is not in Redis yet
   * @throws where Redis can't be asked
   */
  async read(span: string, own: () => Iterable<Row>): Promise<Map<string, Float64Array>> {
    const client = this.#options.client as unknown as BufferClient;
    const stored = await this.#guard.run(() => client.hgetallBuffer(this.#keyOf(span)));
    const rows = new Map<string, Float64Array>();
    let applied = 0;
    for (const [field, value] of Object.entries(stored)) {
      if (field === this.#replica) applied = Number(value.toString());
      else if (!field.startsWith('q')) rows.set(field, doublesOf(value));
    }
    for (const batch of this.#unconfirmed) {
      if (batch.span !== span || batch.number <= applied) continue;
      for (const { field, grown } of batch.rows) merge(rows, field, grown);
    }
    for (const row of own()) if (row.dirty) merge(rows, row.field, row.growth);
    return rows;
  }

  /** Stops asking whether Redis is back. */
  close(): void {
    this.#guard.close();
  }

  async #flush(take: () => readonly Row[]): Promise<void> {
    // Where one failed, no more are made of what is counted meanwhile: rows are bounded, batches are not.
    if (this.#unconfirmed.length === 0) this.#unconfirmed = this.#batchesOf(take());
    while (this.#unconfirmed.length > 0) {
      const batch = this.#unconfirmed[0] as Batch;
      try {
        await this.#guard.run(() => this.#apply(batch));
      } catch {
        return; // The guard tells of it.
      }
      this.#unconfirmed.shift();
    }
  }

  #batchesOf(rows: readonly Row[]): Batch[] {
    const bySpan = new Map<string, { field: string; grown: Float64Array }[]>();
    for (const row of rows) {
      const { span, field } = row;
      const ofSpan = bySpan.get(span);
      const taken = { field, grown: row.take() };
      if (ofSpan) ofSpan.push(taken);
      else bySpan.set(span, [taken]);
    }
    return [...bySpan].map(([span, taken]) => {
      this.#count += 1;
      return { span, number: this.#count, rows: taken };
    });
  }

  async #apply({ span, number, rows }: Batch): Promise<void> {
    const { client, keepMs, maxEntries } = this.#options;
    const lifetime = keepMs[span.slice(0, span.indexOf(':'))] as number;
    const given: (string | number | Buffer)[] = [
      this.#keyOf(span),
      this.#replica,
      number,
      lifetime,
      maxEntries,
    ];
    for (const { field, grown } of rows) given.push(field, overflowField(field), bytesOf(grown));
    await addScript.run(client, 1, given, () => undefined);
  }

  #keyOf(span: string): string {
    return `${this.#options.keyPrefix}analytics:${span}`;
  }
}

function merge(rows: Map<string, Float64Array>, field: string, grown: Float64Array): void {
  const there = rows.get(field);
  if (there) plus(there, grown);
  else rows.set(field, grown.slice());
}

function bytesOf(numbers: Float64Array): Buffer {
  const bytes = Buffer.alloc(numbers.length * 8);
  numbers.forEach((number, at) => {
    bytes.writeDoubleLE(number, at * 8);
  });
  return bytes;
}

function doublesOf(bytes: Buffer): Float64Array {
  const numbers = new Float64Array(Math.floor(bytes.length / 8));
  numbers.forEach((_zero, at) => {
    numbers[at] = bytes.readDoubleLE(at * 8);
  });
  return numbers;
}
