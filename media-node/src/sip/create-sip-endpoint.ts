/** Puts the SIP endpoint together: socket, transactions, dialogs, and the port that the call knows it by. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Log } from '../ops/log.ts';
import type { DialogServices } from './dialog/dialog-services.ts';
import { OwnAddresses } from './own-addresses.ts';
import { RefusalLog } from './refusal-log.ts';
import { RequestSender } from './request-sender.ts';
import type { SipEndpoint } from './sip-endpoint.ts';
import type { RandomBytes } from './transaction/random-token.ts';
import { TransactionTable } from './transaction/transaction-table.ts';
import { type NameResolver, systemResolver } from './transport/locate.ts';
import type { Transport } from './transport/transport.ts';
import { UdpTransport } from './transport/udp-transport.ts';
import { UserAgent } from './user-agent.ts';

export interface SipEndpointOptions {
  /** Address (literal) and port to bind; port 0 takes a free one. */
  readonly listen: { readonly address: string; readonly port: number };
  /** Host that Contact and our Via name; null: the address that a request arrived at. */
  readonly advertise: string | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: RandomBytes;
  readonly resolver?: NameResolver;
}

/** An endpoint that does nothing until `listen`. */
export function createSipEndpoint(options: SipEndpointOptions): SipEndpoint {
  return assembleEndpoint(options, new UdpTransport(options.listen));
}

/** The endpoint on a transport of the caller's choice: tests bring one without sockets. */
export function assembleEndpoint(
  options: Omit<SipEndpointOptions, 'listen'>,
  transport: Transport,
): SipEndpoint {
  const { clock, log, random = randomBytes, resolver = systemResolver() } = options;
  const addresses = new OwnAddresses(options.advertise, clock);
  const refusals = new RefusalLog(clock, log);
  const onUnsent = (why: string) => log('warn', 'sip-not-sent', { why });
  const transactions = new TransactionTable({
    clock,
    onFault: (error) =>
      log('error', 'sip-fault', {
        why: error,
        stack: error instanceof Error ? error.stack : undefined,
      }),
    onUnsent,
  });
  const sender = new RequestSender({
    transactions,
    transport,
    addresses,
    resolver,
    random,
    onUnsent,
  });
  const services: DialogServices = {
    clock,
    log,
    random,
    localFor: (flow) => addresses.for(flow),
    contactFor: (flow) => addresses.contactFor(flow),
    send: (request, to, flow, events) => sender.send(request, to, flow, events),
    sendOnce: (request, to, flow) => sender.sendOnce(request, to, flow),
  };
  let agent: UserAgent | null = null;

  return {
    async listen({ onInvite }) {
      const userAgent = new UserAgent({
        transactions,
        sender,
        services,
        onInvite,
        onRefused: (source, fields) => refusals.note(source, fields),
      });
      agent = userAgent;
      return await transport.open({
        onMessage: (arrival) => {
          try {
            userAgent.receive(arrival);
          } catch (error) {
            // Whatever a message does to us, the next one is served.
            log('error', 'sip-fault', {
              why: error,
              stack: error instanceof Error ? error.stack : undefined,
            });
          }
        },
        onTrouble: (what, why) => log('warn', what, { why }),
      });
    },
    stats: () => ({
      transactions: transactions.size,
      dialogs: agent?.dialogCount ?? 0,
      refusedByGate: agent?.refusedByGate ?? 0,
    }),
    async close() {
      agent?.close();
      transactions.close();
      await transport.close();
    },
  };
}
