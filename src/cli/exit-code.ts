/** What the process ends with. Documented in docs/cli.md. */
export const exitCode = {
  fine: 0,
  /** Something that should not happen. */
  unexpected: 1,
  /** Wrong arguments, environment or configuration. */
  wrongConfiguration: 2,
  /** The address cannot be listened at. */
  cannotListen: 3,
  /** Redis is needed, and cannot be asked. */
  noRedis: 4,
  /** There is no API key with this id. */
  noSuchKey: 5,
} as const;
