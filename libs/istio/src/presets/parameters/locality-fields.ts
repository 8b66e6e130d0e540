import { z } from 'zod';

const PART = '[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?';

export const region = z.string().max(63).regex(new RegExp(`^${PART}$`), 'Write a region as the nodes are labelled with, as in "eu-central-1"');

/** `region`, `region/zone` or `region/zone/subzone`, where a part may be `*`. */
export const locality = z
  .string()
  .max(200)
  .regex(new RegExp(`^${PART}(/(\\*|${PART}(/(\\*|${PART}))?))?$`), 'Write region/zone/subzone as the nodes are labelled with, as in "eu-central-1/eu-central-1a/*"');

export const NODE_LABELS_NOTE = 'Localities come from the labels topology.kubernetes.io/region and /zone of the nodes (and topology.istio.io/subzone). Without them nothing is near or far, and the rule does nothing.';
