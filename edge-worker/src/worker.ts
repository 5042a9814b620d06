/** The Worker: the app, the consumer of the queue and the Durable Object classes that wrangler.toml names. Nothing else. */
import { createApp } from './app.ts';
import { systemClock } from './clock.ts';
import type { Env } from './env.ts';
import type { Delivery } from './events/event.ts';
import { consumeEvents } from './events/queue.ts';

export { TrunkCalls } from './caps/trunk-calls.ts';
export { Webhooks } from './events/webhooks.ts';
export { LiveCalls } from './live/live-calls.ts';
export { NodeLink } from './nodes/node-link.ts';
export { PinLockout } from './offers/pin-lockout.ts';
export { CallRecords } from './records/call-records.ts';
export { RoutingTable } from './routing/table/routing-table.ts';

const app = createApp(systemClock);
export default { fetch: app.fetch, queue: consumeEvents } satisfies ExportedHandler<Env, Delivery>;
