/** What `npm start` tells a person. */
import type { Stack } from './stack.ts';

/** Several lines, newline at the end. Holds the API secret of this run: it is for the terminal, never for a log. */
export function startText(stack: Stack): string {
  return `
Callgate runs.

  SIP        sip:<number>@${stack.node.sip} (UDP)       point a softphone or sipp here
  edge       ${stack.edge.url}
  LiveKit    ${stack.livekit.url}
  API key    ${stack.livekit.apiKey}
  API secret ${stack.livekit.apiSecret}

A call needs a trunk (who may call) and a dispatch rule (which room). In another terminal, with LiveKit's CLI:

  export LIVEKIT_URL=${stack.edge.url} LIVEKIT_API_KEY=${stack.livekit.apiKey} LIVEKIT_API_SECRET=${stack.livekit.apiSecret}
  lk sip inbound create --name phones --numbers +15550100 --auth-user alice --auth-pass secret
  lk sip dispatch create --name support --direct support

or from any program with LiveKit's server SDK, which takes ${stack.edge.url} as its URL:

  const sip = new SipClient('${stack.edge.url}', '${stack.livekit.apiKey}', '${stack.livekit.apiSecret}');
  await sip.createSipInboundTrunk('phones', ['+15550100'], { authUsername: 'alice', authPassword: 'secret' });
  await sip.createSipDispatchRule({ type: 'direct', roomName: 'support', pin: '' }, { name: 'support' });

Callers are challenged with MD5 here, because sipp 3.6 and baresip 1.0 give up at SHA-256; a deployment offers SHA-256 first.
The phone rings until somebody in the room "support" publishes audio; then both hear each other. "npm run demo" shows a whole call.
Stop with Ctrl-C.
`;
}
