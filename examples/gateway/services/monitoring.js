import { RequestError, readJson, sendJson, textField } from './json.js';
import { health, jsonService } from './json-service.js';

/** The newest events are kept, so that memory stays bounded. */
const MAX_EVENTS = 10_000;
const MAX_NAME_LENGTH = 100;

/** Records numbers by name, in memory, and sums them up. */
export function createMonitoring() {
  /** @type {{ name: string, value: number }[]} */
  const events = [];

  return jsonService({
    'GET /health': health,
    async 'POST /events'(req, res) {
      const body = await readJson(req);
      const event = { name: textField(body, 'name', MAX_NAME_LENGTH), value: numberField(body, 'value') };
      events.push(event);
      if (events.length > MAX_EVENTS) events.shift();
      sendJson(res, 201, event);
    },
    'GET /events/summary': (_req, res) => sendJson(res, 200, summarize(events)),
  });
}

/**
 * @param {Record<string, unknown>} body
 * @param {string} name
 */
function numberField(body, name) {
  const value = body[name];
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new RequestError(400, `"${name}" must be a finite number`);
  return value;
}

/** @param {readonly { name: string, value: number }[]} events */
function summarize(events) {
  /** @type {Map<string, { count: number, min: number, max: number, mean: number }>} */
  const byName = new Map();
  for (const { name, value } of events) {
    const { count, min, max, mean } = byName.get(name) ?? { count: 0, min: value, max: value, mean: 0 };
    byName.set(name, {
      count: count + 1,
      min: Math.min(min, value),
      max: Math.max(max, value),
      // Divided before they are added: a sum could overflow.
      mean: mean * (count / (count + 1)) + value / (count + 1),
    });
  }
  return Object.fromEntries(byName);
}
