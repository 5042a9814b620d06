/**
 * Scenarios for sipp, written as a list of steps: what the caller sends, what it must receive. The builder knows the rules of
 * sipp's XML that are easy to get wrong by hand: an ACK to a refusal takes the branch of its INVITE, by distance in
 * steps (RFC 3261 §17.1.1.3); provisional answers are optional receives in front of the one that matters.
 */

/** One step of a caller. */
export type SippStep =
  /** An INVITE with an SDP offer of PCMU and telephone events; `withCredentials` answers the last challenge. */
  | {
      readonly send: 'INVITE';
      readonly withCredentials?: boolean;
      readonly offer?: 'none' | 'G.729 only';
      /** A re-INVITE: in the dialog of the 200 before it. */
      readonly isInDialog?: boolean;
      /** Of the offer; what is left out is the caller's own, both ways. */
      readonly media?: SippMedia;
      /** Starts this timer of sipp's. */
      readonly startsTimer?: number;
    }
  /** `to`: the refusal of the last INVITE, or its 200. */
  | { readonly send: 'ACK'; readonly to: 'refusal' | '200'; readonly answer?: boolean }
  | { readonly send: 'CANCEL' | 'BYE' }
  /** 200 to the request received last. */
  | { readonly send: '200' }
  /** Must come next; 100 and 180 may come before it, unless asked for. */
  | {
      readonly receive: number;
      readonly isChallenge?: boolean;
      /** Timers that stop, by the status that stops them: the one that must come, or one before it. */
      readonly stopsTimer?: Readonly<Partial<Record<number, number>>>;
      /** Regular expression (POSIX) that the message must match. */
      readonly matches?: string;
    }
  | { readonly receive: 'BYE' }
  | { readonly pauseMs: number }
  /** Plays a capture of G.711 as RTP from here on (needs root). */
  | { readonly playPcap: string };

/** Where the caller wants its media, and whether. */
export interface SippMedia {
  readonly address?: string;
  readonly port?: number;
  readonly direction?: 'sendonly' | 'inactive';
}

const g711: readonly (readonly [string, string])[] = [
  ['8', 'PCMA'],
  ['0', 'PCMU'],
];

/** @param version counts the descriptions of a session (RFC 3264 §8) */
function sdpLines(
  codecs: readonly (readonly [payloadType: string, name: string])[],
  version: number,
  { address = '[media_ip]', port, direction }: SippMedia = {},
): string[] {
  return [
    'v=0',
    `o=sipp 53655765 ${version} IN IP[local_ip_type] [local_ip]`,
    's=-',
    `c=IN IP[media_ip_type] ${address}`,
    't=0 0',
    `m=audio ${port ?? '[media_port]'} RTP/AVP ${codecs.map(([payloadType]) => payloadType).join(' ')} 101`,
    ...(direction === undefined ? [] : [`a=${direction}`]),
    ...codecs.map(([payloadType, name]) => `a=rtpmap:${payloadType} ${name}/8000`),
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=ptime:20',
  ];
}

/** The XML that sipp runs. */
export function sippScenario(name: string, steps: readonly SippStep[]): string {
  const body: string[] = [];
  let index = 0;
  let inviteAt = 0;
  let cseq = 0;
  const add = (xml: string) => {
    body.push(xml);
    index += 1;
  };
  for (const step of steps) {
    if ('pauseMs' in step) add(`<pause milliseconds="${step.pauseMs}"/>`);
    else if ('playPcap' in step)
      add(`<nop><action><exec play_pcap_audio="${step.playPcap}"/></action></nop>`);
    else if ('receive' in step) {
      if (step.receive === 'BYE') add('<recv request="BYE"/>');
      else {
        const stop = (status: number) => {
          const timer = step.stopsTimer?.[status];
          return timer === undefined ? '' : ` rtd="${timer}"`;
        };
        for (const status of [100, 180]) {
          if (step.receive > status)
            add(`<recv response="${status}" optional="true"${stop(status)}/>`);
        }
        const challenge = step.isChallenge === true ? ' auth="true"' : '';
        const route = step.receive === 200 ? ' rrs="true"' : '';
        const { matches } = step;
        const check =
          matches === undefined
            ? ''
            : `<action><ereg regexp="${matches}" search_in="msg" check_it="true" assign_to="matched"/></action>`;
        add(
          `<recv response="${step.receive}"${challenge}${route}${stop(step.receive)}>${check}</recv>`,
        );
      }
    } else {
      if (step.send === 'INVITE') {
        inviteAt = index;
        cseq += 1;
      }
      if (step.send === 'BYE') cseq += 1;
      add(sendXml(step, { distance: index - inviteAt, cseq }));
    }
  }
  // sipp wants each variable used somewhere.
  if (body.some((xml) => xml.includes('"matched"'))) body.push('<Reference variables="matched"/>');
  return `<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="${name}">\n${body.join('\n')}\n</scenario>\n`;
}

function sendXml(
  step: Extract<SippStep, { send: string }>,
  { distance, cseq }: { readonly distance: number; readonly cseq: number },
): string {
  if (step.send === '200') {
    const headers = [
      '[last_Via:]',
      '[last_From:]',
      '[last_To:]',
      '[last_Call-ID:]',
      '[last_CSeq:]',
      'Content-Length: 0',
    ];
    return sendText(['SIP/2.0 200 OK', ...headers, '']);
  }
  const isInDialog =
    step.send === 'BYE' ||
    step.send === 'ACK' ||
    (step.send === 'INVITE' && step.isInDialog === true);
  // CANCEL and the ACK to a refusal belong to the INVITE's transaction.
  const isSameTransaction =
    step.send === 'CANCEL' || (step.send === 'ACK' && step.to === 'refusal');
  const branch = isSameTransaction ? `[branch-${distance}]` : '[branch]';
  const hasBody =
    (step.send === 'INVITE' && step.offer !== 'none') ||
    (step.send === 'ACK' && step.answer === true);
  const media = step.send === 'INVITE' ? step.media : undefined;
  const isUnknownCodec = step.send === 'INVITE' && step.offer === 'G.729 only';
  const lines = [
    `${step.send} sip:[service]@[remote_ip]:[remote_port] SIP/2.0`,
    `Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=${branch}`,
    'From: "sipp" <sip:[from_user]@[local_ip]:[local_port]>;tag=[pid]SIPpTag[call_number]',
    `To: <sip:[service]@[remote_ip]:[remote_port]>${isInDialog ? '[peer_tag_param]' : ''}`,
    'Call-ID: [call_id]',
    `CSeq: ${cseq} ${step.send}`,
    'Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>',
    'Max-Forwards: 70',
    ...(step.send === 'INVITE' && step.withCredentials === true ? ['[authentication]'] : []),
    ...(hasBody
      ? ['Content-Type: application/sdp', 'Content-Length: [len]']
      : ['Content-Length: 0']),
    '',
    ...(hasBody ? sdpLines(isUnknownCodec ? [['18', 'G729']] : g711, cseq, media) : []),
  ];
  const isRetransmitted = step.send !== 'ACK';
  const timer = step.send === 'INVITE' ? step.startsTimer : undefined;
  return sendText(
    lines,
    `${isRetransmitted ? ' retrans="500"' : ''}${timer === undefined ? '' : ` start_rtd="${timer}"`}`,
  );
}

function sendText(lines: readonly string[], attributes = ''): string {
  return `<send${attributes}><![CDATA[\n\n${lines.join('\n')}\n\n]]></send>`;
}

/** An INVITE without credentials is challenged. */
export const askedForCredentials: readonly SippStep[] = [
  { send: 'INVITE' },
  { receive: 407, isChallenge: true },
  { send: 'ACK', to: 'refusal' },
];
const challenged: readonly SippStep[] = [
  ...askedForCredentials,
  { send: 'INVITE', withCredentials: true },
];
const refusedWith = (status: number): SippStep[] => [
  { receive: status },
  { send: 'ACK', to: 'refusal' },
];
const answered: readonly SippStep[] = [...challenged, { receive: 200 }, { send: 'ACK', to: '200' }];
const hungUp: readonly SippStep[] = [{ send: 'BYE' }, { receive: 200 }];

/** The callers of the end-to-end tests. */
export const sippSteps = {
  'answered call, caller hangs up': [...answered, { pauseMs: 1_500 }, ...hungUp],
  'answered call with audio, caller hangs up': [
    ...answered,
    { playPcap: '/usr/share/sip-tester/g711a.pcap' },
    { pauseMs: 3_000 },
    ...hungUp,
  ],
  'answered call, node hangs up': [...answered, { receive: 'BYE' }, { send: '200' }],
  'wrong password': [...challenged, ...refusedWith(407)],
  'unknown number': [{ send: 'INVITE' }, ...refusedWith(404)],
  'rings until 480': [...challenged, { receive: 180 }, ...refusedWith(480)],
  'no offer in the INVITE, caller hangs up': [
    ...askedForCredentials,
    { send: 'INVITE', withCredentials: true, offer: 'none' },
    { receive: 200 },
    { send: 'ACK', to: '200', answer: true },
    { pauseMs: 1_000 },
    ...hungUp,
  ],
  'no common codec': [
    ...askedForCredentials,
    { send: 'INVITE', withCredentials: true, offer: 'G.729 only' },
    ...refusedWith(488),
  ],
  'cancel while ringing': [
    ...challenged,
    { receive: 180 },
    { pauseMs: 300 },
    { send: 'CANCEL' },
    { receive: 200 },
    { receive: 487 },
    { send: 'ACK', to: 'refusal' },
  ],
  'refused with 503': [{ send: 'INVITE' }, ...refusedWith(503)],
  'refused with 503 after the challenge': [...challenged, ...refusedWith(503)],
} as const satisfies Record<string, readonly SippStep[]>;

export type SippCaller = keyof typeof sippSteps;
