/** One attack in a process of its own. Run by attacks.ts: an Attack in, an AttackResult out. */
import { asideOptions, asideResult } from '../local/run-aside.ts';
import type { Attack, AttackResult } from './attacks.ts';
import { floodUdp, halfHandshake, openHalfMessages, strangersRequest } from './flood.ts';

/** How long connections are held before they are counted, ms. */
const holdMs = 3_000;

async function run(attack: Attack): Promise<AttackResult> {
  const { what, from, target, count } = attack;
  switch (what) {
    case 'INVITE':
    case 'OPTIONS': {
      const message = (index: number, port: number) => strangersRequest(what, from, port, index);
      return floodUdp({ from, target, count, message });
    }
    case 'noise':
      return floodUdp({ from, target, count, message: noise });
    case 'half-messages':
      return connections(attack, {});
    case 'half-handshakes':
      return connections(attack, { begins: halfHandshake });
    default:
      return what satisfies never;
  }
}

async function connections(
  { from, target, count }: Attack,
  options: { readonly begins?: Buffer },
): Promise<AttackResult> {
  const sockets = await openHalfMessages({ from, target, count, ...options });
  await new Promise((settle) => setTimeout(settle, holdMs));
  const left = sockets.filter((socket) => !socket.destroyed).length;
  for (const socket of sockets) socket.destroy();
  return { sent: count, answered: left };
}

function noise(index: number): Buffer {
  return Buffer.alloc(200 + (index % 900), String.fromCharCode(33 + (index % 90)));
}

asideResult(await run(asideOptions()));
