/**
 * Node's HTTP, asked for by name. An import of `node:http` reads all its exports, and those of WebSocket load a second HTTP client and HTTP/2: 6 MB that stay for as long as the process
 * runs.
 */
const { Agent, createServer, request } = process.getBuiltinModule('node:http');

export { Agent as HttpAgent, createServer, request as httpRequest };
