import { allOf } from './measure.ts';
import { answers, probe, type Question } from './calls-to-echo.ts';
import { createIssuer, keySet } from './token-issuer.ts';
import { HOSTS } from './outside-world.ts';
import { render, under, type PresetProof, type Stage } from './stage.ts';
import { untilSettled } from './until.ts';

const NAME = `https://${HOSTS.issuer}/`;
const bearer = (token: string, path = '/'): Question => ({ path, headers: { authorization: `Bearer ${token}` } });
const targetOf = ({ namespace }: Stage): object => ({ scope: 'WORKLOADS', namespace, labels: { app: 'echo' } });

export const tokens: PresetProof = {
  presets: ['jwt-authentication', 'claim-based-access'],
  prove: async (stage) => {
    await keysInline(stage);
    await keysFetched(stage);
  },
};

async function keysInline(stage: Stage): Promise<void> {
  const { client, report } = stage;
  const target = targetOf(stage);
  const issuer = await createIssuer(NAME);
  const [clerk, customer] = await Promise.all([issuer.token({ aud: 'shop', groups: ['staff', 'clerks'] }), issuer.token({ aud: 'shop', groups: ['customers'] })]);
  const [forged, expired, elsewhere] = await Promise.all([(await createIssuer(NAME)).token({ aud: 'shop' }), issuer.token({ aud: 'shop' }, -60), issuer.token({ aud: 'bank' })]);

  report.section('jwt-authentication');
  const parameters = { target, issuers: [{ issuer: NAME, audiences: ['shop'], jwks: keySet(issuer) }], requireToken: { ports: [8080], exceptPaths: ['/public'] } };
  await under(stage, render('jwt-authentication', parameters), async () => {
    await untilSettled(stage.proxies, 'a token is required', async () => (await answers(stage, client)) === 403);
    await untilSettled(stage.proxies, 'a token is taken', async () => (await answers(stage, client, bearer(clerk))) === 200);
    report.row(allOf('calls without a token', await probe(stage, client), 403));
    report.row(allOf('calls without one to a path that needs none', await probe(stage, client, { path: '/public' }), 200));
    report.row(allOf('calls with a token of the issuer', await probe(stage, client, bearer(clerk)), 200));
    report.row(allOf('calls with a token that another key signed', await probe(stage, client, bearer(forged)), 401));
    report.row(allOf('calls with an expired token', await probe(stage, client, bearer(expired)), 401));
    report.row(allOf('calls with a token for another audience', await probe(stage, client, bearer(elsewhere)), 403));

    report.section('claim-based-access');
    const rules = [{ claims: [{ claim: ['groups'], values: ['clerks'] }], paths: ['/ledger'] }, { claims: [{ claim: ['groups'], values: ['customers'] }], paths: ['/cart'] }];
    await under(stage, render('claim-based-access', { target, rules }), async () => {
      await untilSettled(stage.proxies, 'claims decide', async () => (await answers(stage, client, bearer(clerk))) === 403);
      report.row(allOf('GET /ledger of a clerk', await probe(stage, client, bearer(clerk, '/ledger')), 200));
      report.row(allOf('GET /ledger of a customer', await probe(stage, client, bearer(customer, '/ledger')), 403));
      report.row(allOf('GET /cart of a customer', await probe(stage, client, bearer(customer, '/cart')), 200));
      report.row(allOf('GET /ledger without a token', await probe(stage, client, { path: '/ledger' }), 403));
    });
  });
  await untilSettled(stage.proxies, 'nothing is required any more', async () => (await answers(stage, client)) === 200);
}

/** istiod fetches the keys by itself, and again from time to time: on this bed every second or two instead of every 20 minutes. */
async function keysFetched(stage: Stage): Promise<void> {
  const { client, istiod, report, world } = stage;
  const [old, next] = [await createIssuer(NAME, 'old'), await createIssuer(NAME, 'next')];
  const [byOld, byNext] = [bearer(await old.token({ aud: 'shop' })), bearer(await next.token({ aud: 'shop' }))];
  world.publishKeys(keySet(old));
  report.section('jwt-authentication');
  const parameters = { target: targetOf(stage), issuers: [{ issuer: NAME, audiences: ['shop'], jwksUri: world.keysUrls.trusted }], requireToken: { ports: [8080] } };
  await under(stage, render('jwt-authentication', parameters), async () => {
    await untilSettled(stage.proxies, 'tokens of the fetched key are taken', async () => (await answers(stage, client, byOld)) === 200);
    await untilSettled(stage.proxies, 'a token is required', async () => (await answers(stage, client)) === 403);
    report.row(allOf('calls with a token of the key at jwksUri, which istiod fetches over HTTPS', await probe(stage, client, byOld), 200));
    report.row(allOf('calls with a token of the next key, which is not there yet', await probe(stage, client, byNext), 401));
    world.publishKeys(keySet(old, next));
    await untilSettled(stage.proxies, 'the next key has come', async () => (await answers(stage, client, byNext)) === 200);
    report.row(allOf('calls with the next key’s token, once the issuer shows both', await probe(stage, client, byNext), 200));
    report.row(allOf('calls with the old key’s token meanwhile', await probe(stage, client, byOld), 200));
    world.publishKeys(keySet(next));
    await untilSettled(stage.proxies, 'the old key has gone', async () => (await answers(stage, client, byOld)) === 401);
    report.row(allOf('calls with the old key’s token, once the issuer has taken it away', await probe(stage, client, byOld), 401));
    report.row(allOf('calls with the next key’s token', await probe(stage, client, byNext), 200));
    const fetched = world.calls.filter(({ serverName }) => serverName === HOSTS.issuer);
    const byIstiod = fetched.filter(({ from }) => from === istiod.pod().network.address).length;
    report.row({ sent: 'who fetches the keys meanwhile, as the issuer sees it', expected: 'istiod, and nobody else', seen: `${byIstiod} of ${fetched.length} requests from istiod`, passed: byIstiod > 0 && byIstiod === fetched.length });
    await stage.hand.apply(render('jwt-authentication', { ...parameters, issuers: [{ issuer: NAME, audiences: ['shop'], jwksUri: world.keysUrls.untrusted }] }));
    await untilSettled(stage.proxies, 'no key is known', async () => (await answers(stage, client, byNext)) === 401);
    report.row(allOf('calls with its token, with jwksUri at a host whose certificate istiod does not trust', await probe(stage, client, byNext), 401));
  });
  await untilSettled(stage.proxies, 'nothing is required any more', async () => (await answers(stage, client)) === 200);
}
