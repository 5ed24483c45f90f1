import type { IncomingMessage, ServerResponse } from 'node:http';
import { ConfigError } from '../core/config-error.js';
import { BadRequestError, GatewayError, InternalError, MethodNotAllowedError } from '../core/errors.js';
import type { Middleware } from '../core/middleware.js';
import type { ErrorHandler } from '../core/send-error.js';

/** Answers a request to one of the gateway's endpoints, or throws a GatewayError. */
export type Answer = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

/** What answers each method. `HEAD` is answered as `GET` is. */
export type Answers = Readonly<Record<string, Answer>>;

/** Refuses methods that nobody answers. A preflight request is for CORS, which comes next. */
export function allowMethods(answers: Answers, refuse: ErrorHandler): Middleware {
  const methods = Object.keys(answers);
  const allow = methods.includes('GET') ? ['HEAD', ...methods] : methods;
  const passed = new Set([...allow, 'OPTIONS']);
  return function allowMethodsMiddleware(req, res, next) {
    if (passed.has(req.method ?? '')) next();
    else refuse(new MethodNotAllowedError(allow.join(', ')), req, res, next);
  };
}

/** Answers by method, and turns what is thrown into a refusal. */
export function answerWith(answers: Answers, refuse: ErrorHandler): Middleware {
  return async function answerEndpoint(req, res, next) {
    try {
      const answer = answers[req.method === 'HEAD' ? 'GET' : (req.method ?? '')];
      if (answer === undefined) throw new MethodNotAllowedError(Object.keys(answers).join(', '));
      await answer(req, res);
    } catch (error) {
      refuse(refusalOf(error), req, res, next);
    }
  };
}

/** What is wrong with a body is wrong with the request. */
function refusalOf(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return error instanceof ConfigError
    ? new BadRequestError(error.problems.join(' '))
    : new InternalError(error);
}
