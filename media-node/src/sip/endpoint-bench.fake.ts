/** An endpoint on a fake clock and a fake transport, with a call that writes down what it hears: what the tests of this folder stand on. */
import { FakeClock } from '../clock.fake.ts';
import { assembleEndpoint } from './create-sip-endpoint.ts';
import {
  firstLine,
  peerAddress,
  type RequestOptions,
  requestText,
  toTagOf,
} from './scripted-peer.fake.ts';
import type { DialogState, SipAnswer, SipCall, SipEndpoint } from './sip-endpoint.ts';
import { FakeTransport } from './transport/transport.fake.ts';
import type { HostPort } from './transport/transport.ts';

export interface EndpointBench {
  readonly clock: FakeClock;
  readonly transport: FakeTransport;
  readonly endpoint: SipEndpoint;
  readonly calls: SipCall[];
  /** What the calls heard, in order: `cancel`, `ack`, `bye Q.850;cause=16`, ... */
  readonly heard: string[];
  /** What the calls were told of their dialogs. */
  readonly states: DialogState[];
  readonly logged: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[];
  /** Delivers a request of the scripted peer. */
  request(options?: RequestOptions, from?: HostPort): void;
  /** First lines of what was sent since the last look. */
  answers(): string[];
  /** To tag of the last answer that had one. */
  toTag(): string;
}

export const answerBody: SipAnswer = {
  status: 200,
  phrase: 'OK',
  body: { contentType: 'application/sdp', bytes: Buffer.from('v=0\r\n') },
};

/** @param onInvite what the call does at once; nothing by default */
export async function endpointBench(
  onInvite: (call: SipCall) => void = () => {},
  isReliable = false,
): Promise<EndpointBench> {
  const clock = new FakeClock();
  const transport = new FakeTransport(clock, isReliable);
  const calls: SipCall[] = [];
  const heard: string[] = [];
  const states: DialogState[] = [];
  const logged: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const endpoint = assembleEndpoint(
    {
      advertise: null,
      clock,
      log: (_level, event, fields = {}) => void logged.push({ event, fields }),
      resolver: {
        services: async () => [],
        addresses: async (host) => (host === 'away.example.com' ? [] : ['192.0.2.99']),
      },
    },
    [transport],
  );
  await endpoint.listen({
    onInvite(call) {
      calls.push(call);
      call.listen({
        onCancel: () => {
          heard.push('cancel');
          call.refuse({ status: 487, phrase: 'Request Terminated' });
        },
        onAck: (body) => void heard.push(body.length === 0 ? 'ack' : `ack ${body.length}`),
        onAckMissing: () => void heard.push('ack missing'),
        onBye: (reason) => void heard.push(`bye ${reason}`.trim()),
        onReoffer: ({ body }) => reoffer(body.toString('latin1'), heard),
        onReofferAnswer: ({ body }) => void heard.push(`answer ${body.length}`),
        onDigit: ({ digit, durationMs }) => void heard.push(`digit ${digit} ${durationMs}`),
        onSessionExpired: () => void heard.push('session expired'),
        onDialog: (state) => void states.push(state),
        onTransportFailed: (message) => void heard.push(`failed: ${message}`),
      });
      onInvite(call);
    },
  });
  let seen = 0;
  return {
    clock,
    transport,
    endpoint,
    calls,
    heard,
    states,
    logged,
    request: (options, from = peerAddress) => transport.deliver(requestText(options), from),
    answers() {
      const lines = transport.sent.slice(seen).map(({ text }) => firstLine(text));
      seen = transport.sent.length;
      return lines;
    },
    toTag: () =>
      transport.sent
        .filter(({ text }) => text.startsWith('SIP/2.0 '))
        .map(({ text }) => toTagOf(text))
        .findLast((tag) => tag !== '') ?? '',
  };
}

/** Takes any offer but one whose port is 0. */
function reoffer(sdp: string, heard: string[]): SipAnswer {
  if (sdp.includes('m=audio 0')) return { status: 488, phrase: 'Not Acceptable Here' };
  heard.push(`reoffer ${/sendonly|inactive/.exec(sdp)?.[0] ?? ''}`);
  return answerBody;
}
