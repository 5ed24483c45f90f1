// @ts-nocheck The peers are installed by `npm run bench` alone.

/** What a call to Redis costs by itself: a script that returns at once, through ioredis. It is asked for so many seconds. */
export const redisCalls = {
  async 'ioredis: a bare EVALSHA'({ redis }) {
    const { Redis } = await import('ioredis');
    const client = new Redis(redis);
    const digest = await client.script('LOAD', 'return 1');
    process.on('message', async ({ seconds, connections }) => {
      const until = performance.now() + seconds * 1000;
      let operations = 0;
      const caller = async () => {
        while (performance.now() < until) {
          await client.evalsha(digest, 1, 'key', '1');
          operations += 1;
        }
      };
      await Promise.all(Array.from({ length: connections }, caller));
      process.send({ operations });
    });
    return {};
  },
};
