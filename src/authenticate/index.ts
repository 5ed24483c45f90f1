export type { ApiKeyRecord, ApiKeyStore } from './api-key-store.js';
export { ApiKeys, type CreatedApiKey, type NewApiKey } from './api-keys.js';
export { type AuthenticateMiddleware, authenticate } from './authenticate.js';
export { MemoryApiKeyStore } from './memory-api-key-store.js';
export type { ApiKeyOptions, AuthenticateOptions, ConfiguredApiKey } from './options.js';
export { requirePermissions } from './require-permissions.js';
