import { hash } from 'node:crypto';

/** Names that can stand in a key as they are: a brace would end the hash tag, an empty one would be none. */
const plain = /^[\w:.@/+=-]{1,512}$/;

/** The hash of a subject's usage, and the sorted set of its leases. */
export type SubjectKeys = readonly [usage: string, leases: string];

/**
 * The hash and the sorted set of a subject, under one hash tag, so that they lie on one node of a Cluster. A name
 * that can't stand in a key is hashed.
 */
export function subjectKeys(prefix: string, subject: string): SubjectKeys {
  const tag = plain.test(subject) ? subject : `sha256:${hash('sha256', subject)}`;
  return [`${prefix}quota:{${tag}}`, `${prefix}leases:{${tag}}`];
}
