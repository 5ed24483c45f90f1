/** `WWW-Authenticate` for a request without a credential (RFC 6750, section 3). */
export const CHALLENGE = 'Bearer realm="gateway"';

/** `WWW-Authenticate` for a credential that is not valid (RFC 6750, section 3.1). */
export const INVALID_CHALLENGE = `${CHALLENGE}, error="invalid_token"`;
