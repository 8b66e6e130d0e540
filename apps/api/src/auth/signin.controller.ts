import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { MeshfleetError } from '@meshfleet/model';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiConfig } from '../config/parse-config.ts';
import { CONFIG } from '../tokens.ts';
import { Authenticator } from './authenticator.ts';
import { CSRF_HEADER, sessionCookie } from './credentials.ts';

/** No session outlives a working day, however long its token does. */
const LONGEST_SESSION_S = 12 * 3_600;

/** Turns a token of the identity provider, from a link, into a browser session; and ends sessions. */
@Controller()
export class SigninController {
  readonly #authenticator: Authenticator;
  readonly #config: ApiConfig;

  constructor(@Inject(Authenticator) authenticator: Authenticator, @Inject(CONFIG) config: ApiConfig) {
    this.#authenticator = authenticator;
    this.#config = config;
  }

  @Get('signin')
  async signIn(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    // The token stands in the address: it must reach no cache and no other site.
    void reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer');
    const { token } = request.query as { token?: unknown };
    if (!this.#config.signinLink || typeof token !== 'string') {
      await reply.code(404).type('text/plain').send('There is nothing to sign in with. Open the sign-in link that you were given.\n');
      return;
    }
    try {
      const { expiresAt } = await this.#authenticator.person(token);
      const seconds = Math.min(LONGEST_SESSION_S, (expiresAt.getTime() - Date.now()) / 1000);
      await reply.header('set-cookie', sessionCookie(token, seconds, this.#secure)).redirect('/graphiql', 303);
    } catch (error) {
      const known = error instanceof MeshfleetError ? error : undefined;
      const status = known?.code === 'IDENTITY_PROVIDER_UNAVAILABLE' ? 503 : 401;
      await reply.code(status).type('text/plain').send(`${known?.summary ?? 'The sign-in link does not work'}. ${known?.fix ?? ''}\n`);
    }
  }

  @Post('signout')
  async signOut(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (request.headers[CSRF_HEADER] === undefined) {
      await reply.code(403).type('text/plain').send('Send the header Meshfleet-Request: 1.\n');
      return;
    }
    await reply.header('set-cookie', sessionCookie(undefined, 0, this.#secure)).code(204).send();
  }

  get #secure(): boolean {
    return this.#config.publicUrl.startsWith('https:');
  }
}
