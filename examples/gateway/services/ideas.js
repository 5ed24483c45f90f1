/** SCAMPER (Eberle, 1971): seven verbs that make something new of something known. */
const VERBS = [
  'Substitute the costliest part of',
  'Combine a neighbouring idea with',
  'Adapt a habit from another field to',
  'Magnify the best-liked part of',
  'Put to another use the by-products of',
  'Eliminate one step of',
  'Reverse the order of',
];

const LENSES = ['for a complete beginner', 'at a tenth of the price', 'for a thousand people at once'];

/** How many ideas a topic has: each verb through each lens. */
export const MAX_IDEAS = VERBS.length * LENSES.length;

/**
 * The same ideas for the same topic, each with another verb or lens.
 * @param {string} topic
 * @param {number} count 1 to {@link MAX_IDEAS}
 */
export function ideasFor(topic, count) {
  return Array.from({ length: count }, (_, at) => {
    const verb = VERBS[at % VERBS.length];
    // Moves on by one more with each round of verbs, so that no pair comes twice.
    const lens = LENSES[(at + Math.floor(at / VERBS.length)) % LENSES.length];
    return `${verb} ${topic}, ${lens}`;
  });
}

/**
 * @param {string} first
 * @param {string} second
 */
export function combineIdeas(first, second) {
  const others = wordsOf(second);
  const shared = [...wordsOf(first)].filter((word) => others.has(word));
  const link = shared.length > 0 ? `held together by ${shared.join(', ')}` : 'which have not met before';
  return `One thing that does both, "${first}" and "${second}", ${link}`;
}

/** @param {string} text */
function wordsOf(text) {
  // Shorter words seldom carry what an idea is about.
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu));
}
