// @ts-nocheck The peers are installed by `npm run bench` alone.
import { createSecretKey } from 'node:crypto';

export const SECRET = 'only-for-benchmarks-only-for-benchmarks';

/** A key made once, and the header fields of a subject with ample limits and of one that is refused. */
export async function tokens() {
  const { default: jwt } = await import('jsonwebtoken');
  const key = createSecretKey(Buffer.from(SECRET));
  const fields = (tier) => ({
    Authorization: `Bearer ${jwt.sign({ sub: `subject-${tier}`, tier }, key, { expiresIn: '1d' })}`,
  });
  return { key, headers: fields('bench'), refused: fields('refused') };
}
