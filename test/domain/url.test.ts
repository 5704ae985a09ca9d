import { describe, expect, it } from 'vitest';
import { checkFileUrl, checkUrl, URL_CHARS_MAX, type UrlPurpose } from '../../src/domain/url.ts';

const PATH = ['input', 'source', 'url'];

function messages(url: string, purpose: UrlPurpose = 'voice'): string {
  const checked = checkUrl(url, purpose, PATH);
  return checked.ok ? '' : checked.issues.map((issue) => issue.message).join('; ');
}

describe('checkUrl', () => {
  it.each([
    'https://p2-kling.klingai.com/kcdn/cdn-kcdn112452/kling-qa-test/out.mp3',
    'https://bucket.s3.eu-west-1.amazonaws.com/a.wav?X-Amz-Signature=0123abcd&X-Amz-Date=20261121T000000Z',
    'https://my_bucket.storage.example.com/a%20b.mp3',
    'https://cdn.example.com/v1.0',
    'https://cdn.example.com/v1.10',
    'https://cdn.example.com/100%/a.mp3',
    'https://cdn.example.com/signed/0a1b2c?file=x.exe',
    'https://cdn.example.com/download.php?file=x.mp4',
    'https://cdn.example.com/download.aspx',
    'https://cdn.example.com/clip.exe',
    'https://cdn.example.com',
    'https://cdn.example.com/folder.d/',
    'https://cdn.example.com/com.example.recording',
    'https://cdn.example.com:443/a.mp3',
    'https://8.8.8.8/a.mp3',
    'https://172.32.0.1/a.mp3',
    'https://100.128.0.1/a.mp3',
    'https://[2606:4700::6810:84e5]/a.mp3',
    'https://localhost.example.com/a.mp3',
    'https://10.0.0.1.example.com/a.mp3',
    'HTTPS://EXAMPLE.COM/A.MP3',
  ])('accepts %s', (url) => {
    expect(messages(url)).toBe('');
  });

  it.each([
    ['https://EXAMPLE.com:443', 'https://example.com/'],
    ['https://例子.example.com/声音.mp3', 'https://xn--fsqu00a.example.com/%E5%A3%B0%E9%9F%B3.mp3'],
    ['https://example.com/a/../b.mp3', 'https://example.com/b.mp3'],
    ['https://example.com/b.mp3?sig=a%2Fb+c%3D', 'https://example.com/b.mp3?sig=a%2Fb+c%3D'],
  ])('normalizes %s to %s', (url, sent) => {
    expect(checkUrl(url, 'voice', PATH)).toEqual({ ok: true, value: sent });
  });

  it.each([
    ['voice', ['mp3', 'wav', 'mp4', 'mov', 'MP3', 'Mov'], ['m4a', 'aac', 'ogg', 'png', 'webm', 'm4v']],
    ['video', ['mp4', 'mov', 'MP4'], ['mp3', 'wav', 'webm', 'avi', 'jpg', 'm4v']],
    ['audio', ['mp3', 'wav', 'm4a', 'aac', 'AAC'], ['mp4', 'mov', 'm4v', 'ogg', 'flac']],
  ] as const)('accepts only the media types of a %s source', (purpose, accepted, refused) => {
    for (const extension of accepted) expect(messages(`https://example.com/a.${extension}`, purpose)).toBe('');
    for (const extension of refused) {
      expect(messages(`https://example.com/a.${extension}`, purpose)).toContain(`not .${extension}`);
    }
    expect(messages('https://example.com/a.mp3%2Egif', purpose)).toContain('not .gif');
  });

  it('accepts 8192 characters and no more, as given and as sent', () => {
    const base = 'https://example.com/';
    expect(messages(base + 'a'.repeat(URL_CHARS_MAX - base.length))).toBe('');
    expect(messages(base + 'a'.repeat(URL_CHARS_MAX - base.length + 1))).toMatch(/at most 8192.*was 8193/);
    expect(messages(base + '声'.repeat(1_000))).toMatch(/at most 8192.*was 9020/);
  });

  it.each([
    ['https://example.com/a.3gp', 'must be a file of type .mp3 .wav .mp4 .mov, not .3gp'],
    ['https://example.com/100%.gif', 'must be a file of type .mp3 .wav .mp4 .mov, not .gif'],
    ['https://example.com/100%/a.mp3%2Egif', 'must be a file of type .mp3 .wav .mp4 .mov, not .gif'],
    ['http://example.com:8080/a.mp3', 'must be an https URL, not http'],
    ['gopher://10.0.0.1/a.exe', 'must be an https URL, not gopher'],
    [`${'x'.repeat(50)}://example.com/`, `must be an https URL, not ${'x'.repeat(20)}`],
    ...['http', 'ws', 'wss', 'ftp'].map((scheme) => [
      `${scheme}://10.0.0.1/a.mp3`,
      `must be an https URL, not ${scheme}; host must not be the private or reserved address 10.0.0.1`,
    ]),
    ['https://example.com:8443/a.mp3', 'must use the default port 443, not 8443'],
    ['x'.repeat(9000), 'must be at most 8192 characters long, was 9000'],
  ])('refuses %s: %s', (url, message) => {
    expect(messages(url)).toBe(message);
  });

  it('reports all issues at once at the path, without the secret part of the URL', () => {
    const checked = checkUrl('https://me:hunter2@10.0.0.1:8080/secret.gif?token=secret', 'video', PATH);
    expect(checked.ok ? [] : checked.issues).toHaveLength(4);
    expect(checked.ok ? [] : checked.issues.map((issue) => issue.path)).toEqual([PATH, PATH, PATH, PATH]);
    expect(JSON.stringify(checked)).not.toMatch(/hunter2|secret/);
  });
});

function messagesOf(url: string, localHost: string | null): string {
  const checked = checkFileUrl(url, 'video', PATH, localHost);
  return checked.ok ? checked.value : checked.issues.map((issue) => issue.message).join('; ');
}

describe('checkFileUrl', () => {
  const LOCAL = [
    'http://localhost:8788/files/examples/clip-10s.mp4',
    'http://127.0.0.1:8788/clip.mp4',
    'http://[::1]:8788/clip.mp4',
    'https://localhost/clip.mp4',
    'HTTP://LOCALHOST:80/clip.mp4',
    'http://2130706433/clip.mp4',
  ];
  it.each(LOCAL)('allows %s beside a sandbox, and refuses it for Kling', (url) => {
    expect(messagesOf(url, 'localhost')).toBe(new URL(url).href);
    expect(messagesOf(url, null)).toMatch(/must/);
  });

  it('allows the address of the sandbox in the local network, and no other', () => {
    expect(messagesOf('http://192.168.1.20:8788/clip.mp4', '192.168.1.20')).toMatch(/^http:/);
    expect(messagesOf('http://192.168.1.21:8788/clip.mp4', '192.168.1.20')).toMatch(/https URL, not http/);
    expect(messagesOf('http://example.com/clip.mp4', '192.168.1.20')).toBe('must be an https URL, not http');
  });

  it.each([
    ['http://localhost/clip.avi', /must be a file of type/],
    ['http://localhost/clip.mp4#t=1', /fragment/],
    ['http://me@localhost/clip.mp4', /user name/],
    ['http://@localhost/clip.mp4', /user name/],
    ['http:localhost/clip.mp4', /start with https/],
    ['http://localhost\\@10.0.0.1/clip.mp4', /backslash/],
    ['ftp://localhost/clip.mp4', /not ftp/],
    ['http://a.localhost/clip.mp4', /not http/],
    ['http://127.0.0.2/clip.mp4', /not http/],
  ])('refuses %s beside a sandbox too', (url, message) => {
    expect(messagesOf(url, 'localhost')).toMatch(message);
  });
});
