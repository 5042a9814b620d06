import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { enrol, rotate } from './enrol.ts';

/** An edge that gives a token to whoever asks. */
let edge: Server;
let edgeUrl: URL;
let asked: string[];
let folder: string;
let tokenFile: string;

beforeEach(async () => {
  asked = [];
  edge = createServer((request, response) => {
    asked.push(request.url ?? '');
    request.resume();
    response.writeHead(201).end('{"name":"fra-1","token":"the-new-token-of-fra-1"}');
  });
  await new Promise<void>((resolve) => edge.listen(0, '127.0.0.1', resolve));
  edgeUrl = new URL(`http://127.0.0.1:${(edge.address() as AddressInfo).port}`);
  folder = mkdtempSync(join(tmpdir(), 'callgate-enrol-'));
  tokenFile = join(folder, 'token');
});
afterEach(async () => {
  await new Promise((resolve) => edge.close(resolve));
  rmSync(folder, { recursive: true });
});

describe('enrolment', () => {
  it('writes the token, and nothing beside it', async () => {
    expect(await enrol({ edgeUrl, tokenFile }, 'a-code')).toBe('fra-1');
    expect(readFileSync(tokenFile, 'utf8')).toBe('the-new-token-of-fra-1\n');
    expect(readdirSync(folder)).toEqual(['token']);
  });

  it('does not spend the code when the token could not be kept', async () => {
    writeFileSync(tokenFile, 'a file, and no folder');
    const inside = join(tokenFile, 'token');
    await expect(enrol({ edgeUrl, tokenFile: inside }, 'a-code')).rejects.toThrow(
      /^.*token cannot be written \((EEXIST|ENOTDIR)\); the edge was not asked$/,
    );
    expect(asked).toEqual([]);
  });
});

describe('rotation', () => {
  it('changes no token when the new one could not be kept', async () => {
    writeFileSync(tokenFile, 'the-token-that-is-in-force\n');
    mkdirSync(`${tokenFile}.part`);
    await expect(rotate({ edgeUrl, tokenFile })).rejects.toThrow('the edge was not asked');
    expect(asked).toEqual([]);
    expect(readFileSync(tokenFile, 'utf8')).toBe('the-token-that-is-in-force\n');
  });

  it('leaves the token that is in force, and nothing beside it, when the edge refuses', async () => {
    writeFileSync(tokenFile, 'the-token-that-is-in-force\n');
    edge.removeAllListeners('request');
    edge.on('request', (_request, response) => response.writeHead(401).end('{"detail":"no"}'));
    await expect(rotate({ edgeUrl, tokenFile })).rejects.toThrow('HTTP 401 no');
    expect(readFileSync(tokenFile, 'utf8')).toBe('the-token-that-is-in-force\n');
    expect(readdirSync(folder)).toEqual(['token']);
  });
});
