import type { GatewayContext } from '../context.ts';
import type { RequestTrace } from './log.ts';

/** What Yoga's plugins and the resolvers get of a request. */
export type ServerContext = GatewayContext & { readonly trace: RequestTrace };
