/** Every case of the conformance vectors about requests of livekit.SIP: validation.json and list-update.json. */
import { readFileSync } from 'node:fs';
import type { JsonValue, Message, MessageType } from '@bufbuild/protobuf';
import {
  CreateSIPDispatchRuleRequest,
  CreateSIPInboundTrunkRequest,
  CreateSIPOutboundTrunkRequest,
  DeleteSIPDispatchRuleRequest,
  DeleteSIPTrunkRequest,
  GetSIPInboundTrunkRequest,
  GetSIPOutboundTrunkRequest,
  ListUpdate,
  SIPDispatchRuleInfo,
  SIPInboundTrunkInfo,
  SIPOutboundTrunkInfo,
  UpdateSIPDispatchRuleRequest,
  UpdateSIPInboundTrunkRequest,
  UpdateSIPOutboundTrunkRequest,
} from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { type ApiAnswer, type ApiError, invalidArgument } from './api-answer.ts';
import {
  handleCreateSIPDispatchRule,
  handleDeleteSIPDispatchRule,
  handleUpdateSIPDispatchRule,
} from './dispatch-rules.ts';
import {
  handleCreateSIPInboundTrunk,
  handleDeleteSIPTrunk,
  handleGetSIPInboundTrunk,
  handleUpdateSIPInboundTrunk,
} from './inbound-trunks.ts';
import { applyListUpdate, listUpdateFault } from './list-update.ts';
import {
  handleCreateSIPOutboundTrunk,
  handleGetSIPOutboundTrunk,
  handleUpdateSIPOutboundTrunk,
} from './outbound-trunks.ts';
import { type StoredRouting, storedRouting } from './stored-routing.ts';

type AnyAnswer = ApiAnswer<Message>;

interface Stored {
  readonly inbound_trunks?: JsonValue[];
  readonly outbound_trunks?: JsonValue[];
  readonly dispatch_rules?: JsonValue[];
}

interface ExpectedError {
  readonly code: string;
  readonly status: number;
  readonly msg: string | { readonly match: string };
}

interface Expect {
  readonly ok?: true;
  readonly response?: JsonValue;
  readonly result?: JsonValue;
  readonly list?: string[];
  readonly error?: ExpectedError;
}

interface Case {
  readonly id: string;
  readonly about: string;
  readonly input: {
    readonly op?: 'list' | 'update';
    readonly rpc: string;
    readonly stored?: Stored;
    readonly request: JsonValue;
    readonly list: string[];
    readonly update: JsonValue;
  };
  readonly expect: Expect;
}

function cases(name: string): (readonly [string, Case])[] {
  const url = new URL(`../../testdata/conformance/${name}.json`, import.meta.url);
  const file: { cases: Case[] } = JSON.parse(readFileSync(url, 'utf8'));
  return file.cases.map((one) => [`${one.id}: ${one.about}`, one] as const);
}

function routingOf(stored: Stored = {}): StoredRouting {
  return storedRouting({
    trunks: (stored.inbound_trunks ?? []).map((json) => SIPInboundTrunkInfo.fromJson(json)),
    rules: (stored.dispatch_rules ?? []).map((json) => SIPDispatchRuleInfo.fromJson(json)),
  });
}

function outboundOf(stored: Stored = {}): (id: string) => SIPOutboundTrunkInfo | undefined {
  const trunks = (stored.outbound_trunks ?? []).map((json) => SIPOutboundTrunkInfo.fromJson(json));
  return (id) => trunks.find((trunk) => trunk.sipTrunkId === id);
}

const newId = 'ST_4xYpQ2mNkT7w';
const answers: ReadonlyMap<string, (input: Case['input']) => AnyAnswer> = new Map([
  rpc('CreateSIPInboundTrunk', CreateSIPInboundTrunkRequest, (request, stored) =>
    handleCreateSIPInboundTrunk(routingOf(stored), request, newId),
  ),
  rpc('UpdateSIPInboundTrunk', UpdateSIPInboundTrunkRequest, (request, stored) =>
    handleUpdateSIPInboundTrunk(routingOf(stored), request),
  ),
  rpc('GetSIPInboundTrunk', GetSIPInboundTrunkRequest, (request, stored) =>
    handleGetSIPInboundTrunk(routingOf(stored), request),
  ),
  rpc('DeleteSIPTrunk', DeleteSIPTrunkRequest, (request, stored) =>
    handleDeleteSIPTrunk(routingOf(stored), request),
  ),
  rpc('CreateSIPOutboundTrunk', CreateSIPOutboundTrunkRequest, (request) =>
    handleCreateSIPOutboundTrunk(request, newId),
  ),
  rpc('UpdateSIPOutboundTrunk', UpdateSIPOutboundTrunkRequest, (request, stored) =>
    handleUpdateSIPOutboundTrunk(outboundOf(stored), request),
  ),
  rpc('GetSIPOutboundTrunk', GetSIPOutboundTrunkRequest, (request, stored) =>
    handleGetSIPOutboundTrunk(outboundOf(stored), request),
  ),
  rpc('CreateSIPDispatchRule', CreateSIPDispatchRuleRequest, (request, stored) =>
    handleCreateSIPDispatchRule(routingOf(stored), request, newId),
  ),
  rpc('UpdateSIPDispatchRule', UpdateSIPDispatchRuleRequest, (request, stored) =>
    handleUpdateSIPDispatchRule(routingOf(stored), request),
  ),
  rpc('DeleteSIPDispatchRule', DeleteSIPDispatchRuleRequest, (request, stored) =>
    handleDeleteSIPDispatchRule(routingOf(stored), request),
  ),
]);

function rpc<Request extends Message<Request>>(
  name: string,
  type: MessageType<Request>,
  handle: (request: Request, stored: Stored | undefined) => AnyAnswer,
): readonly [string, (input: Case['input']) => AnyAnswer] {
  return [name, (input) => handle(type.fromJson(input.request), input.stored)];
}

function answerTo(input: Case['input']): AnyAnswer {
  const answer = answers.get(input.rpc);
  if (answer === undefined) throw new Error(`the test knows no ${input.rpc}`);
  return answer(input);
}

function expectError(answer: { readonly kind: string }, expected: ExpectedError): void {
  expect(answer.kind).toBe('error');
  const { code, status, msg } = answer as ApiError;
  expect({ code, status }).toEqual({ code: expected.code, status: expected.status });
  if (typeof expected.msg === 'string') expect(msg).toBe(expected.msg);
  else expect(msg).toMatch(new RegExp(expected.msg.match));
}

function expectMessage(answer: AnyAnswer, expected: JsonValue): void {
  if (answer.kind === 'error') throw new Error(answer.msg);
  const type = answer.response.getType();
  expect(type.fromJson(expected).equals(answer.response)).toBe(true);
}

describe('validation.json', () => {
  it.each(cases('validation'))('%s', (_, { input, expect: expected }) => {
    const answer = answerTo(input);
    if (expected.error !== undefined) {
      expectError(answer, expected.error);
      return;
    }
    expect(answer).toMatchObject({ kind: 'ok' });
    if (expected.response !== undefined) expectMessage(answer, expected.response);
  });
});

describe('list-update.json', () => {
  const [lists, updates] = [
    cases('list-update').filter(([, { input }]) => input.op === 'list'),
    cases('list-update').filter(([, { input }]) => input.op === 'update'),
  ];

  it.each(lists)('%s', (_, { input, expect: expected }) => {
    const update = input.update === null ? undefined : ListUpdate.fromJson(input.update);
    const fault = listUpdateFault('list', update);
    if (expected.error !== undefined)
      expectError(invalidArgument(fault ?? { field: '', msg: '' }), expected.error);
    else expect([fault, applyListUpdate(input.list, update)]).toEqual([null, expected.list]);
  });

  it.each(updates)('%s', (_, { input, expect: expected }) => {
    const answer = answerTo(input);
    if (expected.error !== undefined) expectError(answer, expected.error);
    else expectMessage(answer, expected.result ?? null);
  });
});
