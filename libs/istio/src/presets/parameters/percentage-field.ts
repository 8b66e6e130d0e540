import { z } from 'zod';

/** Share of requests in per cent; at least one in a million, the finest that proxies tell apart. */
export const percentageField = z.number().min(0.0001).max(100);
