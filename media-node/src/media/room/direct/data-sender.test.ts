import { expect, it } from 'vitest';
import { DataSender } from './data-sender.ts';

/** A channel that is open when the test says so, and tells of it when the test says so. */
function channel() {
  const sent: number[] = [];
  const state = { isOpen: false, isBroken: false, tell: () => {} };
  const sender = new DataSender({
    isOpen: () => state.isOpen,
    onOpen: (callback) => {
      state.tell = callback;
    },
    sendMessageBinary: (message) => {
      if (state.isBroken) throw new Error('closed');
      sent.push(...message);
      return true;
    },
  });
  return { sender, sent, state };
}

it('keeps messages until the channel is open', () => {
  const { sender, sent, state } = channel();
  sender.send(Uint8Array.of(1));
  sender.send(Uint8Array.of(2));
  expect(sent).toEqual([]);
  state.isOpen = true;
  state.tell();
  expect(sent).toEqual([1, 2]);
});

it('keeps their order when the channel is open before it says so', () => {
  const { sender, sent, state } = channel();
  sender.send(Uint8Array.of(1));
  state.isOpen = true;
  sender.send(Uint8Array.of(2));
  state.tell();
  expect(sent).toEqual([1, 2]);
});

it('keeps 64 messages, and drops those that come after them', () => {
  const { sender, sent, state } = channel();
  for (let one = 0; one < 100; one++) sender.send(Uint8Array.of(one));
  state.isOpen = true;
  state.tell();
  expect(sent).toEqual(Array.from({ length: 64 }, (_, one) => one));
});

it('loses what a closed channel does not take, and nothing is thrown', () => {
  const { sender, sent, state } = channel();
  state.isOpen = true;
  state.isBroken = true;
  sender.send(Uint8Array.of(1));
  expect(sent).toEqual([]);
});
