import { expect, it } from 'vitest';
import { rehearse } from './rehearsal.ts';

it('comes to an answer, so that all on the way to it has run', () => {
  expect(rehearse()).toContain('m=audio 4002 RTP/AVP 0 101\r\n');
});
