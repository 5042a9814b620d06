/**
 * A call on paper, gone through once before the first real one: an INVITE read, a decision checked, its offer answered. What runs for the first time is loaded and compiled
 * while it runs, which took the first caller some 20 ms. Nothing of it leaves the process.
 */
import { decision, decisionExamples } from '@callgate/shared/contract/decision.ts';
import { CallMedia } from './call/call-media.ts';
import { phoneCodecNames } from './media/media-pool.ts';
import { readMessage } from './sip/wire/read-message.ts';

const offer = `v=0
o=- 1 1 IN IP4 192.0.2.1
s=-
c=IN IP4 192.0.2.1
t=0 0
m=audio 4000 RTP/AVP 0 8 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=sendrecv
`.replaceAll('\n', '\r\n');

const invite = `INVITE sip:+15550100@192.0.2.2 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKrehearsal;rport
Max-Forwards: 70
From: "Rehearsal" <sip:+15550101@192.0.2.1>;tag=1
To: <sip:+15550100@192.0.2.2>
Call-ID: rehearsal@192.0.2.1
CSeq: 1 INVITE
Contact: <sip:192.0.2.1:5060>
Content-Type: application/sdp
Content-Length: ${offer.length}

`.replaceAll('\n', '\r\n');

/** @returns the answer to the offer; null: something was not understood, and less is ready for the first caller */
export function rehearse(): string | null {
  const reading = readMessage(Buffer.from(invite + offer));
  const { data } = decision.safeParse(decisionExamples.join);
  if (reading.kind !== 'message' || data?.kind !== 'join') return null;
  const media = new CallMedia(
    { codecs: phoneCodecNames, srtpSuites: [], newKey: () => Buffer.alloc(0) },
    '192.0.2.1',
  );
  const { body } = reading.message;
  media.settle({ contentType: 'application/sdp', body }, data.media);
  return media.answer({ address: '192.0.2.2', port: 4002 })?.bytes.toString() ?? null;
}
