import { z } from 'zod';

/** TLS to a target, as in `tls.connect()`: PEM texts. */
export interface TargetTlsOptions {
  /** Authorities to trust. Default: those that Node knows. */
  readonly ca?: string | readonly string[] | undefined;
  /** The client's certificate, with `key`. Default: none. */
  readonly cert?: string | undefined;
  /** The certificate's private key. */
  readonly key?: string | undefined;
  /** The name that is asked for (SNI) and that the certificate must have. Default: the URL's host. */
  readonly servername?: string | undefined;
  /** Whether a certificate that can't be verified is refused. Default true. */
  readonly rejectUnauthorized?: boolean | undefined;
}

/** One upstream server. */
export interface TargetOptions {
  /** Origin with an optional base path, such as `http://localhost:16000`. */
  readonly url: string;
  /** Its share of the requests, against the others'. A positive integer. Default 1. */
  readonly weight?: number | undefined;
  /** A Unix socket to connect to in place of the URL's host. Default: none. */
  readonly socketPath?: string | undefined;
  /** How a connection to an `https:` target is made. */
  readonly tls?: TargetTlsOptions | undefined;
}

export const targetUrl = z.string().superRefine((value, check) => {
  const problem = problemWithTarget(value);
  if (problem) check.addIssue({ code: 'custom', message: problem });
});

function problemWithTarget(value: string): string | undefined {
  if (!URL.canParse(value)) return 'must be a URL such as "http://localhost:16000"';
  const url = new URL(value);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must be an http: or https: URL';
  if (url.username || url.password) return 'must not hold a user name or password: URLs get into logs';
  if (url.search || url.hash) return 'must not have a query or a fragment';
  return undefined;
}

const pem = z.string().min(1).max(1_000_000);

export const targetSchema = z.strictObject({
  url: targetUrl,
  weight: z.int().positive().max(1000).default(1),
  socketPath: z.string().min(1).max(107).optional(),
  tls: z
    .strictObject({
      ca: z.union([pem, z.array(pem).min(1)]).optional(),
      cert: pem.optional(),
      key: pem.optional(),
      servername: z.string().min(1).max(253).optional(),
      rejectUnauthorized: z.boolean().default(true),
    })
    .refine(
      ({ cert, key }) => (cert === undefined) === (key === undefined),
      'must have `cert` and `key` together',
    )
    .optional(),
});

/** One target with its defaults. */
export type ResolvedTarget = z.output<typeof targetSchema>;
