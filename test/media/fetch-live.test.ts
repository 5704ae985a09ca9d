import { describe, it } from 'vitest';
import { sha256 } from '../../src/lib/hash.ts';
import { env, openSandbox } from '../support/ledger.ts';
import { askOne } from '../support/tenants/ask.ts';

openSandbox('fetch-live');

const FIELDS = 'id status sha256 bytes url upload { url } problems { code message } durationMs width height';
const CREATE = `mutation ($kind: MediaKind!, $url: String!) { createMedia(kind: $kind, source: { url: $url }) {
  __typename ... on Media { ${FIELDS} } ... on Failure { code message } ... on InvalidInputError { issues { path code } } } }`;
const READ = `query ($id: ID!) { node(id: $id) { ... on Media { ${FIELDS} } } }`;
const EXAMPLES = `${env.SANDBOX_URL}/files/examples`;

// oxlint-disable-next-line typescript/no-explicit-any -- the shape of an answer is that of its operation
type Data = any;

async function create(tenant: string, url: string, kind = 'VIDEO'): Promise<Data> {
  const { data, errors } = await askOne(tenant, CREATE, { kind, url });
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data.createMedia;
}

async function read(tenant: string, id: string): Promise<Data> {
  return (await askOne(tenant, READ, { id })).data.node;
}

describe('a media of a URL', () => {
  it.for([
    ['VIDEO', 'face-5s.mp4', { width: 1280, height: 720 }],
    ['AUDIO', 'narrator-12s.mp3', { width: null, height: null }],
  ] as const)(
    'of kind %s is fetched by the alarm of its object, and played',
    async ([kind, name, size], { expect }) => {
      const made = await create('fetcher', `${EXAMPLES}/${name}`, kind);
      expect(made).toMatchObject({ status: 'CHECKING', upload: null, sha256: null });
      await expect
        .poll(() => read('fetcher', made.id), { timeout: 20_000 })
        .toMatchObject({ status: 'READY', ...size });
      const { sha256: recorded, bytes, problems } = await read('fetcher', made.id);
      const file = new Uint8Array(await (await fetch(`${EXAMPLES}/${name}`)).arrayBuffer());
      expect([recorded, Number(bytes), problems]).toEqual([await sha256(file), file.byteLength, []]);
    },
  );

  it('that is missing is rejected', async ({ expect }) => {
    const { id } = await create('fetcher', `${env.SANDBOX_URL}/files/nothing.mp4`);
    await expect
      .poll(() => read('fetcher', id), { timeout: 20_000 })
      .toMatchObject({ status: 'REJECTED', problems: [expect.objectContaining({ code: 'FETCH_FAILED' })] });
  });
});

let attackers = 0;

/** The gateway of the tests may fetch from this computer, as in local development. Tables of URLs have the other hosts. */
describe('an attacker who makes the gateway fetch a private service', () => {
  it.for([
    'http://files.example.com/a.mp4',
    'http://10.0.0.1/a.mp4',
    'https://10.1.2.3/a.mp4',
    'https://192.168.0.1/a.mp4',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::ffff:10.0.0.1]/a.mp4',
    'https://metadata.google.internal/a.mp4',
    'https://printer.local/a.mp4',
    'https://files.example.com:8443/a.mp4',
    'https://user:password@files.example.com/a.mp4',
    'ftp://files.example.com/a.mp4',
    'file:///etc/passwd',
    'data:video/mp4;base64,AAAA',
  ])('is refused, and nothing is stored: %s', async (url, { expect }) => {
    const tenant = `attacker-${(attackers += 1)}`;
    const refused = await create(tenant, url);
    expect(refused).toMatchObject({ __typename: 'InvalidInputError', code: 'BAD_USER_INPUT' });
    for (const issue of refused.issues) expect(issue.path).toEqual(['source', 'url']);
    const { data } = await askOne(tenant, '{ media(first: 1) { edges { node { id } } } }', {});
    expect(data.media.edges).toEqual([]);
  });
});
