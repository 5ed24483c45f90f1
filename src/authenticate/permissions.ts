/**
 * Whether what was granted covers what is required. Both are `resource:action`; in a grant, `*` stands for any
 * resource or action, and alone for everything.
 */
export function isPermitted(granted: readonly string[], required: string): boolean {
  return granted.some((grant) => grant === required || covers(grant, required));
}

function covers(grant: string, required: string): boolean {
  if (grant === '*') return true;
  const [resource, action] = halves(grant);
  const [requiredResource, requiredAction] = halves(required);
  return (resource === '*' || resource === requiredResource) && (action === '*' || action === requiredAction);
}

function halves(permission: string): [string, string] {
  const colon = permission.indexOf(':');
  return colon === -1 ? [permission, ''] : [permission.slice(0, colon), permission.slice(colon + 1)];
}
