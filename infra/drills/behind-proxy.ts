/** Calls of a node that reaches its edge through a proxy, which can be told to fail. */
import { freeTcpPort } from '../local/free-port.ts';
import { type CallgateSubject, startCallgate } from './callgate-subject.ts';
import { FaultProxy } from './fault-proxy.ts';
import { type Fleet, withFleet } from './fleet.ts';

/** What such a drill works with. */
export interface BehindProxy {
  readonly callgate: CallgateSubject;
  readonly fleet: Fleet;
  readonly proxy: FaultProxy;
}

/** Runs with that many calls up and frees everything, whatever happens. */
export async function withFleetBehindProxy(
  calls: number,
  run: (parts: BehindProxy) => Promise<void>,
): Promise<void> {
  const edgePort = await freeTcpPort('127.0.0.1');
  const proxy = await FaultProxy.start(edgePort);
  try {
    const callgate = await startCallgate(calls, {
      edgePort,
      nodeEnvironment: { CALLGATE_EDGE_URL: proxy.url },
    });
    await withFleet(callgate, calls, (fleet) => run({ callgate, fleet, proxy }));
  } finally {
    await proxy.close();
  }
}
