import {
  localhostHostValidation,
  localhostOriginValidation,
  toNodeHandler,
} from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { combineIdeas, ideasFor, MAX_IDEAS } from './ideas.js';
import { MAX_BODY_BYTES } from './json.js';
import { health, jsonService } from './json-service.js';

const text = z.string().trim().min(1).max(200);

/**
 * An MCP server with two tools, over Streamable HTTP at `/mcp`. It keeps nothing between requests: the SDK takes
 * a server and a transport for each and closes both with the response.
 */
export function createMcpBrainstorming() {
  const limits = { maxRequestBodySize: MAX_BODY_BYTES };
  const handle = toNodeHandler(createMcpHandler(createServer, limits), limits);
  // Loopback alone does not keep out a page in a local browser whose name was rebound to 127.0.0.1.
  const allowsHost = localhostHostValidation();
  const allowsOrigin = localhostOriginValidation();

  /** @type {import('./json-service.js').Handler} */
  async function mcp(req, res) {
    if (!allowsHost(req, res) || !allowsOrigin(req, res)) return;
    // The SDK's type asks for a method that is never undefined, as it is for every request of a server.
    await handle(/** @type {import('@modelcontextprotocol/node').NodeIncomingMessageLike} */ (req), res);
  }

  return jsonService({ 'GET /health': health, 'POST /mcp': mcp, 'GET /mcp': mcp, 'DELETE /mcp': mcp });
}

function createServer() {
  const server = new McpServer({ name: 'mcp-brainstorming', version: '1.0.0' });
  server.registerTool(
    'brainstorm',
    {
      title: 'Brainstorm',
      description: 'Ideas about a topic, by the SCAMPER technique',
      inputSchema: z.object({ topic: text, count: z.int().min(1).max(MAX_IDEAS).default(5) }),
      outputSchema: z.object({ topic: z.string(), ideas: z.array(z.string()) }),
    },
    ({ topic, count }) => {
      const ideas = ideasFor(topic, count);
      return {
        content: [{ type: 'text', text: ideas.map((idea, at) => `${at + 1}. ${idea}`).join('\n') }],
        structuredContent: { topic, ideas },
      };
    },
  );
  server.registerTool(
    'combine',
    {
      title: 'Combine',
      description: 'Combines two ideas into one',
      inputSchema: z.object({ first: text, second: text }),
      outputSchema: z.object({ idea: z.string() }),
    },
    ({ first, second }) => {
      const idea = combineIdeas(first, second);
      return { content: [{ type: 'text', text: idea }], structuredContent: { idea } };
    },
  );
  return server;
}
