export type { ApiKeyChanges, NewApiKey } from './api-key-options.js';
export type { ApiKeyPage, ApiKeyRecord, ApiKeyStore } from './api-key-store.js';
export type { ApiKeyInfo, ApiKeyInfoPage, ApiKeys, CreatedApiKey } from './api-keys.js';
export { type AuthenticateMiddleware, authenticate } from './authenticate.js';
export { MemoryApiKeyStore } from './memory-api-key-store.js';
export type { ApiKeyOptions, AuthenticateOptions, ConfiguredApiKey } from './options.js';
export { RedisApiKeyStore, type RedisApiKeyStoreOptions } from './redis-api-key-store.js';
export { requirePermissions } from './require-permissions.js';
export type { Accepted, Rejected, Verdict, Verifier } from './verifier.js';
