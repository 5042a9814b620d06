import { decisionExamples } from '@callgate/shared/contract/decision.ts';
import { pinLimits } from '@callgate/shared/limits.ts';
import { describe, expect, it } from 'vitest';
import { openTicket, type PinTicket, sealTicket } from './pin-ticket.ts';

const key = new Uint8Array(32).fill(3);
const ticket: PinTicket = {
  trunkId: 'ST_a',
  revision: 7,
  call: { callId: 'SCL_x', source: '192.0.2.1', fromUser: 'a', fromHost: 'b', toUser: 'c' },
  sipCallId: 'id',
  sequence: 0,
  fromTag: 'tag',
  headers: [{ name: 'X-A', value: '1' }],
  attemptsLeft: 3,
  expiresAtMs: 1_000,
  limits: decisionExamples['ask-pin'].limits,
  media: decisionExamples['ask-pin'].media,
};

describe('PIN ticket', () => {
  it('opens for its call until it expires', () => {
    const sealed = sealTicket(key, ticket);
    expect(openTicket(key, 'SCL_x', sealed, 1_000)).toEqual({ kind: 'ticket', ticket });
    expect(openTicket(key, 'SCL_x', sealed, 1_001)).toEqual({ kind: 'expired', ticket });
    expect(openTicket(key, 'SCL_y', sealed, 0)).toEqual({ kind: 'foreign' });
  });

  it('stays within its size however many headers a stranger sends', () => {
    const headers = Array.from({ length: 64 }, (_, n) => ({
      name: `X-${n}`,
      value: 'é'.repeat(500),
    }));
    const sealed = sealTicket(key, { ...ticket, headers });
    expect(sealed.length).toBeLessThan(pinLimits.ticketCharactersMax);
    const opened = openTicket(key, 'SCL_x', sealed, 0);
    expect(opened.kind === 'ticket' && opened.ticket.headers.length).toBeGreaterThan(10);
  });
});
