import { z } from 'zod';

/** Options of `fileSink()`. */
export interface FileSinkOptions {
  /**
   * The file, in a folder that exists. Made with the mode 0600; rotated files are beside it, `NAME.1` the youngest. One
   * process each: rotation is not for files that several write to.
   */
  readonly path: string;
  /** The size from which on it is rotated, in bytes: exceeded by one batch at most. Default 104,857,600. */
  readonly maxBytes?: number | undefined;
  /** Rotated also so often: a number and `m`, `h` or `d`, such as `1d`. Default: by size alone. */
  readonly interval?: string | undefined;
  /** How many rotated files are kept. A positive integer up to 1,000. Default 10. */
  readonly maxFiles?: number | undefined;
  /** Whether rotated files are compressed (gzip). Default false. */
  readonly compress?: boolean | undefined;
}

/** Parts of an hour and of a day without a remainder, as the rotation needs it. */
const interval = /^(?:(?:1|2|3|4|5|6|10|12|15|20|30)m|(?:1|2|3|4|6|8|12)h|[1-9]\d?d)$/;

export const fileSinkSchema = z.strictObject({
  path: z.string().min(1).max(4096),
  maxBytes: z.int().min(1024).max(1_000_000_000_000).default(104_857_600),
  interval: z
    .string()
    .regex(
      interval,
      'must be minutes, hours or days such as "15m", "6h" or "1d", that divide an hour or a day',
    )
    .optional(),
  maxFiles: z.int().positive().max(1000).default(10),
  compress: z.boolean().default(false),
});

/** Options with their defaults. */
export type ResolvedFileSink = z.output<typeof fileSinkSchema>;
