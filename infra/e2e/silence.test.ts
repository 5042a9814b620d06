/** A deployment that answers strangers with silence: whoever matches no trunk cannot tell that anybody listens here. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SipPhone } from '../phone/sip-phone.ts';
import { dial, pause } from './phone-calls.ts';
import {
  eventually,
  numbers,
  type RoutedStack,
  startRoutedStack,
  unknownNumber,
} from './routed-stack.ts';

let stack: RoutedStack;
let stranger: SipPhone;
let phone: SipPhone;
beforeAll(async () => {
  stack = await startRoutedStack({ edgeVariables: { STRANGERS: 'drop' } });
  await eventually('the node has said hello', () => stack.nodeEvents('edge-reached').length > 0);
  stranger = await SipPhone.open('127.0.9.9');
  phone = await SipPhone.open('127.0.0.2');
});
afterAll(async () => {
  stranger?.close();
  phone?.close();
  await stack?.stop();
});

it('a call to an unknown number hears nothing at all, not even a 100', async () => {
  let calls = 0;
  // A busy machine may take longer to decide than a 100 can wait (150 ms); then the next call shows it.
  await eventually(
    'a stranger heard nothing',
    async () => {
      const call = await dial(stack, stranger, unknownNumber, { from: `+1555777${calls}` });
      calls += 1;
      await eventually('the call was dropped', () => {
        const ended = stack.nodeEvents('call-ended');
        return ended.filter(({ reason }) => reason === 'stranger-dropped').length === calls;
      });
      await pause(300);
      return call.timeline.entries.map(({ event }) => event).join() === 'INVITE';
    },
    60_000,
  );
});

/** Statuses that a caller of the trunk hears until it rings. */
async function heardBeforeRinging(): Promise<string[]> {
  const call = await dial(stack, phone, numbers[0] ?? '');
  const heard = () => call.timeline.entries.flatMap(({ event }) => /^\d{3}/.exec(event) ?? []);
  await eventually('it rings', () => heard().includes('180'));
  call.cancel();
  await call.answer;
  return heard();
}

it('a caller of the trunk is challenged and rings, and has its 100 at once from then on', async () => {
  expect(await heardBeforeRinging()).toContain('407');
  expect((await heardBeforeRinging())[0]).toBe('100');
});
