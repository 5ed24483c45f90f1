import type { RedisClient } from './client.js';
import { RedisScript } from './script.js';

/** So many items at most are in one call: Redis does nothing else meanwhile. */
const MAX_ITEMS = 64;

/** Bytes of a number in an answer. */
const DOUBLE = 8;

/** How a call is made; `onLate` gets an answer that comes after the call was given up. */
export type CallBy = <Answer>(
  call: () => Promise<Answer>,
  onLate?: (answer: Answer) => void,
) => Promise<Answer>;

/** Lua of a {@link BatchScript}. */
export interface BatchSource {
  /** Runs once, before all items. `common` is what they have in common. */
  readonly before: string;
  /**
   * The body of a function that runs for each item: `place` is that of its first key in `KEYS`, `id` its name, `asked`
   * its question. It answers numbers by `say(number)`.
   */
  readonly item: string;
}

/**
 * A script that does something for each of many items. What fails for one item fails for this one alone, unless it
 * fails for all.
 *
 * Its one argument is a list in JSON, since each argument costs: what all items have in common, and the items. An item
 * is a list of its id, the place of its first key, and what it asks; its id alone where the others are those of the
 * item before.
 *
 * It gives doubles, little-endian, which are read faster than a list: for each item how many numbers it says, and
 * these; or, less than 0, which of the errors behind the doubles is its own.
 */
export class BatchScript extends RedisScript {
  constructor({ before, item }: BatchSource) {
    super(`
local given = cjson.decode(ARGV[1])
local common = given[1]
local answers, size, errors = {}, 0, {}
local function say(number)
  size = size + 1
  answers[size] = number
end
${before}
local function answer(place, id, asked)
${item}
end
local place, asked
for i = 2, #given do
  local id = given[i]
  if type(id) == 'table' then id, place, asked = id[1], id[2], id[3] end
  size = size + 1
  local start = size
  local done, failure = pcall(answer, place, id, asked)
  if done then
    answers[start] = size - start
  else
    -- Before Redis 7 it is a string.
    errors[#errors + 1] = type(failure) == 'table' and failure.err or tostring(failure)
    size, answers[start] = start, -#errors
  end
end
if #errors == #given - 1 then return redis.error_reply(errors[1]) end
local packed = struct.pack('<' .. ('d'):rep(size), unpack(answers, 1, size))
if #errors == 0 then return packed end
return {packed, unpack(errors)}
`);
  }
}

/** What is asked for one item. */
export interface BatchItem<Answer> {
  readonly keys: readonly string[];
  /** Its name, which needs no escape in JSON. */
  readonly id: string;
  /** In JSON. */
  readonly question: string;
  /** Makes something of the numbers that the script says, which it may keep. */
  readonly read: (numbers: number[]) => Answer;
  /** Gets the answer if it comes after the call was given up, so that what it did can be undone. */
  readonly onLate?: ((answer: Answer) => void) | undefined;
}

/** An item, and who waits for it. */
interface Waiting {
  readonly item: BatchItem<unknown>;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Options of {@link ScriptBatch}. */
export interface ScriptBatchOptions {
  readonly client: RedisClient;
  readonly script: BatchScript;
  /** What all items of a call have in common, in JSON. */
  readonly common: () => string;
  /** How calls are made. Default: at once. */
  readonly callBy?: CallBy | undefined;
}

/**
 * What is asked for in one turn of the event loop is asked at its end in one call, in its order: a call costs more than
 * what it asks. Each item has its own call in a Cluster, and wherever the keys of several may not stand in one.
 */
export class ScriptBatch {
  readonly #options: ScriptBatchOptions;
  readonly #callBy: CallBy;
  #waiting: Waiting[] = [];
  #most: number;

  constructor(options: ScriptBatchOptions) {
    this.#options = options;
    this.#callBy = options.callBy ?? (async (call) => call());
    this.#most = options.client.isCluster ? 1 : MAX_ITEMS;
  }

  /** Asks for an item. */
  run<Answer>(item: BatchItem<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#sendAll());
      this.#waiting.push({ item, resolve, reject } as Waiting);
    });
  }

  #sendAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#sendParts(waiting);
  }

  /** Sends as many in a call as may be. */
  #sendParts(waiting: readonly Waiting[]): void {
    const most = this.#most;
    for (let at = 0; at < waiting.length; at += most) this.#send(waiting.slice(at, at + most));
  }

  #send(waiting: readonly Waiting[]): void {
    const { client, script, common } = this.#options;
    const keys: string[] = [];
    let list = `[${common()}`;
    let before: BatchItem<unknown> | undefined;
    for (const { item } of waiting) {
      const { id, question } = item;
      if (item.keys === before?.keys && question === before.question) list += `,"${id}"`;
      else {
        list += `,["${id}",${keys.length + 1},${question}]`;
        keys.push(...item.keys);
      }
      before = item;
    }
    const given = [...keys, `${list}]`];
    const call = (): Promise<unknown> => script.run(client, keys.length, given, (answer) => answer);
    this.#callBy(call, (answer) => answerLate(waiting, answer)).then(
      (answer) => answerAll(waiting, answer),
      (error: Error) => this.#failed(waiting, error),
    );
  }

  #failed(waiting: readonly Waiting[], error: Error): void {
    // A server that is a cluster, though its client does not know. It has done nothing.
    if (waiting.length > 1 && error.message.startsWith('CROSSSLOT')) {
      this.#most = 1;
      this.#sendParts(waiting);
    } else for (const { reject } of waiting) reject(error);
  }
}

function answerAll(waiting: readonly Waiting[], answer: unknown): void {
  const answers = new Answers(answer);
  for (const { item, resolve, reject } of waiting) {
    try {
      resolve(item.read(answers.next()));
    } catch (error) {
      reject(error);
    }
  }
}

function answerLate(waiting: readonly Waiting[], answer: unknown): void {
  const answers = new Answers(answer);
  for (const { item } of waiting) {
    try {
      const late = item.read(answers.next());
      item.onLate?.(late);
    } catch {
      // Nobody waits for it any more, and it has done nothing.
    }
  }
}

/** What a {@link BatchScript} answers, item by item. */
class Answers {
  readonly #doubles: Buffer;
  readonly #errors: readonly unknown[];
  #at = 0;

  constructor(answer: unknown) {
    const [doubles, ...errors] = Array.isArray(answer) ? answer : [answer];
    this.#doubles = doubles as Buffer;
    this.#errors = errors;
  }

  /** @throws Error that the script met for this item */
  next(): number[] {
    const count = this.#number();
    if (count < 0) throw new Error(String(this.#errors[-count - 1]));
    const numbers: number[] = [];
    for (let left = count; left > 0; left -= 1) numbers.push(this.#number());
    return numbers;
  }

  #number(): number {
    const number = this.#doubles.readDoubleLE(this.#at);
    this.#at += DOUBLE;
    return number;
  }
}
