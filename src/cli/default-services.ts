/** What is served where there is no configuration file. */
export const defaultServices: Readonly<Record<string, string>> = {
  '/api/alita': 'http://localhost:8000',
  '/api/kgot': 'http://localhost:16000',
  '/api/mcp-brainstorming': 'http://localhost:8001',
  '/api/web-agent': 'http://localhost:8000',
  '/api/unified-system': 'http://localhost:9000',
  '/api/monitoring': 'http://localhost:9001',
};
