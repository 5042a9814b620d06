/** LiveKit behind TLS, as it is in earnest: what is trusted, and that what lies ready for the next join is as careful as the join itself. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { makeCertificate } from '../lab/certificate.ts';
import { type LivekitServer, startLivekitServer } from '../local/livekit-server.ts';
import { eventually } from './routed-stack.ts';
import { type Certificate, TlsFront } from './tls-front.ts';
import { roomToken } from './tone-participant.ts';

let server: LivekitServer;
let folder: string;
/** Signed by itself, so that it is its own authority. */
let trusted: Certificate;
let trustedFile: string;
/** As well trusted, and for another address. */
let misplaced: Certificate;
let misplacedFile: string;

async function certificateFor(address: string) {
  const inside = await mkdtemp(join(folder, 'certificate-'));
  const { certificateFile, keyFile } = await makeCertificate(inside, address);
  const certificate = { cert: await readFile(certificateFile), key: await readFile(keyFile) };
  return { certificate, certificateFile };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'room-tls-'));
  ({ certificate: trusted, certificateFile: trustedFile } = await certificateFor('127.0.0.1'));
  ({ certificate: misplaced, certificateFile: misplacedFile } = await certificateFor('127.0.0.2'));
  server = await startLivekitServer({ say: () => {} });
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function frontWith(certificate: Certificate): Promise<TlsFront> {
  const front = await TlsFront.listen(server.url, certificate);
  closers.push(() => front.close());
  return front;
}

/** A program that joins as often as it is told. @param trustedFile an authority that it trusts beside those of the system; null: none */
function callers(authorityFile: string | null) {
  const child: ChildProcess = fork(new URL('tls-caller.ts', import.meta.url), {
    env: { ...(authorityFile === null ? {} : { NODE_EXTRA_CA_CERTS: authorityFile }) },
  });
  const ended = once(child, 'exit');
  closers.push(async () => {
    if (child.connected) child.disconnect();
    await ended;
  });
  let joins = 0;
  /** @returns `joined`, or why not */
  return async (front: TlsFront, room: string): Promise<unknown> => {
    const token = await roomToken(server, room, `caller-${++joins}`, 'sip');
    child.send({ url: front.url, token });
    const [outcome]: unknown[] = await once(child, 'message');
    return outcome;
  };
}

const asked = (front: TlsFront) => front.uses.filter((use) => use === 'asked').length;

it('is joined, the second time over a connection whose handshake was done before', async () => {
  const front = await frontWith(trusted);
  const join = callers(trustedFile);
  expect(await join(front, 'tls')).toBe('joined');
  await eventually('one lies ready', () => front.uses.at(-1) === 'nothing yet');
  const ready = front.uses.indexOf('nothing yet');
  expect(await join(front, 'tls')).toBe('joined');
  expect(front.uses[ready]).toBe('asked');
});

it.each([
  ['nobody vouches for', () => null],
  ['is for another address', () => misplacedFile],
])('is not joined with a certificate that %s, and gets no token', async (_what, authority) => {
  const front = await frontWith(authority() === null ? trusted : misplaced);
  expect(await callers(authority())(front, 'untrusted')).toBe('room-unreachable');
  await eventually('it was tried', () => front.came > 0);
  expect(asked(front)).toBe(0);
});

it('is not joined over what lies ready when its certificate has become a wrong one', async () => {
  const front = await frontWith(trusted);
  const join = callers(trustedFile);
  expect(await join(front, 'changed')).toBe('joined');
  await eventually('one lies ready', () => front.uses.at(-1) === 'nothing yet');
  front.use(misplaced);
  const came = front.came;
  // That one is from before and is used up; what is made in its place meets the other certificate.
  await join(front, 'changed');
  const before = asked(front);
  expect(before).toBeGreaterThan(1);
  await eventually('the next are made', () => front.came > came);
  expect(await join(front, 'changed')).toBe('room-unreachable');
  expect(asked(front)).toBe(before);
});
