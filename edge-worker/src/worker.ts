/** The Worker: the app and the Durable Object classes that wrangler.toml names. Nothing else. */
import { createApp } from './app.ts';
import { systemClock } from './clock.ts';

export { TrunkCalls } from './caps/trunk-calls.ts';
export { NodeLink } from './nodes/node-link.ts';
export { PinLockout } from './offers/pin-lockout.ts';
export { CallRecords } from './records/call-records.ts';
export { RoutingTable } from './routing/table/routing-table.ts';
export default createApp(systemClock);
