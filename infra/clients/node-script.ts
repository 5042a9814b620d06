/**
 * All inbound calls of livekit.SIP by the unmodified livekit-server-sdk (JSON on the wire): the same script as python-script.py. Prints one JSON line for each
 * step: `{"step", "answer"}` with the answer as proto JSON, or `{"step", "error": {"code", "msg"}}`.
 */

import {
  ListUpdate,
  SIPDispatchRule,
  SIPDispatchRuleCallee,
  SIPDispatchRuleDirect,
  SIPDispatchRuleInfo,
  SIPInboundTrunkInfo,
} from '@livekit/protocol';
import { ServerError, SipClient } from 'livekit-server-sdk';

const [url = '', key = '', secret = ''] = process.argv.slice(2);
const client = new SipClient(url, key, secret, { failover: false });

async function step(name: string, act: () => Promise<unknown>): Promise<unknown> {
  try {
    const answer = await act();
    console.log(JSON.stringify({ step: name, answer: toJson(answer) }));
    return answer;
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    const { code, message: msg } = error;
    console.log(JSON.stringify({ step: name, error: { code, msg } }));
    return null;
  }
}

function toJson(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(toJson);
  return (answer as SIPInboundTrunkInfo).toJson({
    emitDefaultValues: true,
    useProtoFieldName: true,
  });
}

const trunk = (await step('create trunk', () =>
  client.createSipInboundTrunk('main', ['+15550100', '+15550101'], {
    metadata: 'm',
    allowedAddresses: ['203.0.113.0/24'],
    allowedNumbers: ['+15550199'],
    authUsername: 'alice',
    authPassword: 'wonderland',
    headers: { 'X-Served-By': 'callgate' },
    headersToAttributes: { 'X-Ticket': 'ticket' },
    krispEnabled: true,
  }),
)) as SIPInboundTrunkInfo;
const second = (await step('create second trunk', () =>
  client.createSipInboundTrunk('second', ['+15550102']),
)) as SIPInboundTrunkInfo;
await step('create trunk without protection', () => client.createSipInboundTrunk('open', []));
await step('create trunk with a bad header', () =>
  client.createSipInboundTrunk('bad', ['+1'], { headers: { 'Call-ID': 'x' } }),
);
await step('list trunks', () => client.listSipInboundTrunk());
await step('list trunks by number', () => client.listSipInboundTrunk({ numbers: ['15550102'] }));
await step('list trunks by id', () => client.listSipInboundTrunk({ trunkIds: [trunk.sipTrunkId] }));
await step('update fields of trunk', () =>
  client.updateSipInboundTrunkFields(trunk.sipTrunkId, {
    name: 'renamed',
    numbers: new ListUpdate({ add: ['+15550103'], remove: ['+15550101'] }),
  }),
);
await step('update unknown trunk', () =>
  client.updateSipInboundTrunkFields('ST_unknown', { name: 'x' }),
);
await step('replace trunk', () =>
  client.updateSipInboundTrunk(
    second.sipTrunkId,
    new SIPInboundTrunkInfo({ name: 'replaced', numbers: ['+15550104'] }),
  ),
);
const rule = (await step('create rule', () =>
  client.createSipDispatchRule(
    { type: 'individual', roomPrefix: 'call' },
    { name: 'support', metadata: 'm', trunkIds: [trunk.sipTrunkId], attributes: { a: 'b' } },
  ),
)) as SIPDispatchRuleInfo;
await step('create direct rule with a PIN', () =>
  client.createSipDispatchRule({ type: 'direct', roomName: 'lobby', pin: '1234' }),
);
await step('create conflicting rule', () =>
  client.createSipDispatchRule({ type: 'direct', roomName: 'other', pin: '1234' }),
);
await step('list rules', () => client.listSipDispatchRule());
await step('list rules by trunk', () =>
  client.listSipDispatchRule({ trunkIds: [second.sipTrunkId] }),
);
await step('update fields of rule', () =>
  client.updateSipDispatchRuleFields(rule.sipDispatchRuleId, {
    name: 'renamed',
    attributes: { a: '', c: 'd' },
    rule: new SIPDispatchRule({
      rule: {
        case: 'dispatchRuleCallee',
        value: new SIPDispatchRuleCallee({ roomPrefix: 'to', randomize: true }),
      },
    }),
  }),
);
await step('replace rule', () =>
  client.updateSipDispatchRule(
    rule.sipDispatchRuleId,
    new SIPDispatchRuleInfo({
      name: 'replaced',
      rule: new SIPDispatchRule({
        rule: { case: 'dispatchRuleDirect', value: new SIPDispatchRuleDirect({ roomName: 'r' }) },
      }),
    }),
  ),
);
await step('delete rule', () => client.deleteSipDispatchRule(rule.sipDispatchRuleId));
await step('delete rule again', () => client.deleteSipDispatchRule(rule.sipDispatchRuleId));
await step('delete trunk', () => client.deleteSipTrunk(trunk.sipTrunkId));
await step('delete trunk again', () => client.deleteSipTrunk(trunk.sipTrunkId));
await step('list what is left', () => client.listSipInboundTrunk());
