import { positiveDurationField, REFERENCE } from '@meshfleet/manifest';
import { z } from 'zod';
import { jsonWebKeysField } from './json-web-keys.ts';

const text = z.string().min(1);
/** What Go reads as an address: a rule of the definition asks for that (`url(self)`), and refuses what it cannot read. */
const ADDRESS = new RegExp(String.raw`^https?:\/\/(?:\[[0-9a-fA-F:.]+\]|(?:[A-Za-z0-9._-]|${REFERENCE})+)(?::\d{1,5})?(?:[\/?](?:[^\s%"<>\\^{|}\u0060]|%[0-9A-Fa-f]{2}|${REFERENCE})*)?$`);
const headerName = z.string().regex(/^[-_A-Za-z0-9]+$/, 'Must be the name of a header, as in "x-user"');

/** An issuer whose tokens are taken, and what is done with them. */
export const jwtIssuerField = z
  .strictObject({
    issuer: text.meta({ title: 'Issuer', description: 'The claim "iss", letter by letter: a trailing slash counts.' }),
    audiences: z.array(text).min(1).optional().meta({ title: 'Audiences', description: 'One of them must stand in the claim "aud". Without any, every token of the issuer is taken, whomever it was made for.' }),
    jwksUri: z
      .string()
      .regex(ADDRESS, 'Must be an http or https address')
      .optional()
      .meta({ title: 'Address of the keys', description: 'Where istiod fetches the public keys. Without it and without keys istiod asks the issuer’s OpenID discovery.', examples: ['https://login.example.com/.well-known/jwks.json'] }),
    jwks: jsonWebKeysField.optional().meta({ title: 'Keys', description: 'The public keys themselves, as a JSON Web Key Set.' }),
    fromHeaders: z
      .array(z.strictObject({ name: headerName.meta({ title: 'Header', description: 'Name of the header.' }), prefix: text.optional().meta({ title: 'Prefix', description: 'What stands before the token, as in "Bearer ".' }) }))
      .min(1)
      .optional()
      .meta({ title: 'From headers', description: 'Where to look for the token. With any place named, "Authorization: Bearer" and the parameter access_token are no longer looked at.' }),
    fromParams: z.array(text).min(1).optional().meta({ title: 'From parameters', description: 'Parameters of the query.' }),
    fromCookies: z.array(text).min(1).optional().meta({ title: 'From cookies', description: 'Names of cookies.' }),
    spaceDelimitedClaims: z.array(text).min(1).max(64).optional().meta({ title: 'Claims of words', description: 'Claims that are texts of words with spaces between; access rules match each word. "scope" and "permission" always are. Needs Istio 1.29.' }),
    forwardToken: z.boolean().default(false).meta({ title: 'Forward the token', description: 'Hand the token on to the workload; else it is removed.' }),
    payloadHeader: headerName.optional().meta({ title: 'Payload header', description: 'Header that carries the verified payload to the workload, in base64url.' }),
    claimHeaders: z
      .array(z.strictObject({ header: headerName.meta({ title: 'Header', description: 'Header that the workload gets.' }), claim: text.meta({ title: 'Claim', description: 'Claim of the token: a text, number or boolean; nested ones as "a.b".' }) }))
      .min(1)
      .optional()
      .meta({ title: 'Claims as headers', description: 'Verified claims for the workload, as headers.' }),
    fetchTimeout: positiveDurationField.optional().meta({ title: 'Fetch timeout', description: 'How long fetching the keys may take; 5 s if none is given.' }),
  })
  .refine(({ jwksUri, jwks }) => jwksUri === undefined || jwks === undefined, { path: ['jwks'], message: 'Give the keys or their address, not both' });

export type JwtIssuer = z.output<typeof jwtIssuerField>;
