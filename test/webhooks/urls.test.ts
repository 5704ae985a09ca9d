import { describe, it } from 'vitest';
import { checkWebhookUrl, parseRetryAfter, urlRefusal, WEBHOOKS_MAX } from '../../src/domain/webhook.ts';

const PRODUCTION = { allowsLoopback: false, ownOrigin: 'https://gateway.example.com' };
const DEVELOPMENT = { allowsLoopback: true, ownOrigin: 'http://localhost:8787' };

const codesOf = (text: string, rule = PRODUCTION): readonly string[] => {
  const checked = checkWebhookUrl(text, ['url'], rule);
  return checked.ok ? [] : checked.issues.map(({ code }) => code);
};

describe('the URL of an endpoint', () => {
  it.for([
    'https://example.com/hook',
    'https://example.com/hook.php?token=a%20b',
    'https://hooks.example.co.uk/kling.png',
    'https://xn--bcher-kva.example/',
  ])('may be %s', (text, { expect }) => {
    expect(codesOf(text)).toEqual([]);
  });

  it.for([
    ['http://example.com/hook', 'URL_NOT_ALLOWED'],
    ['https://example.com:8443/hook', 'URL_NOT_ALLOWED'],
    ['https://user:pass@example.com/', 'URL_NOT_ALLOWED'],
    ['https://localhost/hook', 'URL_NOT_ALLOWED'],
    ['http://localhost:3000/hook', 'URL_NOT_ALLOWED'],
    ['http://127.0.0.1/', 'URL_NOT_ALLOWED'],
    ['https://8.8.8.8/hook', 'URL_NOT_ALLOWED'],
    ['https://0x08080808/hook', 'URL_NOT_ALLOWED'],
    ['https://[2606:4700::1111]/hook', 'URL_NOT_ALLOWED'],
    ['https://[::1]/hook', 'URL_NOT_ALLOWED'],
    ['https://169.254.169.254/latest', 'URL_NOT_ALLOWED'],
    ['https://intranet/hook', 'URL_NOT_ALLOWED'],
    ['https://db.internal/hook', 'URL_NOT_ALLOWED'],
    ['https://gateway.example.com/graphql', 'URL_NOT_ALLOWED'],
    ['https://example.com/#fragment', 'MALFORMED'],
    ['https://example.com/a b', 'MALFORMED'],
    ['https:\\\\example.com', 'MALFORMED'],
    ['example.com/hook', 'MALFORMED'],
    ['', 'MALFORMED'],
  ])('must not be %s in production', ([text, code], { expect }) => {
    expect(codesOf(text!)).toContain(code);
  });

  it('may be plain http on the same machine in development, on any port', ({ expect }) => {
    for (const host of ['localhost:3000', '127.0.0.1:9', '[::1]:8080']) {
      expect(codesOf(`http://${host}/hook`, DEVELOPMENT)).toEqual([]);
    }
    expect(codesOf('http://example.com/hook', DEVELOPMENT)).toContain('URL_NOT_ALLOWED');
    expect(codesOf('http://192.168.1.2/hook', DEVELOPMENT)).toContain('URL_NOT_ALLOWED');
  });

  it('has at most 2,048 characters', ({ expect }) => {
    const start = 'https://example.com/';
    const longest = start + 'a'.repeat(WEBHOOKS_MAX.urlChars - start.length);
    expect(codesOf(longest)).toEqual([]);
    expect(codesOf(`${longest}a`)).toEqual(['OUT_OF_RANGE']);
    // A character that is percent-encoded counts as it is sent.
    expect(codesOf(`${longest.slice(0, -1)}é`)).toEqual(['OUT_OF_RANGE']);
  });
});

describe('before each attempt, a URL', () => {
  it.for([
    ['https://example.com/hook', 'https://example.com/hook', null],
    ['https://example.com/task-7', 'https://example.com/hook', null],
    ['https://example.com/task-7', 'https://moved.example/hook', /another origin/],
    ['https://gateway.example.com/hook', 'https://gateway.example.com/hook', /gateway itself/],
    ['http://localhost:3000/hook', 'http://localhost:3000/hook', /https/],
  ] as const)('of %s is checked again, with an endpoint at %s', ([url, endpointUrl, refusal], { expect }) => {
    const said = urlRefusal(url, endpointUrl, PRODUCTION);
    if (refusal === null) expect(said).toBeNull();
    else expect(said).toMatch(refusal);
  });
});

describe('Retry-After', () => {
  const NOW = Date.UTC(2026, 10, 21, 12);
  it.for([
    [null, null],
    ['', null],
    ['soon', null],
    ['-5', 0],
    ['1.5', 1_500],
    ['0', 0],
    ['120', 120_000],
    ['Sat, 21 Nov 2026 12:01:00 GMT', 60_000],
    ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
  ] as const)('of %s asks for %s ms', ([text, ms], { expect }) => {
    expect(parseRetryAfter(text, NOW)).toBe(ms);
  });
});
