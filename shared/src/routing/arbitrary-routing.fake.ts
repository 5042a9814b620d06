/**
 * Random routing sets and calls for property tests (fast-check). Values come from small alphabets, in
 * several spellings, so that objects often meet: in a set of strangers nothing interesting happens.
 */
import {
  SIPDispatchRule,
  SIPDispatchRuleCallee,
  SIPDispatchRuleDirect,
  SIPDispatchRuleIndividual,
  SIPDispatchRuleInfo,
  SIPInboundTrunkInfo,
} from '@livekit/protocol';
import fc from 'fast-check';
import type { RoutingSet } from './compile.ts';
import type { PinAnswer } from './compiled-rule.ts';
import type { RoutedCall } from './routed-call.ts';

const number = fc.constantFrom('+1', '1', '(1)', '2', '+2', '3', 'alice', '*7#');
const address = fc.constantFrom(
  '10.0.0.1',
  '10.0.0.2',
  '10.0.0.0/24',
  '10.0.0.0/8',
  '0.0.0.0/0',
  '::ffff:10.0.0.1',
  '2001:db8::1',
  '2001:db8::/32',
  '::/0',
  'not an address',
);
const trunkId = fc.constantFrom('T0', 'T1', 'T2', 'T3');
const pin = fc.constantFrom('', '', '11', '22');
const list = <T>(entry: fc.Arbitrary<T>) => fc.array(entry, { maxLength: 3 });

const ruleKind = fc
  .record({
    kind: fc.constantFrom('direct', 'individual', 'callee'),
    room: fc.constantFrom('a', 'b'),
    pin,
  })
  .map(({ kind, room, pin }) => {
    if (kind === 'direct') {
      const value = new SIPDispatchRuleDirect({ roomName: room, pin });
      return new SIPDispatchRule({ rule: { case: 'dispatchRuleDirect', value } });
    }
    if (kind === 'individual') {
      const value = new SIPDispatchRuleIndividual({ roomPrefix: room, pin });
      return new SIPDispatchRule({ rule: { case: 'dispatchRuleIndividual', value } });
    }
    const value = new SIPDispatchRuleCallee({ roomPrefix: room, pin });
    return new SIPDispatchRule({ rule: { case: 'dispatchRuleCallee', value } });
  });

const trunks = fc
  .array(
    fc.record({
      numbers: list(number),
      allowedNumbers: list(number),
      allowedAddresses: list(address),
    }),
    { maxLength: 6 },
  )
  .map((many) => many.map((one, n) => new SIPInboundTrunkInfo({ ...one, sipTrunkId: `T${n}` })));

const rules = fc
  .array(
    fc.record({
      rule: fc.option(ruleKind, { nil: new SIPDispatchRule(), freq: 15 }),
      trunkIds: fc.uniqueArray(trunkId, { maxLength: 3 }),
      numbers: list(number),
      inboundNumbers: list(number),
    }),
    { maxLength: 8 },
  )
  .map((many) =>
    many.map((one, n) => new SIPDispatchRuleInfo({ ...one, sipDispatchRuleId: `R${n}` })),
  );

/** Sets with and without conflicts, rules without a kind included. */
export const routingSet: fc.Arbitrary<RoutingSet> = fc.record({ trunks, rules });

/** Calls that often run into the objects of routingSet. */
export const routedCall: fc.Arbitrary<RoutedCall> = fc.record({
  callId: fc.constant('SCL_4xYpQ2mNkT7w'),
  source: fc.constantFrom(
    '10.0.0.1',
    '10.0.0.9',
    '10.9.9.9',
    '192.0.2.1',
    '2001:db8::1',
    '::1',
    '',
  ),
  fromUser: fc.oneof(number, fc.constant('')),
  fromHost: fc.constant('sip.example.com'),
  toUser: fc.oneof(number, fc.constant('')),
});

export const someTrunkId: fc.Arbitrary<string | null> = fc.option(trunkId);

export const pinAnswer: fc.Arbitrary<PinAnswer> = fc.oneof(
  fc.constant({ kind: 'none-yet' } as const),
  fc.constant({ kind: 'no-pin' } as const),
  fc.record({ kind: fc.constant('pin' as const), digits: fc.constantFrom('', '11', '22', '33') }),
);
