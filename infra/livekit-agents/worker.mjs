/**
 * A worker of LiveKit's agent framework, as its users write one: it registers under AGENT_NAME, and in each room it is sent to says a tone, notes who called and
 * which keys are pressed; at # it ends the call. What it sees goes to standard output, a line of JSON each.
 */
import { fileURLToPath } from 'node:url';
import { AgentServer, defineAgent, initializeLogger, ServerOptions } from '@livekit/agents';
import {
  AudioFrame,
  AudioSource,
  LocalAudioTrack,
  RoomEvent,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';

const sampleRateHz = 48_000;
const frameSamples = sampleRateHz / 100;
const toneHz = 1_000;

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

export default defineAgent({
  entry: async (ctx) => {
    await ctx.connect();
    const { room } = ctx;
    room.on(RoomEvent.DtmfReceived, (_code, digit) => tell({ kind: 'digit', digit }));
    room.on(RoomEvent.ParticipantAttributesChanged, (changed, { identity }) =>
      tell({ kind: 'attributes', identity, changed }),
    );
    const caller = await ctx.waitForParticipant();
    const { identity, name, attributes } = caller;
    tell({ kind: 'caller', participantKind: caller.info.kind, identity, name, attributes });
    room.on(RoomEvent.DtmfReceived, (_code, digit) => {
      if (digit !== '#') return;
      const payload = JSON.stringify({ headers: { 'X-Why': 'the agent is done' } });
      const request = { destinationIdentity: identity, method: 'lk.sip.EndCall', payload };
      room.localParticipant.performRpc(request).then(
        (answer) => tell({ kind: 'end-call', answer }),
        (error) => tell({ kind: 'end-call', error: String(error) }),
      );
    });

    const source = new AudioSource(sampleRateHz, 1, 100);
    const track = LocalAudioTrack.createAudioTrack('voice', source);
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
    await room.localParticipant.publishTrack(track, options);
    let isLeaving = false;
    ctx.addShutdownCallback(async () => {
      isLeaving = true;
    });
    for (let at = 0; !isLeaving; at += frameSamples) {
      const samples = Int16Array.from({ length: frameSamples }, (_, i) =>
        Math.round(8_000 * Math.sin((2 * Math.PI * toneHz * (at + i)) / sampleRateHz)),
      );
      await source.captureFrame(new AudioFrame(samples, sampleRateHz, 1, frameSamples));
    }
  },
});

// The framework imports this file again in the process of each job.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  initializeLogger({ pretty: false, level: 'warn' });
  const server = new AgentServer(
    new ServerOptions({
      agent: fileURLToPath(import.meta.url),
      agentName: process.env.AGENT_NAME ?? '',
      wsURL: process.env.LIVEKIT_URL ?? '',
      apiKey: process.env.LIVEKIT_API_KEY,
      apiSecret: process.env.LIVEKIT_API_SECRET,
      host: '127.0.0.1',
      port: 0,
      numIdleProcesses: 1,
      // A machine that runs tests is busy; the worker would refuse jobs.
      loadThreshold: Number.POSITIVE_INFINITY,
    }),
  );
  server.event.on('worker_registered', () => tell({ kind: 'registered' }));
  process.on('SIGTERM', () => server.close().finally(() => process.exit(0)));
  await server.run();
}
