import { createServer } from 'node:http';
import { localhostHostValidation, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

/** An MCP server with one tool, over Streamable HTTP at `/mcp`. */
export function createTools() {
  const handle = toNodeHandler(createMcpHandler(mcpServer));
  const allowsHost = localhostHostValidation();
  return createServer((req, res) => {
    if (!allowsHost(req, res)) return;
    // The SDK's type asks for a method that is never undefined, as it is for every request of a server.
    handle(/** @type {import('@modelcontextprotocol/node').NodeIncomingMessageLike} */ (req), res);
  });
}

function mcpServer() {
  const server = new McpServer({ name: 'tools', version: '1.0.0' });
  server.registerTool(
    'add',
    {
      description: 'Adds two numbers',
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      outputSchema: z.object({ sum: z.number() }),
    },
    ({ a, b }) => ({
      content: [{ type: 'text', text: String(a + b) }],
      structuredContent: { sum: a + b },
    }),
  );
  return server;
}
